"""Record values to messages and back.

A message of a newer schema version is refused by name, so that a reader can say which version it lacks; older and
equal versions decode. Fields that this reader does not know survive a decode and encode (protobuf keeps them).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from google.protobuf.message import DecodeError as ProtobufError

from dashstream.errors import DecodeError, RecordError, SchemaMismatchError
from dashstream.protocol.framing import RAW, Limits, frame, unframe
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.many import parse_many

SCHEMA_VERSION = 1
DEFAULT_LIMITS = Limits()
MAX_COUNT = 2**63 - 1
"""Largest sequence and producer epoch: logs and indexes keep them as signed 64-bit integers."""


class Kind(StrEnum):
    """Which message a record carries; the names are those of the wire contract."""

    EVENT = "event"
    STATE_DIFF = "state_diff"
    TOKEN_CHUNK = "token_chunk"  # noqa: S105  # a kind of record, not a credential
    TOOL_EXECUTION = "tool_execution"
    CHECKPOINT = "checkpoint"
    METRICS = "metrics"
    ERROR = "error"
    EVENT_BATCH = "event_batch"
    EXECUTION_TRACE = "execution_trace"
    LOSS = "loss"
    GRAPH_SCHEMA = "graph_schema"


_PLAIN = bytes((RAW,))
_KINDS = {kind.value: kind for kind in Kind}

EVENT, EVENT_BATCH = Kind.EVENT, Kind.EVENT_BATCH
"""Looked up once for what is asked of every record: Python 3.11 takes 0.1 microseconds to find an enum's member."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A decoded record: the whole message, and the message inside with its header and kind."""

    message: pb.DashStreamMessage
    header: pb.Header
    kind: Kind
    body: Any
    """The inner message: ``pb.Event``, ``pb.StateDiff`` and so on, as ``kind`` says."""


def encode(message: pb.DashStreamMessage) -> bytes:
    """Return the framed value of a record."""
    return frame(message.SerializeToString())


def decode(value: bytes, limits: Limits = DEFAULT_LIMITS) -> Decoded:
    """Decode a record's value.

    Raises:
        RecordError: one of its kinds, which says whether frame, size, payload or schema version is at fault.
    """
    decoded = decode_any_version(value, limits)
    _check(decoded)
    return decoded


def decode_any_version(value: bytes, limits: Limits = DEFAULT_LIMITS) -> Decoded:
    """Return what ``decode`` returns, of a newer schema as well: of such a record only the header may be believed.

    Raises:
        RecordError: as for ``decode``, except for the version and the counts in the header.
    """
    payload = unframe(value, max_record_bytes=limits.max_record_bytes)
    try:
        message = pb.DashStreamMessage.FromString(payload)
    except ProtobufError as error:
        raise DecodeError("the payload is not a DashStreamMessage") from error
    return _decoded(message)


def decode_all(values: Sequence[bytes], limits: Limits = DEFAULT_LIMITS) -> list[Decoded | RecordError]:
    """Return for each value what ``decode`` returns or raises; several together cost less than one by one.

    Only those that are not compressed are taken together, so that no more is in memory at once than was sent.
    """
    most = limits.max_record_bytes
    try:
        messages = iter(parse_many(value[1:] for value in values if value[:1] == _PLAIN and len(value) <= most))
    except ProtobufError:
        return [_decode_or_error(value, limits) for value in values]  # to find out which one is at fault
    found: list[Decoded | RecordError] = []
    for value in values:
        try:
            if value[:1] == _PLAIN and len(value) <= most:
                decoded = _decoded(next(messages))
                _check(decoded)
            else:
                decoded = decode(value, limits)
        except RecordError as error:
            found.append(error)
        else:
            found.append(decoded)
    return found


def read_header(value: bytes, limits: Limits = DEFAULT_LIMITS) -> Decoded:
    """Return what ``decode`` returns; callers that need only header and kind say so by this name.

    A full parse costs 0.6 microseconds for a usual record, less than a partial one through a second schema.
    """
    return decode(value, limits)


def _decode_or_error(value: bytes, limits: Limits) -> Decoded | RecordError:
    try:
        return decode(value, limits)
    except RecordError as error:
        return error


def _decoded(message: pb.DashStreamMessage) -> Decoded:
    name = message.WhichOneof("message")
    if name is None:
        raise DecodeError("the message carries none of the known kinds")
    body = getattr(message, name)
    return Decoded(message, body.header, _KINDS[name], body)


def _check(decoded: Decoded) -> None:
    _check_header(decoded.header)
    if decoded.kind is EVENT_BATCH:
        for event in decoded.body.events:
            _check_header(event.header)


def _check_header(header: pb.Header) -> None:
    if header.schema_version > SCHEMA_VERSION:
        raise SchemaMismatchError(theirs=header.schema_version, ours=SCHEMA_VERSION)
    if header.sequence > MAX_COUNT or header.producer_epoch > MAX_COUNT:
        raise DecodeError("sequence or producer epoch is above 2^63-1")
