"""Record values to messages: versions, unknown fields, empty messages, batches."""

from __future__ import annotations

import pytest

from dashstream.errors import DecodeError, SchemaMismatchError
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import SCHEMA_VERSION, Kind, decode, encode, read_header


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
