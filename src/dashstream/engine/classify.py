"""What a record is about, as far as delivery has to know: who it belongs to, or why it cannot be read.

An unreadable record is delivered as it is. All that is known of it is its key, which is the thread id, so it
passes a filter by thread and no other one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashstream.engine.ports import LogRecord
from dashstream.engine.reading import Reading, RecordHead, reading_of
from dashstream.errors import DecodeError, FrameError, RecordError, RecordTooLargeError, SchemaMismatchError
from dashstream.protocol.framing import Limits
from dashstream.protocol.proto_codec import decode, decode_any_version

UNREADABLE_REASONS = ("null", "frame", "too_large", "decode", "schema_mismatch")
"""Closed set of reasons for which a record is unreadable."""


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
    return found if isinstance(found, Unreadable) else found.head


def read(record: LogRecord, limits: Limits) -> Reading | Unreadable:
    """Return what has to be known of a record, or why it cannot be read; never raises."""
    if record.reading is not None:
        return record.reading
    if record.value is None:
        return _unreadable(record, "null")
    try:
        return reading_of(decode(record.value, limits))
    except SchemaMismatchError as error:
        about = reading_of(decode_any_version(record.value, limits)).head
        return replace(_unreadable(record, reason_of(error)), about=about)
    except RecordError as error:
        return _unreadable(record, reason_of(error))


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


def _unreadable(record: LogRecord, reason: str) -> Unreadable:
    return Unreadable(reason, record.key.decode("utf-8", "replace"))
