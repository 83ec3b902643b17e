"""The frame around a record's payload (docs/specs/telemetry.md).

The first byte of a record's value says what follows: 0x00 a protobuf message, 0x01 the same compressed with zstd.
A bare message of the predecessor starts with a field tag (0x0A to 0x4A) and cannot be confused with either.
Nothing is decompressed before the size it can reach is known to be within the limit, whatever its header claims.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

import zstandard

from dashstream.errors import DecompressionError, FrameError, RecordTooLargeError, UnknownFrameError

RAW, ZSTD = 0x00, 0x01
LEGACY = frozenset(range(0x0A, 0x4B, 8))
COMPRESS_ABOVE = 512
"""Bytes below which compression costs more than it saves."""

_LEVEL = 3
_UNKNOWN_SIZE = zstandard.CONTENTSIZE_UNKNOWN
_MAX_WINDOW = 1 << 23
_BLOCK_RLE = 1
_CHECKSUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """The size budget of one record: it holds for the framed value and for the payload inside it, in bytes."""

    max_record_bytes: int = 1 << 20


class _Contexts(threading.local):
    """To make a context costs several times what a small record does; one serves its thread alone."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_contexts = _Contexts()


def frame(payload: bytes) -> bytes:
    """Frame a payload, compressed when it is above 512 bytes and that makes it smaller."""
    if len(payload) > COMPRESS_ABOVE:
        packed = compress(payload)
        if len(packed) < len(payload):
            return b"\x01" + packed
    return b"\x00" + payload


def compress(data: bytes) -> bytes:
    """Return data as one zstd frame that declares its size."""
    return _contexts.compressor.compress(data)


def unframe(value: bytes, *, max_record_bytes: int) -> bytes:
    """Return the payload.

    Raises:
        RecordTooLargeError: the value or its payload is above ``max_record_bytes``.
        UnknownFrameError: the first byte names no framing.
        DecompressionError: the compressed payload is damaged, has another frame behind it, or lies about its size.
    """
    if len(value) > max_record_bytes:
        raise RecordTooLargeError(size=len(value), limit=max_record_bytes)
    if not value:
        raise FrameError("an empty value has no frame")
    kind = value[0]
    if kind == RAW:
        return value[1:]
    if kind == ZSTD:
        return decompress(value[1:], limit=max_record_bytes)
    if kind in LEGACY:
        return value
    raise UnknownFrameError(f"first byte 0x{kind:02x} names no framing")


def decompress(data: bytes, *, limit: int) -> bytes:
    """Decompress exactly one zstd frame of at most ``limit`` bytes; raises as :func:`unframe` does."""
    try:
        header = zstandard.get_frame_parameters(data)
        declared = None if header.content_size == _UNKNOWN_SIZE else header.content_size
        if declared is not None and declared > limit:
            raise RecordTooLargeError(size=declared, limit=limit)
        if frame_end(data, has_checksum=header.has_checksum) != len(data):
            raise DecompressionError("there is more than one zstd frame")
        window = max(header.window_size, 1024)
        if window > max(_MAX_WINDOW, limit):
            raise RecordTooLargeError(size=window, limit=limit)
        reader = _contexts.decompressor.stream_reader(io.BytesIO(data))
        payload = reader.read(limit + 1)
    except zstandard.ZstdError as error:
        raise DecompressionError(f"damaged zstd frame: {error}") from error
    if len(payload) > limit:
        raise RecordTooLargeError(size=None, limit=limit)
    if declared is not None and len(payload) != declared:
        raise DecompressionError(f"the frame declares {declared} bytes and holds {len(payload)}")
    return payload


def frame_end(data: bytes, *, has_checksum: bool) -> int:
    """Return where the first zstd frame of ``data`` ends, by walking its block headers (RFC 8878, 3.1.1.2).

    Raises:
        DecompressionError: the frame ends before its last block does.
    """
    position = zstandard.frame_header_size(data)
    last = False
    while not last:
        head = data[position : position + 3]
        if len(head) < 3:
            raise DecompressionError("the zstd frame is cut short")
        bits = int.from_bytes(head, "little")
        last, kind, size = bool(bits & 1), bits >> 1 & 3, bits >> 3
        position += 3 + (1 if kind == _BLOCK_RLE else size)
    position += _CHECKSUM_BYTES if has_checksum else 0
    if position > len(data):
        raise DecompressionError("the zstd frame is cut short")
    return position
