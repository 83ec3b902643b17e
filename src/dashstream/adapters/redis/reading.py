"""From entries of a stream to a stretch, and where in a stream an offset is.

A page is one XRANGE, followed in the same pipeline by the meta hash. Where an offset is depends on the claims so far,
so the id to read from is taken from what the hash said last time. If it says the same again, nothing was claimed in
between, for generations only rise, and the entries are what they were taken for; else the page is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashstream.engine.ports import LogRecord
from dashstream.engine.retained import Stretch, record_bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """What the meta hash says about where offsets are; both None if there is no hash."""

    epoch: bytes | None = None
    segments: bytes | None = None

    def first_id(self, offset: int) -> bytes:
        """Return the id from which on a stream has the entries at or above an offset, and none below it."""
        found = b""
        for segment in (self.segments or b"").split():
            generation, first = segment.split(b":")
            if int(first) <= offset:
                found = b"%b-%d" % (generation, offset)
            elif not found:
                found = generation + b"-0"
        return found or b"-"


def stretch_of(partition: int, offset: int, entries: list[Any], max_bytes: int) -> Stretch | None:
    """Return the entries up to the first hole, cut to ``max_bytes``; one that is not of our form is a hole, too."""
    start = end = offset
    found: list[LogRecord] = []
    size = 0
    for identifier, fields in entries:
        known = _record(partition, identifier, fields)
        if known is None:
            if found:
                break
            continue
        since, record = known
        size += record_bytes(record)
        if not found:
            start = max(offset, since)
        elif since > end or size > max_bytes:
            break
        found.append(record)
        end = record.offset + 1
    return Stretch(start, end, tuple(found)) if found else None


def _record(partition: int, identifier: bytes, fields: list[bytes]) -> tuple[int, LogRecord] | None:
    """Return a record and the offset from which on it is the first one; None if the entry is not of our form."""
    count = len(fields)
    if count not in {6, 8} or fields[0] != b"s" or fields[2] != b"t" or fields[4] != b"k":
        return None
    value = fields[7] if count == 8 and fields[6] == b"v" else None
    offset = int(identifier[identifier.index(b"-") + 1 :])
    return offset - int(fields[1]), LogRecord(partition, offset, int(fields[3]), fields[5], value)
