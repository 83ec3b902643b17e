"""What a gateway and the process that folds its run index say to each other: a request, its answer, in turn.

A message is MessagePack after its length in four bytes. Both ends are of one installation, so there are no versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import BinaryIO

import msgspec

from dashstream.engine.ports import LogRecord, Watermark

LENGTH = Struct(">I")


class Open(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The first request: the index to write. ``marks`` None: it was opened before, and is as it was left."""

    path: str
    epoch: str
    marks: dict[int, tuple[int, int]] | None
    max_record_bytes: int
    cached_runs: int


class Apply(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """Fold records: partition, offset and value of each, in order."""

    records: list[tuple[int, int, bytes | None]]


class Trim(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """Forget what is below the low watermarks: low and high by partition."""

    marks: dict[int, tuple[int, int]]


class TellPositions(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """Tell the next offset to fold, by partition."""


class Done(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """It was done; the index has this version now, and the process has taken so many seconds of CPU so far."""

    version: str
    cpu_s: float = 0.0
    positions: dict[int, int] | None = None


class Failed(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """It was not done, and nothing of it; the process ends."""

    message: str


Request = Open | Apply | Trim | TellPositions
Answer = Done | Failed

_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def framed(message: Request | Answer) -> bytes:
    """Return a message as it travels."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def read_request(source: BinaryIO) -> Request | None:
    """Return the next request, or None when there will be none: whoever asked has gone, in the middle of it or not."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    body = source.read(size)
    return _requests.decode(body) if len(body) == size else None


def answer_of(body: bytes) -> Answer:
    """Return an answer from its bytes, without their length.

    Raises:
        msgspec.MsgspecError: the bytes are no answer.
    """
    return _answers.decode(body)


def apply_of(records: Sequence[LogRecord]) -> Apply:
    """Return the request to fold records."""
    return Apply([(record.partition, record.offset, record.value) for record in records])


def pairs_of(marks: Mapping[int, Watermark]) -> dict[int, tuple[int, int]]:
    """Return watermarks as they travel."""
    return {partition: (mark.low, mark.high) for partition, mark in marks.items()}


def marks_of(pairs: Mapping[int, tuple[int, int]]) -> dict[int, Watermark]:
    """Return watermarks that have travelled."""
    return {partition: Watermark(low, high) for partition, (low, high) in pairs.items()}
