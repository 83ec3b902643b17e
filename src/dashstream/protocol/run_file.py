"""The ``.dsrun`` file: one run's records, to keep and to carry elsewhere.

::

    file  = magic zstd( body )      magic: "DSRUN" 0x00 0x00 version, version 0x01
    body  = *( length value )       as in an ingest request (record_batch)

Writer and reader work on pieces of any size and hold little, so a run of any length passes through.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import zstandard

from dashstream.errors import DecompressionError, FrameError, RecordTooLargeError

MAGIC = b"DSRUN\x00\x00\x01"
CONTENT_TYPE = "application/vnd.dashstream.run"

_LENGTH = struct.Struct(">I")
_LEVEL = 3
_PIECE = 512
"""Compressed bytes given to the decompressor at once. Four can become 128 KiB (a block of one repeated byte), so this
many become 16 MiB at most."""


class RunFileWriter:
    """Turns values into a file's bytes. The caller writes what each call returns, ``end`` last."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self._started = False

    def add(self, value: bytes) -> bytes:
        """Add one framed record; returns the bytes that are ready, which may be none."""
        return self._head() + self._compressor.compress(_LENGTH.pack(len(value)) + value)

    def end(self) -> bytes:
        """Return the last bytes of the file."""
        return self._head() + self._compressor.flush()

    def _head(self) -> bytes:
        head = b"" if self._started else MAGIC
        self._started = True
        return head


class RunFileReader:
    """Turns a file's bytes back into values. Feed it pieces in order, then call ``end``."""

    def __init__(self, max_record_bytes: int) -> None:
        self._most = max_record_bytes
        self._head = b""
        self._decompressor = zstandard.ZstdDecompressor().decompressobj()
        self._rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the values that are complete.

        Raises:
            FrameError: not a ``.dsrun`` file, or of another version.
            DecompressionError: the file is damaged.
            RecordTooLargeError: a record is above the limit.
        """
        if len(self._head) < len(MAGIC):
            missing = len(MAGIC) - len(self._head)
            self._head, piece = self._head + piece[:missing], piece[missing:]
            if not MAGIC.startswith(self._head):
                raise FrameError("not a .dsrun file of version 1")
        for start in range(0, len(piece), _PIECE):
            yield from self._feed(piece[start : start + _PIECE])

    def end(self) -> None:
        """Check that nothing is missing.

        Raises:
            FrameError: the file is cut.
        """
        if len(self._head) < len(MAGIC) or self._rest or not self._decompressor.eof:
            raise FrameError("the .dsrun file is cut short")

    def _feed(self, piece: bytes) -> Iterator[bytes]:
        if self._decompressor.eof:
            raise FrameError("there is something behind the end of the .dsrun file")
        try:
            self._rest += self._decompressor.decompress(piece)
        except zstandard.ZstdError as error:
            raise DecompressionError(f"the .dsrun file is damaged: {error}") from error
        at = 0
        while len(self._rest) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest, at)
            if length > self._most:
                raise RecordTooLargeError(size=length, limit=self._most)
            if len(self._rest) - at - _LENGTH.size < length:
                break
            at += _LENGTH.size
            yield bytes(self._rest[at : at + length])
            at += length
        del self._rest[:at]
