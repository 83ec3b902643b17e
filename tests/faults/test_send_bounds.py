"""Whoever stops reading is cut off within the send timeout, whatever it was being sent; each path is counted by itself.

The time is taken from when the gateway could not send any more to when the connection is gone, so that the kernel's
buffers are not in it. A margin of seconds is for machines that do other things.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dashstream.adapters.websocket.client import Delivered, Missing, Subscriber
from dashstream.adapters.websocket.server import Connection
from dashstream.engine.sends import SendPath
from dashstream.protocol.batch import decode_frame
from integration.gateway.plain import SUBSCRIBE, frame, raw, read_until, said, stalled
from integration.gateway.serving import TOKEN, Served, records, serving, until

pytestmark = pytest.mark.faults

TIMEOUT_S = 1.0
MARGIN_S = 4.0
LIMITS = {
    "send_timeout_s": TIMEOUT_S,
    "write_buffer_bytes": 16 * 1024,
    "max_batch_bytes": 8 * 1024,
    "notsent_bytes": 4 * 1024,
    "frames_per_s": 1e6,
}
MORE = 6_000_000
"""Bytes, as they are compressed, that no kernel takes for a client that does not read (its most is 4 MB)."""
LATEST = {**SUBSCRIBE, "start": {"from": "latest"}}
WRONG = {"type": "subscribe", "id": 1, "start": {"from": "nowhere"}}


async def in_the_replay(served: Served) -> socket.socket:
    await served.store(records(600, size=MORE // 600 * 2))
    return await asyncio.to_thread(stalled, served, SUBSCRIBE)


async def live(served: Served) -> socket.socket:
    plain = await asyncio.to_thread(stalled, served, LATEST)
    await asyncio.to_thread(read_until, plain, b'"live"')
    await served.store(records(600, size=MORE // 600 * 2))
    return plain


async def flooding(served: Served, piece: bytes) -> socket.socket:
    """Send without reading, for as long as the gateway listens."""
    plain = await asyncio.to_thread(stalled, served)
    await asyncio.to_thread(read_until, plain, b'"welcome"')
    plain.setblocking(False)
    flood, sent = piece * 200, 0

    async def is_slow_or_gone() -> bool:
        nonlocal sent
        with contextlib.suppress(BlockingIOError, ConnectionError):
            sent += plain.send(flood[sent % len(flood) :])
        return all(connection.is_slow for connection in served.gateway.connections)

    await until(is_slow_or_gone, "the gateway cannot send any more")
    return plain


async def answers(served: Served) -> socket.socket:
    return await flooding(served, said(WRONG))


async def pongs(served: Served) -> socket.socket:
    return await flooding(served, frame(b"p" * 120, opcode=9))


async def application_pongs(served: Served) -> socket.socket:
    return await flooding(served, said({"type": "ping", "t": "p" * 200}))


async def after_the_close(served: Served) -> socket.socket:
    """Read everything up to the close, and do not answer it."""
    plain = await asyncio.to_thread(stalled, served, *[{"type": "reset"}] * 10)
    await asyncio.to_thread(read_until, plain, b"too many bad frames")
    return plain


async def at_the_stop(served: Served) -> socket.socket:
    """Be told that the gateway stops while the way is blocked already."""
    plain = await in_the_replay(served)
    await until(lambda: is_slow(served), "the gateway cannot send any more")
    served.gateway.connections.drain()
    return plain


async def silent(served: Served) -> socket.socket:
    """Have nothing to read but pings, and answer none."""
    plain = await asyncio.to_thread(stalled, served)
    await asyncio.to_thread(read_until, plain, b'"welcome"')
    return plain


async def is_slow(served: Served) -> bool:
    return any(connection.is_slow for connection in served.gateway.connections)


PHASES: dict[str, tuple[Callable[[Served], Awaitable[socket.socket]], SendPath]] = {
    "replay": (in_the_replay, SendPath.REPLAY),
    "live": (live, SendPath.LIVE),
    "answers": (answers, SendPath.CONTROL),
    "pongs": (pongs, SendPath.PONG),
    "application pongs": (application_pongs, SendPath.CONTROL),
    "close": (after_the_close, SendPath.CLOSE),
    "stop": (at_the_stop, SendPath.CLOSE),
    "silence": (silent, SendPath.PING),
}


async def blocked_for(served: Served) -> float:
    """Return how long the one connection was blocked or ending before it was gone."""
    since: float | None = None
    connection = only_connection(served)
    while len(served.gateway.connections):
        is_stuck = connection.is_slow or connection._is_ending or connection._ping_sent_at is not None
        since = (since or time.monotonic()) if is_stuck else None
        await asyncio.sleep(0.005)
    assert since is not None
    return time.monotonic() - since


@pytest.mark.parametrize("phase", PHASES)
async def test_who_stops_reading_is_cut_off_in_time_and_leaves_nothing_behind(tmp_path: Path, phase: str) -> None:
    stop_reading, path = PHASES[phase]
    pings = {"ping_interval_s": 0.3, "ping_timeout_s": TIMEOUT_S} if path is SendPath.PING else {}
    async with serving(tmp_path, client={**LIMITS, **pings}, log={"partitions": 1}) as served:
        plain = await stop_reading(served)
        took = await blocked_for(served)
        plain.close()
        assert 0.5 * TIMEOUT_S <= took <= TIMEOUT_S + MARGIN_S
        assert served.timeouts(path) == served.timeouts() == 1
        assert await served.metric("dashstream_sends_timed_out_total", path=path) == 1

        async def nothing_is_left() -> bool:
            of_clients = ("Deliveries.", "Connection.")
            return not any(task.get_coro().__qualname__.startswith(of_clients) for task in asyncio.all_tasks())

        await until(nothing_is_left, "its tasks have ended")
        for gauge in ("dashstream_connections", "dashstream_connections_slow", "dashstream_subscriptions_live"):
            await until(lambda gauge=gauge: is_zero(served, gauge), f"{gauge} is 0")  # type: ignore[misc]  # a default that binds


async def is_zero(served: Served, gauge: str) -> bool:
    return await served.metric(gauge) == 0


@pytest.mark.parametrize("route", ["/export", "/events?limit=1000"])
async def test_who_does_not_read_an_answer_of_the_api_is_cut_off_in_time(tmp_path: Path, route: str) -> None:
    async with serving(tmp_path, client=LIMITS) as served:
        await served.store(records(1_000, size=6_000))
        await until(lambda: has_records(served, 1_000), "all records are indexed")
        plain = raw(served)
        request = f"GET /api/v1/runs/r{route} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        plain.sendall(request.encode())
        await asyncio.to_thread(read_until, plain, b"\r\n\r\n")
        started = time.monotonic()
        await until(lambda: is_timed_out(served), "it is cut off")
        assert 0.5 * TIMEOUT_S <= time.monotonic() - started <= TIMEOUT_S + MARGIN_S
        assert await asyncio.to_thread(is_reset, plain)
        assert (await served.http.get("/api/v1/runs")).status_code == 200
        assert served.timeouts() == 1


def is_reset(plain: socket.socket) -> bool:
    """Read what is there; return whether the end is a reset: the kernel keeps nothing for the peer either."""
    try:
        while plain.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    finally:
        plain.close()
    return False


async def has_records(served: Served, count: int) -> bool:
    run = await served.http.get("/api/v1/runs/r")
    return run.status_code == 200 and run.json()["records"] == count


async def is_timed_out(served: Served) -> bool:
    return served.timeouts(SendPath.HTTP) == 1


async def test_who_reads_an_export_slowly_gets_all_of_it(tmp_path: Path) -> None:
    """Three send timeouts long, a piece at a time: slow is not stuck."""
    async with serving(tmp_path, client=LIMITS) as served:
        await served.store(records(1_000, size=6_000))
        whole = (await served.http.get("/api/v1/runs/r/export")).content
        plain = raw(served, receive_bytes=64 * 1024)
        plain.sendall(
            f"GET /api/v1/runs/r/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        read = 0
        while piece := await asyncio.to_thread(plain.recv, 256 * 1024):
            read += len(piece)
            await asyncio.sleep(0.05 * len(piece) / 65_536)
        plain.close()
        assert read >= len(whole)
        assert served.timeouts() == 0


async def test_failures_and_timeouts_are_told_apart_by_path(tmp_path: Path) -> None:
    async with serving(tmp_path, client=LIMITS, log={"partitions": 1}) as served:
        await served.store(records(600, size=MORE // 600 * 2))
        stuck = [await asyncio.to_thread(stalled, served, SUBSCRIBE) for _ in range(5)]
        await until(lambda: are_slow(served, 5), "five cannot be sent to")
        broken = [await asyncio.to_thread(stalled, served, SUBSCRIBE) for _ in range(5)]
        await until(lambda: are_slow(served, 10), "ten cannot be sent to")
        for plain in broken:
            break_off(plain)
        await served.connected(0)
        for plain in stuck:
            plain.close()
        sends: dict[str, Any] = (await served.http.get("/api/v1/health")).json()["sends"]
        assert sends["failed"] == {path: 5 * (path == "replay") for path in SendPath}
        assert sends["timed_out"] == {path: 5 * (path == "replay") for path in SendPath}
        assert (sends["failed_recently"], sends["timed_out_recently"]) == (5, 5)
        assert await served.metric("dashstream_sends_failed_total", path="replay") == 5


async def noted_meanwhile(served: Served) -> socket.socket:
    """Have something else to be sent while the way is blocked: it waits, and what blocks the way stays what it is."""
    plain = await in_the_replay(served)
    await until(lambda: is_slow(served), "the gateway cannot send any more")
    only_connection(served).note_path(SendPath.CONTROL)
    return plain


async def at_fault(served: Served) -> socket.socket:
    """Break the protocol, and read that it was noticed."""
    plain = await silent(served)
    plain.sendall(frame(b"", opcode=15))
    await asyncio.to_thread(read_until, plain, (1002).to_bytes(2))
    return plain


@pytest.mark.parametrize(
    ("begin", "path"),
    [(noted_meanwhile, SendPath.REPLAY), (at_the_stop, SendPath.CLOSE), (at_fault, SendPath.CLOSE)],
)
async def test_a_failure_counts_by_what_was_owed_last(
    tmp_path: Path, begin: Callable[[Served], Awaitable[socket.socket]], path: SendPath
) -> None:
    async with serving(tmp_path, client={**LIMITS, "send_timeout_s": 60}, log={"partitions": 1}) as served:
        break_off(await begin(served))
        await served.connected(0)
        sends = (await served.http.get("/api/v1/health")).json()["sends"]
        assert sends["failed"] == {one: int(one is path) for one in SendPath}


async def test_who_did_not_read_before_the_close_has_no_second_timeout_for_it(tmp_path: Path) -> None:
    async with serving(tmp_path, client={**LIMITS, "send_timeout_s": 60}, log={"partitions": 1}) as served:
        plain = await at_the_stop(served)
        connection = only_connection(served)
        after = asyncio.get_running_loop().time() + 61
        for _ in range(2):  # the first one sees that it ends
            connection.sweep(after)
        plain.close()
        assert served.timeouts(SendPath.CLOSE) == served.timeouts() == 1


def only_connection(served: Served) -> Connection:
    (connection,) = served.gateway.connections
    assert isinstance(connection, Connection)
    return connection


def break_off(plain: socket.socket) -> None:
    """End a connection with a reset."""
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


async def are_slow(served: Served, count: int) -> bool:
    return sum(connection.is_slow for connection in served.gateway.connections) == count


def whole_frames(heard: bytes) -> list[bytes]:
    """Return the bodies of the gateway's frames that came whole, binary ones only (RFC 6455, 5.2)."""
    bodies: list[bytes] = []
    while len(heard) >= 4:
        size, at = heard[1], 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(heard[2:at])
        if len(heard) < at + size:
            break
        if heard[0] == 0x82:
            bodies.append(heard[at : at + size])
        heard = heard[at + size :]
    return bodies


