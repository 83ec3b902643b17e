"""Both ways to send a page to many sockets, native and plain, put the very same bytes on each, whatever it takes."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashstream.adapters.websocket.core import data_head
from dashstream.adapters.websocket.native import Lanes, library
from dashstream.adapters.websocket.outlet import Outlet
from dashstream.engine.limits import ClientLimits
from dashstream.engine.page import Page
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import Convoy, Lane, PlainLane, Rider
from dashstream.protocol import control
from quiet_sink import QuietSink

LANES = [pytest.param(True, id="native"), pytest.param(False, id="plain")]
LARGE = os.urandom(300_000)


class SocketSink(QuietSink):
    """A sink on a real socket, as the gateway's connection is one, and what its peer reads."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.convoy: Convoy | None = None
        self.place = 0
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def open(self, transport: asyncio.Transport, peer: socket.socket) -> None:
        self.transport, self.peer = transport, peer
        self._outlet = Outlet(transport, ClientLimits(), self._hold)

    def _hold(self) -> None:
        if self.convoy is not None:
            self.convoy.leave(self.place)

    @property
    def is_writable(self) -> bool:
        return True

    @property
    def is_clear(self) -> bool:
        return self._outlet.is_clear

    @property
    def socket_number(self) -> int:
        return self._outlet.socket_number

    def send_control(self, frame: control.ServerFrame) -> None:
        raise AssertionError(frame)

    def _frame(self, subscription: int, first_delivery: int, page: Page) -> tuple[bytes, bytes]:
        body = page.payload(compression=self.lane.compression)
        return data_head(subscription, first_delivery, len(body), compressed=body is not page.body), body

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        self._outlet.send(*self._frame(subscription, first_delivery, page))
        return len(page.body)

    def send_rest(self, subscription: int, first_delivery: int, page: Page, sent: int) -> None:
        self._outlet.send_rest(*self._frame(subscription, first_delivery, page), sent)

    async def read(self, size: int) -> bytes:
        """Return what the peer reads next."""
        found = bytearray()
        while len(found) < size:
            found += await asyncio.get_running_loop().sock_recv(self.peer, size - len(found))
        return bytes(found)


class Ears(asyncio.Protocol):
    """Tells a sink that its transport is gone."""

    def __init__(self, sink: SocketSink) -> None:
        self._sink = sink

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._hold()
        self._sink.lost.set_result(exc)


def lane_of(*, native: bool, compression: bool = False) -> Lane:
    lanes = Lanes(library() if native else None)
    assert lanes.is_native is native
    return lanes.lane(1, "zstd" if compression else None)


@asynccontextmanager
async def connected(lane: Lane) -> AsyncIterator[SocketSink]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    peer.setblocking(False)
    sink = SocketSink(lane)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: Ears(sink), sock=ours)
    sink.open(transport, peer)
    try:
        yield sink
    finally:
        transport.abort()
        await sink.lost
        peer.close()


def together(sinks: list[SocketSink], *, subscription: int = 1, bases: list[int] | None = None) -> Convoy:
    riders = [Rider(sink, subscription, base) for sink, base in zip(sinks, bases or [0] * len(sinks), strict=True)]
    convoy = sinks[0].lane.convoy(riders)
    for place, sink in enumerate(sinks):
        sink.convoy, sink.place = convoy, place
    return convoy


def test_native_writes_are_built_wherever_there_is_a_compiler() -> None:
    assert (library() is not None) == (shutil.which("cc") is not None), "`make setup` compiles it"


