"""The way out of a connection over real sockets: partial sends, broken peers, closed sockets, and TLS."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dashstream.adapters.websocket.outlet import Outlet
from dashstream.engine.limits import ClientLimits

BODY = os.urandom(200_000)
HEAD = b"a head"
LIMITS = ClientLimits(write_buffer_bytes=64 * 1024)


class Ears(asyncio.Protocol):
    """Hears what the transport says."""

    def __init__(self) -> None:
        self.pauses = self.resumptions = 0
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def pause_writing(self) -> None:
        self.pauses += 1

    def resume_writing(self) -> None:
        self.resumptions += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.Transport, Ears, socket.socket]]:
    """Yield our end's transport, its protocol, and the peer's socket, all with small buffers."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = socket.create_connection(listener.getsockname())
    ours, _ = listener.accept()
    listener.close()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    transport, ears = await asyncio.get_running_loop().create_connection(Ears, sock=ours)
    peer.setblocking(False)
    try:
        yield transport, ears, peer
    finally:
        transport.abort()
        peer.close()


async def all_of(peer: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        found += await asyncio.get_running_loop().sock_recv(peer, 50_000)
    return bytes(found)


@pytest.mark.parametrize("count", [1, 20])
async def test_all_comes_in_order_though_the_socket_takes_it_in_parts(count: int) -> None:
    async with connected() as (transport, ears, peer):
        outlet, expected = Outlet(transport, LIMITS), b""
        for number in range(count):
            outlet.send(HEAD + bytes((number,)), BODY)
            outlet.write(b"between")
            expected += HEAD + bytes((number,)) + BODY + b"between"
        assert transport.get_write_buffer_size() > 0, "not all fits into the socket"
        assert ears.pauses == 1, "the transport's accounts say so"
        assert await all_of(peer, len(expected)) == expected
        assert ears.resumptions == 1


async def test_what_a_socket_takes_passes_the_transport_by(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected() as (transport, _, peer):
        outlet = Outlet(transport, LIMITS)
        outlet.send(HEAD, b"first")
        monkeypatch.setattr(transport, "write", _fail)
        monkeypatch.setattr(transport, "writelines", _fail)
        outlet.send(HEAD, b"second")
        assert await all_of(peer, 23) == HEAD + b"first" + HEAD + b"second"


async def test_a_broken_connection_is_lost_once_as_the_transport_says_it() -> None:
    async with connected() as (transport, ears, peer):
        outlet = Outlet(transport, LIMITS)
        transport.pause_reading()
        peer.close()
        while not transport.is_closing():
            outlet.send(HEAD, b"to nobody")
            await asyncio.sleep(0)
        outlet.send(HEAD, b"later")
        assert isinstance(await ears.lost, ConnectionError)


async def test_nothing_goes_to_whoever_got_the_number_of_a_closed_socket() -> None:
    async with connected() as (transport, ears, _):
        outlet = Outlet(transport, LIMITS)
        number = transport.get_extra_info("socket").fileno()
        outlet.send(HEAD, b"while it is open")
        transport.abort()
        await ears.lost
        others: dict[int, socket.socket] = {}
        while number not in others:  # the lowest free number is given out first
            mine, its = socket.socketpair()
            others |= {mine.fileno(): its, its.fileno(): mine}
        outlet.send(HEAD, b"not for this one")
        others[number].setblocking(False)
        with pytest.raises(BlockingIOError):
            others[number].recv(1)
        for one in others.values():
            one.close()


async def test_under_tls_all_goes_through_the_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encrypting(asyncio.Transport):
        """As asyncio's TLS transport: it tells the socket below it, which takes no plain bytes."""

        def __init__(self, below: asyncio.Transport) -> None:
            super().__init__({"socket": below.get_extra_info("socket"), "sslcontext": object()})
            self.given: list[bytes] = []

        def writelines(self, list_of_data: Any) -> None:
            self.given += list_of_data

        def get_write_buffer_size(self) -> int:
            return 0

        def is_closing(self) -> bool:
            return False

        def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
            """It holds nothing."""

    monkeypatch.setattr(os, "writev", _fail)
    async with connected() as (transport, _, _peer):
        wire = Encrypting(transport)
        Outlet(wire, LIMITS).send(HEAD, BODY)
        assert wire.given == [HEAD, BODY]


def _fail(*_: Any) -> None:
    raise AssertionError("this is not the way")
