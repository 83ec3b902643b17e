"""Clients that stall, dawdle, flood, talk rubbish or vanish: what each costs the gateway, and others nothing.

The gateway runs in this process, on a real socket, so that its tasks, buffers and descriptors can be counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashstream.adapters.websocket.client import Delivered, Missing, Subscriber
from dashstream.adapters.websocket.server import PIECE_BYTES
from dashstream.protocol.codes import CloseCode
from integration.gateway.plain import HELLO, SUBSCRIBE, buffered, frame, read_until, said, stalled
from integration.gateway.serving import TOKEN, Served, records, serving, until
from integration.gateway.vanishing import PHASES, abort, descriptors

pytestmark = pytest.mark.faults

SEND_TIMEOUT_S = 1.0
MARGIN_S = 1.0
"""For a machine that does other things: the sweeper itself needs a fiftieth of the timeout."""
STALLS = {"send_timeout_s": SEND_TIMEOUT_S, "write_buffer_bytes": 64 * 1024, "max_batch_bytes": 16 * 1024}
KEPT_BYTES = 256 * 1024
ABORTS = 500
FLUCTUATION = 8
"""Tasks and descriptors that come and go without any client: each thread of the log opens its file for itself."""


async def follow(served: Served, count: int) -> list[tuple[int, int]]:
    """Follow from the start until ``count`` records have come; return their places. A gap is a failure."""
    places: list[tuple[int, int]] = []
    async for item in Subscriber(served.ws_url, TOKEN):
        assert not isinstance(item, Missing)
        assert isinstance(item, Delivered)
        places.append((item.partition, item.offset))
        if len(places) == count:
            break
    return places


async def test_fifty_stalled_clients_are_closed_in_time_and_cost_fifty_others_nothing(tmp_path: Path) -> None:
    batches, size = 60, 2_000
    async with serving(tmp_path, client=STALLS) as served, asyncio.timeout(60):
        live = [asyncio.create_task(follow(served, batches * 10)) for _ in range(50)]
        sockets = [await asyncio.to_thread(stalled, served, SUBSCRIBE) for _ in range(50)]
        await served.connected(100)
        slow_since: dict[Any, float] = {}
        closed_after: dict[Any, float] = {}
        most = 0

        def look() -> None:
            """Take note of who is slow, who is gone, and what waits."""
            nonlocal most
            now = time.monotonic()
            there = set(served.gateway.connections)
            for connection in there:
                if connection.is_slow:
                    slow_since.setdefault(connection, now)
                else:
                    slow_since.pop(connection, None)
            for connection in slow_since.keys() - there - closed_after.keys():
                closed_after[connection] = now - slow_since[connection]
            most = max([most, *buffered(served)])

        for number in range(batches):
            await served.store(records(10, thread=f"t{number % 4}", first=1 + number // 4 * 10, size=size))
            look()
            await asyncio.sleep(0.02)
        while len(closed_after) < 50:
            look()
            await asyncio.sleep(0.01)
        for places in await asyncio.gather(*live):
            assert len(set(places)) == batches * 10
            for partition in {partition for partition, _ in places}:
                offsets = [offset for place, offset in places if place == partition]
                assert offsets == list(range(len(offsets))), "in order, none missing"
        assert max(closed_after.values()) <= SEND_TIMEOUT_S + MARGIN_S
        assert most <= KEPT_BYTES
        assert served.timeouts() == 50
        await served.connected(0)
        for plain in sockets:
            plain.close()


async def test_a_client_that_reads_one_byte_a_second_is_closed_as_one_that_reads_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, client=STALLS) as served:
        for thread in range(4):
            await served.store(records(50, thread=f"t{thread}", size=5_000))
        plain = await asyncio.to_thread(stalled, served, SUBSCRIBE)

        async def dawdle() -> None:
            while True:
                await asyncio.to_thread(plain.recv, 1)
                await asyncio.sleep(1)

        reading = asyncio.create_task(dawdle())
        await served.connected(1)
        await served.connected(0)
        with contextlib.suppress(ConnectionResetError):
            reading.cancel()
            await asyncio.wait({reading})
        plain.close()
        assert served.timeouts() == 1


async def test_a_client_that_only_talks_is_not_heard_any_more(tmp_path: Path) -> None:
    """Each of these frames is answered by two; who does not read them must not pile them up."""
    wrong = {"type": "subscribe", "id": 1, "start": {"from": "nowhere"}}
    async with serving(tmp_path, client={**STALLS, "frames_per_s": 1e6}) as served:
        plain = await asyncio.to_thread(stalled, served)
        await asyncio.to_thread(read_until, plain, b'"welcome"')
        plain.setblocking(False)
        flood, sent, most = said(wrong) * 1_000, 0, 0
        while len(served.gateway.connections):
            with contextlib.suppress(BlockingIOError, ConnectionError):
                sent += plain.send(flood[sent % len(flood) :])
            most = max([most, *buffered(served)])
            await asyncio.sleep(0)
        plain.close()
        assert sent > KEPT_BYTES, "it tried"
        assert most <= STALLS["write_buffer_bytes"] + KEPT_BYTES + 16 * PIECE_BYTES
        assert served.timeouts() == 1


async def test_a_flood_of_frames_is_taken_at_the_rate_that_is_allowed(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"frames_per_s": 100}) as served:
        plain = await asyncio.to_thread(stalled, served)
        flood = frame(b"", opcode=9) * 20_000
        started = time.monotonic()
        sending = asyncio.create_task(asyncio.to_thread(plain.sendall, flood))
        pongs = await asyncio.to_thread(read_pongs, plain, 1.5)
        took = time.monotonic() - started
        piece = PIECE_BYTES // len(frame(b""))
        assert 100 <= pongs <= 100 + took * 100 + piece
        async with stranger(served) as other:
            await other.send(json.dumps({"type": "ping", "t": 1}))
            assert json.loads(await asyncio.wait_for(other.recv(), 1)) == {"type": "pong", "t": 1}
        plain.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            await sending
        plain.close()


async def test_who_has_used_up_its_rate_is_heard_again(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"frames_per_s": 50}) as served, stranger(served) as client:
        for number in range(120):
            await client.send(json.dumps({"type": "ping", "t": number}))
            assert json.loads(await asyncio.wait_for(client.recv(), 30)) == {"type": "pong", "t": number}


def read_pongs(plain: socket.socket, seconds: float) -> int:
    heard, end = b"", time.monotonic() + seconds
    plain.settimeout(0.1)
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            heard += plain.recv(65_536)
    return heard.count(b"\x8a\x00")


@contextlib.asynccontextmanager
async def stranger(served: Served) -> Any:
    async with connect(served.ws_url, subprotocols=["dashstream.v2"], proxy=None, max_size=None) as client:  # type: ignore[list-item]  # a NewType of str
        await client.send(json.dumps(HELLO))
        assert json.loads(await client.recv())["type"] == "welcome"
        yield client


async def end_of(client: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(client.recv(), 10)
    return client.close_code


async def test_a_frame_of_100_mb_is_refused_by_its_head(tmp_path: Path) -> None:
    async with serving(tmp_path, client=STALLS) as served:
        plain = await asyncio.to_thread(stalled, served)
        plain.sendall(b"\x81\xff" + (100 * 1024 * 1024).to_bytes(8) + bytes(4))
        close = await asyncio.to_thread(read_until, plain, int(CloseCode.TOO_LARGE).to_bytes(2))
        assert b"\x88" in close
        await served.connected(0)
        plain.close()


async def test_deep_nesting_is_a_bad_frame(tmp_path: Path) -> None:
    depth = 100_000
    deep = "[" * depth + "]" * depth
    async with serving(tmp_path, client={"max_frame_bytes": 1024 * 1024}) as served, stranger(served) as client:
        start = '{"type":"subscribe","id":1,"start":{"from":"cursor","epoch":"e","positions":'
        for text in (deep, start + deep + "}}", start + '{"0":' + deep + "}}}", '{"a":' * depth):
            await client.send(text)
            assert json.loads(await client.recv())["code"] == "bad_frame"


async def test_the_fifth_piece_of_rubbish_ends_the_connection_for_good(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"bad_frames": 5}) as served, stranger(served) as client:
        with contextlib.suppress(ConnectionClosed):
            for rubbish in ("", "{", b"\x00", '{"type": "reset"}'):
                await client.send(rubbish)
                assert json.loads(await client.recv())["type"] == "error"
            await client.send("[]")
        assert await end_of(client) == CloseCode.BAD_REQUEST
        await served.connected(0)


async def test_who_does_not_answer_a_close_is_dropped_in_time(tmp_path: Path) -> None:
    async with serving(tmp_path, client=STALLS) as served:
        plain = await asyncio.to_thread(stalled, served, HELLO, {"type": "reset"}, *[{"type": "reset"}] * 20)
        await asyncio.to_thread(read_until, plain, b"too many bad frames")
        told = time.monotonic()
        assert len(served.gateway.connections) == 1, "its place is taken until it is gone"
        await served.connected(0)
        assert time.monotonic() - told <= SEND_TIMEOUT_S + MARGIN_S
        plain.close()


async def test_who_vanishes_in_any_phase_leaves_nothing_behind(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"send_timeout_s": SEND_TIMEOUT_S}) as served:
        await served.store(records(20, size=500))
        tasks, files = len(asyncio.all_tasks()) + FLUCTUATION, descriptors() + FLUCTUATION
        for phase in PHASES:
            await asyncio.to_thread(abort, served, phase, ABORTS)

            async def nothing_is_left() -> bool:
                return len(asyncio.all_tasks()) <= tasks and descriptors() <= files

            await served.connected(0)
            await until(nothing_is_left, f"tasks and descriptors are as before, after {phase}")
        for gauge in ("dashstream_connections", "dashstream_connections_slow", "dashstream_subscriptions_live"):
            assert await served.metric(gauge) == 0
