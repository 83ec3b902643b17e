"""The body of an ingest request, and of an exported run after its head: records one after the other.

::

    body = *( length value )        length: unsigned 32 bits, big-endian; value: a framed record
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from dashstream.errors import FrameError

CONTENT_TYPE = "application/vnd.dashstream.records"

_LENGTH = struct.Struct(">I")


def pack_records(values: Iterable[bytes]) -> bytes:
    """Return framed records as one body."""
    parts: list[bytes] = []
    for value in values:
        parts.append(_LENGTH.pack(len(value)))
        parts.append(value)
    return b"".join(parts)


def unpack_records(body: bytes, *, max_records: int) -> list[bytes]:
    """Return the framed records of a body, which the caller has bounded; no record is looked into.

    Raises:
        FrameError: the body is cut, or has more than ``max_records``.
    """
    values: list[bytes] = []
    at, end = 0, len(body)
    while at < end:
        if len(values) >= max_records:
            raise FrameError(f"more than {max_records} records in one body")
        if end - at < 4:
            raise FrameError(f"the body ends within the length at byte {at}")
        (length,) = _LENGTH.unpack_from(body, at)
        at += 4
        if end - at < length:
            raise FrameError(f"the body ends within the record at byte {at}")
        values.append(body[at : at + length])
        at += length
    return values
