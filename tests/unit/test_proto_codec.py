"""Record values to messages: versions, unknown fields, empty messages, batches."""

from __future__ import annotations

import re

import pytest

from dashstream.errors import DecodeError, RecordError, SchemaMismatchError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import SCHEMA_VERSION, Kind, decode, decode_all, encode, read_header


def event(version: int = 0) -> pb.Event:
    return pb.Event(header=pb.Header(thread_id="t", sequence=7, schema_version=version))


def test_every_kind_of_the_contract_has_a_name() -> None:
    fields = pb.DashStreamMessage.DESCRIPTOR.oneofs_by_name["message"].fields
    assert {field.name for field in fields} == {kind.value for kind in Kind}


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION])
def test_the_same_and_the_unset_version_decode(version: int) -> None:
    decoded = decode(encode(pb.DashStreamMessage(event=event(version))))
    assert decoded.kind is Kind.EVENT
    assert decoded.header.sequence == 7


def test_a_newer_version_is_refused_by_name() -> None:
    with pytest.raises(SchemaMismatchError) as caught:
        decode(encode(pb.DashStreamMessage(event=event(SCHEMA_VERSION + 1))))
    assert (caught.value.theirs, caught.value.ours) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)


def test_the_version_of_each_event_of_a_batch_counts() -> None:
    batch = pb.EventBatch(header=pb.Header(), events=[event(), event(SCHEMA_VERSION + 1)])
    with pytest.raises(SchemaMismatchError):
        decode(encode(pb.DashStreamMessage(event_batch=batch)))


def test_unknown_fields_survive() -> None:
    unknown = bytes([0xFA, 0x3F, 3]) + b"new"  # field 1023, length-delimited
    value = b"\x00" + pb.DashStreamMessage(event=event()).SerializeToString() + unknown
    assert unknown in encode(decode(value).message)


@pytest.mark.parametrize("value", [b"\x00", b"\x00\xff\xff\xff", b"\x00" + bytes([0xFA, 0x3F, 1]) + b"x"])
def test_what_is_no_known_message_is_refused(value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(value)


def test_the_header_reads_the_same_as_a_full_decode() -> None:
    value = encode(pb.DashStreamMessage(event=event()))
    assert read_header(value) == decode(value)


def plain(thread: str, text: str = "") -> bytes:
    event = pb.Event(header=pb.Header(thread_id=thread, schema_version=1), node_id=text)
    return encode(pb.DashStreamMessage(event=event))


NEWER = encode(pb.DashStreamMessage(event=pb.Event(header=pb.Header(schema_version=99))))
TOO_LARGE = b"\x00" + b"x" * 5_000
MIXTURES = {
    "all are well": [plain("a"), plain("b", "n" * 100), plain("c")],
    "one is compressed": [plain("a"), plain("b", "n" * 2_000), plain("c")],
    "one is of the predecessor": [plain("a"), plain("b")[1:], plain("c")],
    "one is newer": [plain("a"), NEWER, plain("c")],
    "one is damaged": [plain("a"), b"\x00\xff\xff", plain("c")],
    "one is cut, so that it would swallow the next": [plain("a")[:-1], plain("b"), plain("c")],
    "one is empty": [plain("a"), b"", b"\x00", plain("c")],
    "one is too large": [plain("a"), TOO_LARGE, plain("c")],
    "one has no known frame": [plain("a"), b"\x02?", plain("c")],
    "none": [],
}


@pytest.mark.parametrize("values", MIXTURES.values(), ids=MIXTURES.keys())
def test_several_decode_as_each_does_alone(values: list[bytes]) -> None:
    limits = Limits(max_record_bytes=4_096)
    found = decode_all(values, limits)
    assert len(found) == len(values)
    for value, said in zip(values, found, strict=True):
        if isinstance(said, RecordError):
            with pytest.raises(type(said), match=f"^{re.escape(str(said))}$"):
                decode(value, limits)
        else:
            assert said == decode(value, limits)
