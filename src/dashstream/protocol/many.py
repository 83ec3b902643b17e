"""Many messages in one parse: they come as the elements of one repeated field, which costs half of a parse each.

What stands before an element is its length as a varint, and the last byte of a varint may be a zero, which adds nothing
to it. The byte that frames a message which is not compressed is a zero, too. So a framed value is an element of that
field as it is, behind a length that goes on: nothing is cut off or copied to put one together.

What parses here parses alone too, and means the same; what does not says nothing about which message is at fault.
The messages share their memory: it is free when the last one of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from dashstream.protocol.gen import dashstream_pb2 as pb

_FILE = descriptor_pb2.FileDescriptorProto(
    name="dashstream/internal/many.proto",
    package="dashstream.internal",
    syntax="proto3",
    dependency=[pb.DESCRIPTOR.name],
    message_type=[
        descriptor_pb2.DescriptorProto(
            name="Many",
            field=[
                descriptor_pb2.FieldDescriptorProto(
                    name="messages",
                    number=1,
                    label=descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
                    type=descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
                    type_name=f".{pb.DashStreamMessage.DESCRIPTOR.full_name}",
                )
            ],
        )
    ],
)
_pool = descriptor_pool.Default()
_pool.AddSerializedFile(_FILE.SerializeToString())
_Many: Any = message_factory.GetMessageClass(_pool.FindMessageTypeByName("dashstream.internal.Many"))


def parse_many(values: Iterable[bytes]) -> Sequence[pb.DashStreamMessage]:
    """Return the messages of framed values that are not compressed, in order.

    Raises:
        google.protobuf.message.DecodeError: one or more are not messages.
    """
    parts = [part for value in values for part in (_lead(len(value) - 1), value)]
    messages: Sequence[pb.DashStreamMessage] = _Many.FromString(b"".join(parts)).messages
    return messages


@lru_cache(4096)
def _lead(length: int) -> bytes:
    """Return the field's tag and a length that the zero after it ends."""
    lead = bytearray(b"\x0a")
    while length:
        lead.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(lead)