async def test_what_was_on_its_way_when_it_was_cut_off_comes_again(tmp_path: Path) -> None:
    async with serving(tmp_path, client=LIMITS, log={"partitions": 1}) as served:
        await served.store(records(300, size=6_000))
        plain = await asyncio.to_thread(stalled, served, SUBSCRIBE)
        heard = b""
        while len(heard) < 100_000:
            heard += await asyncio.to_thread(plain.recv, 4_096)
        offsets = [entry.offset for body in whole_frames(heard) for entry in decode_frame(body).entries]
        await served.connected(0)
        plain.close()
        assert served.timeouts(SendPath.REPLAY) == 1
        assert offsets
        resumed = Subscriber(served.ws_url, TOKEN, cursor={0: offsets[-1] + 1}, epoch=served.gateway.epoch)
        async for item in resumed:
            assert not isinstance(item, Missing)
            assert isinstance(item, Delivered)
            offsets.append(item.offset)
            if item.offset == 299:
                break
        assert offsets == list(range(300)), "each once: the half that was on its way is in no list twice"


@pytest.mark.parametrize(("given", "effective"), [("1", 1.0), ("0", 1.0), ("9999", 60.0), ("-1", 1.0), ("12.5", 12.5)])
async def test_the_bound_is_kept_within_its_limits_and_told(tmp_path: Path, given: str, effective: float) -> None:
    from dashstream.app.settings import load_settings

    settings = load_settings({"DASHSTREAM_CLIENT_SEND_TIMEOUT_S": given})
    async with serving(tmp_path, client={"send_timeout_s": settings.client.send_timeout_s}) as served:
        assert (await served.http.get("/api/v1/version")).json()["send_timeout_s"] == effective
