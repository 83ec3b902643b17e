"""Many messages in one parse: they come as the elements of one repeated field, which costs half of a parse each.

What parses here parses alone too, and means the same; what does not says nothing about which message is at fault.
The messages share their memory: it is free when the last one of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from dashstream.protocol.batch import varint
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


def parse_many(payloads: Iterable[bytes]) -> Sequence[pb.DashStreamMessage]:
    """Return the messages of serialised payloads, in order.

    Raises:
        google.protobuf.message.DecodeError: one or more are not messages.
    """
    parts: list[bytes] = []
    for payload in payloads:
        parts += (b"\x0a", varint(len(payload)), payload)
    messages: Sequence[pb.DashStreamMessage] = _Many.FromString(b"".join(parts)).messages
    return messages
