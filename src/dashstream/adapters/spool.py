"""The disk spool: records of a producer that no gateway has acknowledged yet.

Layout, below one spool directory that all producers of a data directory share::

    <spool>/<producer id>/lock            held (flock) while the producer lives
    <spool>/<producer id>/reserve         room held back for last words
    <spool>/<producer id>/00000001.spool  segments, append-only, in order
    segment = magic "DSSPOOL\\x01", then frames: u32be length, u32be CRC-32 of the value, value

A value is a framed record, exactly as ``POST /v1/records`` takes it. A producer appends with one ``write`` per batch
and does not sync: a killed program loses nothing that it had appended, a machine that loses power may. A torn tail
ends a segment and is reported, never guessed at. A segment is removed once all of it was acknowledged; when a reader
dies half-way, the whole segment is sent again and the gateway drops the duplicates by sequence.

Room for last words: a spool holds back :data:`RESERVE_BYTES` on disk, so that a producer that ends while the disk is
full can still say what it lost.

A directory whose lock can be taken belongs to a producer that is gone: an *orphan*, which whoever takes the lock may
forward and remove (:func:`adopt_orphans`). Order within a producer is kept; orphans come oldest first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

fcntl: Any
try:
    import fcntl
except ImportError:  # no advisory locks on this platform: every directory counts as owned
    fcntl = None

MAGIC = b"DSSPOOL\x01"
SEGMENT_BYTES = 8 * 1024 * 1024
RESERVE_BYTES = 8 * 1024
CREATE_ATTEMPTS = 5
CREATE_PAUSE_S = 0.005
MAX_VALUE_BYTES = 64 * 1024 * 1024
RESERVE = "reserve"
_FRAME = struct.Struct(">II")


class SpoolFullError(OSError):
    """The batch would take the spool above its bound, or the disk is full; nothing of it was kept."""


class SpoolDirectory:
    """The locked spool of one producer. Append at the end, read and remove from the front.

    Not thread-safe: one thread owns it. ``close`` leaves what is not yet forwarded on disk.
    """

    def __init__(self, path: Path, lock_fd: int, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._lock_fd = lock_fd
        self._segments: list[Path] = sorted(path.glob("*.spool"))
        self._bytes = sum(segment.stat().st_size for segment in self._segments)
        self._tail_fd: int | None = None
        self._tail_bytes = 0
        self._read_at = 0
        self._pending = 0
        self.torn_bytes = 0

    @classmethod
    def create(cls, root: Path, producer_id: str, max_bytes: int) -> SpoolDirectory:
        """Create and lock the spool of a new producer.

        Raises:
            OSError: the directory cannot be made or is locked by someone else.
        """
        path = root / producer_id
        lock_fd = None
        for attempt in range(CREATE_ATTEMPTS):  # whoever looks for orphans may hold the new directory for a moment
            time.sleep(attempt * CREATE_PAUSE_S)  # allowed: the first attempt waits for nothing
            with contextlib.suppress(FileNotFoundError):
                path.mkdir(parents=True, exist_ok=True, mode=0o700)
                lock_fd = _lock(path)
            if lock_fd is not None:
                break
        if lock_fd is None:
            raise OSError(f"spool {path} is in use")
        _hold_back(path / RESERVE)
        return cls(path, lock_fd, max_bytes)

    @property
    def size(self) -> int:
        """Bytes on disk that are not yet forwarded whole segments."""
        return self._bytes

    @property
    def is_empty(self) -> bool:
        return not self._segments

    def has_room(self, size: int) -> bool:
        """Tell whether a batch of ``size`` bytes stays within the bound."""
        return self._bytes + size + len(MAGIC) <= self.max_bytes

    def append(self, values: Sequence[bytes]) -> None:
        """Append a batch; it is kept whole or not at all.

        Raises:
            SpoolFullError: above the bound, or the disk refuses; the spool is as before.
        """
        data = b"".join(frame(value) for value in values)
        if not self.has_room(len(data)):
            raise SpoolFullError(f"spool is at {self._bytes} of {self.max_bytes} bytes")
        try:
            descriptor = self._open_tail()
            _write_all(descriptor, data)
        except OSError as error:
            self._truncate_tail()
            raise SpoolFullError(str(error)) from error
        self._tail_bytes += len(data)
        self._bytes += len(data)

    def append_last(self, value: bytes) -> None:
        """Append one value in the room that was held back for it, above the bound and on a full disk.

        Raises:
            SpoolFullError: not even that room is there.
        """
        (self.path / RESERVE).unlink(missing_ok=True)
        self._close_tail()
        self.max_bytes += RESERVE_BYTES
        try:
            self.append([value])
        finally:
            self.max_bytes -= RESERVE_BYTES

    def read(self, max_bytes: int) -> list[bytes]:
        """Return the next values from the front, at least one if there is one, without removing them.

        Call :meth:`advance` once they are acknowledged; until then ``read`` returns the same values. An empty list
        means that nothing is left.
        """
        while self._segments:
            values, size = self._read_front(max_bytes)
            if values:
                self._pending = size
                return values
            self._drop_front()
        return []

    def advance(self) -> None:
        """Forget the values that the last :meth:`read` returned; they are safe elsewhere."""
        self._read_at += self._pending
        self._pending = 0
        if self._read_at >= self._segments[0].stat().st_size:
            self._drop_front()

    def close(self) -> None:
        """Unlock and close; an empty spool is removed from disk."""
        self._close_tail()
        if self.is_empty:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock_fd)

    def abandon(self) -> None:
        """Close the descriptors that a forked child inherited, leaving files and the parent's lock alone."""
        if self._tail_fd is not None:
            os.close(self._tail_fd)
            self._tail_fd = None
        os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _read_front(self, max_bytes: int) -> tuple[list[bytes], int]:
        values: list[bytes] = []
        start = max(self._read_at, len(MAGIC))
        size = 0
        with self._segments[0].open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                self.torn_bytes += self._segments[0].stat().st_size
                return [], 0
            file.seek(start)
            for value in frames(file):
                if values and size + len(value) > max_bytes:
                    break
                values.append(value)
                size += _FRAME.size + len(value)
        if not values:
            self.torn_bytes += max(0, self._segments[0].stat().st_size - start)
        return values, start + size - self._read_at

    def _drop_front(self) -> None:
        front = self._segments.pop(0)
        if not self._segments:
            self._close_tail()
        self._bytes = max(0, self._bytes - front.stat().st_size)
        front.unlink(missing_ok=True)
        self._read_at = 0

    def _open_tail(self) -> int:
        if self._tail_fd is not None and self._tail_bytes < SEGMENT_BYTES:
            return self._tail_fd
        self._close_tail()
        number = int(self._segments[-1].stem) + 1 if self._segments else 1
        path = self.path / f"{number:08d}.spool"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._tail_fd = descriptor
        self._tail_bytes = 0
        self._segments.append(path)
        _write_all(descriptor, MAGIC)
        self._tail_bytes = len(MAGIC)
        self._bytes += len(MAGIC)
        return descriptor

    def _truncate_tail(self) -> None:
        if self._tail_fd is None:
            return
        if self._tail_bytes > len(MAGIC):
            os.ftruncate(self._tail_fd, self._tail_bytes)
            return
        path = self._segments.pop()
        self._bytes -= self._tail_bytes
        self._close_tail()
        path.unlink(missing_ok=True)

    def _close_tail(self) -> None:
        if self._tail_fd is not None:
            os.close(self._tail_fd)
            self._tail_fd = None
        self._tail_bytes = 0


