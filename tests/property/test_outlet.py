"""Whatever a socket takes and whenever it takes nothing, a client's bytes are all there, once and in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from dashstream.adapters.websocket.outlet import Outlet
from dashstream.engine.limits import ClientLimits

NUMBER = 77
"""The descriptor that the socket of the test pretends to have."""

STEPS = st.one_of(
    st.tuples(st.just("send"), st.binary(min_size=1, max_size=12), st.binary(min_size=1, max_size=300)),
    st.tuples(st.just("write"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("take"), st.integers(0, 300)),
    st.just(("break",)),
)


class Kernel:
    """A socket that takes so many bytes more, and keeps those it took; broken, it takes none any more."""

    def __init__(self) -> None:
        self.room = 0
        self.is_broken = False
        self.taken = bytearray()

    def fileno(self) -> int:
        return NUMBER

    def setsockopt(self, *_: Any) -> None:
        """It has no options."""

    def writev(self, number: int, pieces: Sequence[bytes]) -> int:
        assert number == NUMBER
        if self.is_broken:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        taken = b"".join(pieces)[: self.room]
        self.taken += taken
        self.room -= len(taken)
        return len(taken)


class Wire(asyncio.Transport):
    """A transport as asyncio's: it tries the socket if it holds nothing, and keeps what that does not take."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__({"socket": kernel})
        self._kernel = kernel
        self.held = bytearray()
        self.has_failed = False

    def write(self, data: Any) -> None:
        if self.has_failed:
            return
        if not self.held:
            try:
                data = data[self._kernel.writev(NUMBER, [bytes(data)]) :]
            except BlockingIOError:
                pass
            except OSError:
                self.has_failed = True
                return
        self.held += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def is_closing(self) -> bool:
        return self.has_failed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """It holds what it is given."""

    def flush(self) -> None:
        """The loop says that the socket takes more."""
        if self.held and self._kernel.room:
            del self.held[: self._kernel.writev(NUMBER, [bytes(self.held)])]


@given(st.lists(STEPS, max_size=40))
def test_the_stream_is_what_was_written(steps: list[tuple[Any, ...]]) -> None:
    kernel = Kernel()
    wire = Wire(kernel)
    told: list[bool] = []
    outlet, written = Outlet(wire, ClientLimits(), lambda: told.append(True)), bytearray()
    with patch.object(os, "writev", kernel.writev):
        for name, *given_ in steps:
            told.clear()
            match name:
                case "send":
                    outlet.send(*given_)
                    written += b"".join(given_)
                case "write":
                    outlet.write(*given_)
                    written += given_[0]
                case "take":
                    kernel.room += given_[0]
                    if not kernel.is_broken:
                        wire.flush()
                case "break":
                    kernel.is_broken = True
            assert outlet.is_clear is not bool(wire.held or wire.has_failed)
            if name in {"send", "write"}:
                assert bool(told) is not outlet.is_clear, "it says at once that something waits"
            assert written.startswith(kernel.taken)
            if not kernel.is_broken:
                assert kernel.taken + wire.held == written, "each byte is with the socket or with the transport"
                assert not (wire.held and kernel.room), "what waits is what the socket did not take"
