"""What a record is about, as far as delivery has to know: who it belongs to, or why it cannot be read.

An unreadable record is delivered as it is. All that is known of it is its key, which is the thread id, so it
passes a filter by thread and no other one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from dashstream.engine.ports import LogRecord
from dashstream.errors import DecodeError, FrameError, RecordError, RecordTooLargeError, SchemaMismatchError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import EVENT, EVENT_BATCH, Decoded, Kind, decode, decode_any_version

DEFAULT_TENANT = "default"

UNREADABLE_REASONS = ("null", "frame", "too_large", "decode", "schema_mismatch")
"""Closed set of reasons for which a record is unreadable."""


class RecordHead(msgspec.Struct, frozen=True, gc=False):
    """Who a readable record belongs to. ``inner``: the heads of a batch's events."""

    tenant: str
    thread: str
    run: str
    graph: str
    kind: str
    inner: tuple[RecordHead, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record cannot be read, and the thread that its key names.

    A record of a newer schema says in its header what it is ``about``: whoever asked for its run has to be told of it.
    """

    reason: str
    thread: str
    about: RecordHead | None = None


def classify(record: LogRecord, limits: Limits) -> RecordHead | Unreadable:
    """Return what a record is about; never raises."""
    found = read(record, limits)
    return found if isinstance(found, Unreadable) else head_of(found)


def read(record: LogRecord, limits: Limits) -> Decoded | Unreadable:
    """Return what a record says, or why it cannot be read; never raises."""
    if record.decoded is not None:
        return record.decoded
    if record.value is None:
        return _unreadable(record, "null")
    try:
        return decode(record.value, limits)
    except SchemaMismatchError as error:
        about = head_of(decode_any_version(record.value, limits))
        return replace(_unreadable(record, reason_of(error)), about=about)
    except RecordError as error:
        return _unreadable(record, reason_of(error))


def head_of(decoded: Decoded) -> RecordHead:
    """Return who a decoded record belongs to."""
    if decoded.kind is EVENT_BATCH:
        inner = tuple(_head(event.header, EVENT) for event in decoded.body.events)
        return _head(decoded.header, EVENT_BATCH, inner)
    return _head(decoded.header, decoded.kind)


def tenants_of(head: RecordHead) -> frozenset[str]:
    """Return every tenant that a record holds something of: more than one only in a batch."""
    return frozenset(each.tenant for each in (head, *head.inner))


def reason_of(error: RecordError) -> str:
    """Return the closed reason of an error of the codec."""
    match error:
        case RecordTooLargeError():
            return "too_large"
        case SchemaMismatchError():
            return "schema_mismatch"
        case FrameError():
            return "frame"
        case DecodeError():
            return "decode"
    return "decode"


def _head(header: pb.Header, kind: Kind, inner: tuple[RecordHead, ...] = ()) -> RecordHead:
    return RecordHead(header.tenant_id or DEFAULT_TENANT, header.thread_id, header.run_id, header.graph_id, kind, inner)


def _unreadable(record: LogRecord, reason: str) -> Unreadable:
    return Unreadable(reason, record.key.decode("utf-8", "replace"))