@pytest.mark.parametrize("native", LANES)
@given(
    subscription=st.one_of(st.integers(1, 300), st.integers(1, 1 << 40)),
    bases=st.lists(st.one_of(st.integers(0, 300), st.integers(0, 1 << 45)), min_size=1, max_size=3),
    before=st.one_of(st.integers(0, 300), st.integers(0, 1 << 45)),
    size=st.sampled_from([1, 100, 114, 119, 120, 121, 126, 127, 128, 511, 513, 32_767, 65_520, 65_530, 65_536, 70_000]),
    compression=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_each_gets_its_own_head_and_the_shared_body(
    native: bool, subscription: int, bases: list[int], before: int, size: int, compression: bool
) -> None:
    page = Page(body=(b"abc" * 30_000)[:size] if size % 2 else LARGE[:size], count=1)

    async def check() -> None:
        async with AsyncExitStack() as stack:
            lane = lane_of(native=native, compression=compression)
            sinks = [await stack.enter_async_context(connected(lane)) for _ in bases]
            together(sinks, subscription=subscription, bases=bases).send(page, before)
            body = page.payload(compression=compression)
            for sink, base in zip(sinks, bases, strict=True):
                first = base + before + 1
                expected = data_head(subscription, first, len(body), compressed=body is not page.body) + body
                assert await sink.read(len(expected)) == expected

    asyncio.run(check())


@pytest.mark.parametrize("native", LANES)
async def test_who_does_not_take_all_keeps_the_rest_and_parts_and_the_others_go_on(native: bool) -> None:
    async with AsyncExitStack() as stack:
        lane = lane_of(native=native)
        slow, quick = [await stack.enter_async_context(connected(lane)) for _ in range(2)]
        convoy, frames, body = together([slow, quick]), b"", LARGE[:20_000]
        for number in itertools.count():
            frame = data_head(1, number + 1, len(body), compressed=False) + body
            convoy.send(Page(body=body, count=1), number)
            assert await quick.read(len(frame)) == frame
            frames += frame
            if not slow.is_clear:
                break
        convoy.send(Page(body=b"after it has parted", count=1), number + 1)
        assert await slow.read(len(frames)) == frames, "what waited comes, once and in order"
        with pytest.raises(BlockingIOError):
            slow.peer.recv(1)
        head = data_head(1, number + 2, 19, compressed=False)
        assert await quick.read(len(head) + 19) == head + b"after it has parted"


@pytest.mark.parametrize("native", LANES)
async def test_nothing_goes_to_whoever_got_the_number_of_a_closed_socket(native: bool) -> None:
    async with AsyncExitStack() as stack:
        lane = lane_of(native=native)
        stays, goes = [await stack.enter_async_context(connected(lane)) for _ in range(2)]
        convoy = together([stays, goes])
        convoy.send(Page(body=b"to both", count=1), 0)
        number = goes.socket_number
        goes.transport.abort()
        await goes.lost
        others: dict[int, socket.socket] = {}
        while number not in others:  # the lowest free number is given out first
            mine, its = socket.socketpair()
            others |= {mine.fileno(): its, its.fileno(): mine}
        convoy.send(Page(body=b"to who stays", count=1), 1)
        others[number].setblocking(False)
        with pytest.raises(BlockingIOError):
            others[number].recv(1)
        assert (await stays.read(14 + 19))[-12:] == b"to who stays"
        for one in others.values():
            one.close()


@pytest.mark.parametrize("native", LANES)
async def test_a_broken_connection_is_lost_as_the_transport_says_it_and_costs_the_others_nothing(native: bool) -> None:
    async with AsyncExitStack() as stack:
        lane = lane_of(native=native)
        broken, well = [await stack.enter_async_context(connected(lane)) for _ in range(2)]
        broken.transport.pause_reading()
        broken.peer.close()
        convoy, sent = together([broken, well]), 0
        while not broken.transport.is_closing():
            convoy.send(Page(body=b"to whoever is there", count=1), sent)
            sent += 1
            await asyncio.sleep(0)
        found = await well.read(sent * 26)
        assert found.count(b"to whoever is there") == sent
        assert isinstance(await broken.lost, ConnectionError)


def test_who_has_no_socket_takes_the_plain_lane() -> None:
    found = Lanes(library())
    assert found.lane(-1, "zstd") == PlainLane(compression=True)