def frame(value: bytes) -> bytes:
    """Return one value as it stands in a segment."""
    return _FRAME.pack(len(value), zlib.crc32(value)) + value


def frames(file: BinaryIO) -> Iterator[bytes]:
    """Yield the whole and undamaged values from where ``file`` stands; stop at the first that is not."""
    while len(head := file.read(_FRAME.size)) == _FRAME.size:
        size, checksum = _FRAME.unpack(head)
        if size > MAX_VALUE_BYTES:
            return
        value = file.read(size)
        if len(value) < size or zlib.crc32(value) != checksum:
            return
        yield value


def adopt_orphans(root: Path) -> Iterator[SpoolDirectory]:
    """Yield the spools of producers that are gone, oldest first, each locked for the caller.

    The caller closes each before it takes the next (an empty one disappears then). Spools of living producers, and
    directories that vanish meanwhile, are passed over.
    """
    if fcntl is None or not root.is_dir():
        return
    for path in sorted(root.iterdir(), key=_age):
        if not path.is_dir():
            continue
        try:
            lock_fd = _lock(path)
        except OSError:
            continue
        if lock_fd is not None:
            yield SpoolDirectory(path, lock_fd, max_bytes=0)


@dataclass(frozen=True, slots=True)
class SpoolSurvey:
    """What waits in one producer's spool; ``torn_bytes`` belong to no whole value."""

    producer_id: str
    records: int
    size: int
    torn_bytes: int


def survey(root: Path) -> list[SpoolSurvey]:
    """Return what waits in each spool below ``root``, changing nothing; what vanishes meanwhile is left out."""
    if not root.is_dir():
        return []
    return [_survey_one(path) for path in sorted(root.iterdir(), key=_age) if path.is_dir()]


def _survey_one(path: Path) -> SpoolSurvey:
    records = size = whole = 0
    for segment in sorted(path.glob("*.spool")):
        try:
            with segment.open("rb") as file:
                size += os.fstat(file.fileno()).st_size
                if file.read(len(MAGIC)) != MAGIC:
                    continue
                whole += len(MAGIC)
                for value in frames(file):
                    records += 1
                    whole += _FRAME.size + len(value)
        except FileNotFoundError:
            continue
    return SpoolSurvey(path.name, records, size, max(0, size - whole))


def _hold_back(path: Path) -> None:
    with contextlib.suppress(OSError):  # no room already: there will be none for last words either
        path.write_bytes(bytes(RESERVE_BYTES))


def _age(path: Path) -> tuple[float, str]:
    try:
        return (path.stat().st_mtime, path.name)
    except OSError:
        return (0.0, path.name)


def _lock(path: Path) -> int | None:
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if fcntl is None:
        return descriptor
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if not path.is_dir():  # removed by its owner between the listing and the lock
        os.close(descriptor)
        return None
    return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.write(descriptor, view)
        view = view[written:]
