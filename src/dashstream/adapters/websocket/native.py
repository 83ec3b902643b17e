"""The lane through native code: one call sends a page to every socket of a convoy (``flush.c``).

The library is plain C of no Python version. Where it was not built, or does not load, ``lanes`` gives the plain lanes,
which do the same one after the other.

A convoy's numbers of sockets are good for as long as its riders are clear: who closes a socket has parted before
(``Outlet``), and one that parts is never written to again, whoever gets its number.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from dashstream.engine.page import Page
from dashstream.engine.sink import Convoy, Lane, PlainLane, Rider
from dashstream.protocol.batch import FLAG_ZSTD

LIBRARY = Path(__file__).with_name("_flush.so")
HEADROOM = 64
"""Bytes before the body for what is each client's own."""
LEFT = -2
"""In place of the socket of a rider that has left."""


class Socketed(Protocol):
    """What a native lane needs of a sink; one without a socket takes another lane."""

    @property
    def socket_number(self) -> int:
        """The number of the socket that its bytes go to; -1 if there is none."""

    def send_rest(self, subscription: int, first_delivery: int, page: Page, sent: int) -> None:
        """Send what is left of a page's frame after the ``sent`` bytes of it that the socket took."""


class _Convoy(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_int32),
        ("flags", ctypes.c_int32),
        ("sockets", ctypes.c_void_p),
        ("ids", ctypes.c_void_p),
        ("bases", ctypes.c_void_p),
        ("places", ctypes.c_void_p),
        ("taken", ctypes.c_void_p),
    )


class Flush:
    """The library, and the memory that pages are put in on their way out. Belongs to one event loop."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._flush = library.dashstream_flush
        pointer = ctypes.c_void_p
        self._flush.argtypes = (pointer, pointer, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64)
        self._flush.restype = ctypes.c_int32
        self._room = ctypes.create_string_buffer(HEADROOM)

    def __call__(self, convoy: int, body: bytes, before: int) -> int:
        """Send to the convoy at an address; return how many took less than all."""
        if len(self._room) < HEADROOM + len(body):
            self._room = ctypes.create_string_buffer(HEADROOM + len(body))
        found: int = self._flush(convoy, ctypes.addressof(self._room), body, len(body), before)
        return found


class NativeLane:
    """Sockets that are sent to by native code."""

    def __init__(self, flush: Flush, *, compression: bool) -> None:
        self._flush = flush
        self.compression = compression

    def convoy(self, riders: Sequence[Rider]) -> Convoy:
        return NativeConvoy(self._flush, riders, compression=self.compression)


class NativeConvoy:
    """Riders whose sockets are sent to in one call."""

    def __init__(self, flush: Flush, riders: Sequence[Rider], *, compression: bool) -> None:
        self._flush = flush
        self._compression = compression
        self._riders = riders
        self._sinks = cast("list[Socketed]", [rider.sink for rider in riders])  # only such sinks take this lane
        count = len(riders)
        self._sockets = (ctypes.c_int32 * count)(*[sink.socket_number for sink in self._sinks])
        self._ids = (ctypes.c_int64 * count)(*[rider.subscription for rider in riders])
        self._bases = (ctypes.c_int64 * count)(*[rider.base for rider in riders])
        self._places = (ctypes.c_int32 * count)()
        self._taken = (ctypes.c_int64 * count)()
        arrays: tuple[ctypes.Array[Any], ...] = (self._sockets, self._ids, self._bases, self._places, self._taken)
        self._told = _Convoy(count, 0, *[ctypes.addressof(array) for array in arrays])
        self._address = ctypes.addressof(self._told)

    def send(self, page: Page, before: int) -> None:
        body = page.payload(compression=self._compression)
        self._told.flags = 0 if body is page.body else FLAG_ZSTD
        for index in range(self._flush(self._address, body, before)):
            place = self._places[index]
            rider = self._riders[place]
            self._sinks[place].send_rest(rider.subscription, rider.base + before + 1, page, self._taken[index])

    def leave(self, place: int) -> None:
        self._sockets[place] = LEFT


@cache
def library() -> ctypes.CDLL | None:
    """Return the native library, None where it was not built or does not load."""
    try:
        return ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None


class Lanes:
    """The lanes of one gateway: native ones if there is a library, and plain ones beside."""

    def __init__(self, found: ctypes.CDLL | None) -> None:
        self._plain: tuple[Lane, Lane] = (PlainLane(compression=False), PlainLane(compression=True))
        self._socketed: tuple[Lane, Lane] = self._plain
        if found is not None:
            flush = Flush(found)
            self._socketed = (NativeLane(flush, compression=False), NativeLane(flush, compression=True))

    @property
    def is_native(self) -> bool:
        """Whether native code is used where it can be."""
        return self._socketed is not self._plain

    def lane(self, socket_number: int, compression: str | None) -> Lane:
        """Return a connection's lane: by the socket that its bytes go to as they are, -1 for none, and by its codec."""
        return (self._socketed if socket_number >= 0 else self._plain)[compression is not None]
