"""Data frames: how records travel from the gateway to a client.

::

    frame    = version flags subscription delivery entries
    version  = 0x02
    flags    = 1 byte; bit 0: the entries are one zstd frame; other bits 0
    subscription = varint
    delivery = 0x10 varint          field ``first_delivery`` of dashstream.v1.Batch, from 1
    entries  = *( 0x0A varint Entry )   field ``entries`` of dashstream.v1.Batch

``delivery`` followed by the decompressed ``entries`` is a serialised ``Batch``, so any protobuf library
reads it. What differs between subscribers stands before what they share: the entries are joined once (and
compressed once) and each client's frame is its own few leading bytes plus the shared rest.

An entry is kept as two byte strings, its *lead* (tag, length, partition, offset, step, and the value's tag and
length) and the record's value itself, of which so no copy is made; a filter that changes ``step`` makes a new
lead only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.message import DecodeError as ProtobufDecodeError

from dashstream.errors import ProtocolError
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.gen import dashstream_pb2 as pb

VERSION = 2
FLAG_ZSTD = 1

_SMALL = [bytes((value,)) for value in range(128)]
_MORE = [bytes((value | 128,)) for value in range(128)]
_PARTITIONS = [b"", *(b"\x08" + value for value in _SMALL[1:])]
_NEXT = b"\x18\x01"
"""The step of a record that follows the one before it, as nearly all do."""


def varint(value: int) -> bytes:
    """Return a non-negative integer as a protobuf varint."""
    if value < 128:
        return _SMALL[value]
    if value < 1 << 14:
        return _MORE[value & 127] + _SMALL[value >> 7]
    if value < 1 << 21:
        return _MORE[value & 127] + _MORE[value >> 7 & 127] + _SMALL[value >> 14]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_lead(partition: int, offset: int, step: int, size: int) -> bytes:
    """Return everything of an entry that stands before a value of ``size`` bytes.

    A null payload travels as an absent value, as an empty one does.
    """
    fields = _PARTITIONS[partition] if partition < 128 else b"\x08" + varint(partition)
    if offset:
        fields += b"\x10" + varint(offset)
    if step:
        fields += _NEXT if step == 1 else b"\x18" + varint(step)
    if size:
        fields += b"\x22" + varint(size)
    return b"\x0a" + varint(len(fields) + size) + fields


def encode_frame_lead(subscription: int, first_delivery: int, *, compressed: bool = False) -> bytes:
    """Return what stands before the shared entries in a subscription's frame."""
    return b"".join(
        (
            b"\x02\x01" if compressed else b"\x02\x00",
            varint(subscription),
            b"\x10",
            varint(first_delivery),
        )
    )


@dataclass(frozen=True, slots=True)
class DataFrame:
    """A decoded data frame."""

    subscription: int
    first_delivery: int
    entries: list[pb.Entry]


def decode_frame(data: bytes, *, decompress: Callable[[bytes], bytes] | None = None) -> DataFrame:
    """Return a data frame's content; ``decompress`` must bound what it returns.

    Raises:
        ProtocolError: not a data frame of this version, or compressed without ``decompress`` given.
    """
    if len(data) < 2 or data[0] != VERSION or data[1] & ~FLAG_ZSTD:
        raise _bad("unknown version or flags")
    subscription, at = _read_varint(data, 2)
    if at >= len(data) or data[at] != 0x10:
        raise _bad("no delivery counter")
    first_delivery, at = _read_varint(data, at + 1)
    entries = data[at:]
    if data[1] & FLAG_ZSTD:
        if decompress is None:
            raise _bad("compressed, but no compression was agreed")
        entries = decompress(entries)
    try:
        batch = pb.Batch.FromString(entries)
    except ProtobufDecodeError as error:
        raise _bad("entries are damaged") from error
    return DataFrame(subscription, first_delivery, list(batch.entries))


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise _bad("a varint is cut or too long")


def _bad(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.BAD_FRAME, f"data frame: {message}")


class Continuation(StrEnum):
    """What a delivered entry is to a reader."""

    CONTIGUOUS = "contiguous"
    DUPLICATE = "duplicate"
    HOLE = "hole"


class Continuity:
    """The one rule by which a reader of a subscription sees that nothing is missing.

    Holds the next offset of each partition, from ``subscribed.start`` on. Only a contiguous entry advances
    it: a duplicate is dropped, and a hole means that the connection is broken and resumed from here. Gaps and
    progress advance it by ``advance``. A partition that was not in the start begins with its first entry.
    """

    __slots__ = ("positions",)

    def __init__(self, positions: Mapping[int, int]) -> None:
        self.positions = dict(positions)

    def record(self, partition: int, offset: int, step: int) -> Continuation:
        """Say what an entry is, and advance if it is contiguous."""
        following = self.positions.get(partition)
        if following is not None:
            if offset < following:
                return Continuation.DUPLICATE
            if step and offset - step >= following:
                return Continuation.HOLE
        self.positions[partition] = offset + 1
        return Continuation.CONTIGUOUS

    def advance(self, partition: int, offset: int) -> None:
        """Take note that everything below ``offset`` is accounted for."""
        if offset > self.positions.get(partition, -1):
            self.positions[partition] = offset
