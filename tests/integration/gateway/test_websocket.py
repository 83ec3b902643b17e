"""The WebSocket on a real socket: spoken to by a library that knows nothing of this project, and by its own client."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashstream.adapters.websocket.client import Delivered, Missing, Subscriber
from dashstream.errors import ProtocolError, UnauthenticatedError
from dashstream.protocol.batch import decode_frame
from dashstream.protocol.codes import CloseCode, StartFrom
from dashstream.protocol.control import Filter
from integration.gateway.serving import TOKEN, Served, records, serving
from integration.gateway.talking import HELLO, closed, hear, hear_until, offsets, replay_with_acks, say, stranger


async def test_a_stranger_replays_follows_and_is_told_its_verdict_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.store(records(30))
        async with stranger(served) as socket:
            await say(socket, {"type": "subscribe", "id": 5, "start": {"from": "earliest"}})
            heard = await hear_until(socket, "replay_complete")
            assert heard[0]["type"] == "subscribed"
            assert offsets(heard) == list(range(heard_start(heard), heard_start(heard) + 30))
            verdict = heard[-1]
            assert (verdict["outcome"], verdict["delivered"], verdict["gaps"]) == ("complete", "30", 0)
            assert (await hear(socket)) == {"type": "state", "id": 5, "state": "live"}
            await served.store(records(1, first=31))
            assert len(offsets([await hear(socket)])) == 1
            await say(socket, {"type": "ping", "t": "x"})
            assert await hear(socket) == {"type": "pong", "t": "x"}
            await say(socket, {"type": "unsubscribe", "id": 5})
            await say(socket, {"type": "ping", "t": 2})
            assert await hear(socket) == {"type": "pong", "t": 2}, "no second verdict, no more data"


def heard_start(heard: list[Any]) -> int:
    return offsets(heard)[0]


async def test_a_cursor_gets_to_the_head_where_nothing_passes(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as socket:
        await served.store(records(30))
        start, nobody = {"from": "earliest"}, {"threads": ["nobody"]}
        await say(socket, {"type": "subscribe", "id": 5, "start": start, "filter": nobody})
        *_, progress = await hear_until(socket, "progress")
        assert progress["positions"] == {str(p): str(head) for p, head in (await served.heads()).items()}


@pytest.mark.parametrize(
    "way",
    [
        {"additional_headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"bearer": True},
    ],
    ids=["header", "subprotocol"],
)
async def test_a_token_comes_in_three_ways(tmp_path: Path, way: dict[str, Any]) -> None:
    options = dict(way)
    protocols = ["dashstream.v2"]
    if options.pop("bearer", False):
        text = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
        protocols.append(f"base64url.bearer.dashstream.{text}")
    async with (
        serving(tmp_path) as served,
        connect(served.ws_url, subprotocols=protocols, proxy=None, **options) as socket,
    ):
        assert socket.subprotocol == "dashstream.v2", "a token is never sent back"
        await say(socket, HELLO)
        assert (await hear(socket))["type"] == "welcome"


@pytest.mark.parametrize("token", [None, "wrong", ""])
async def test_without_the_token_there_is_no_welcome(tmp_path: Path, token: str | None) -> None:
    async with serving(tmp_path) as served, stranger(served, hello=False) as socket:
        await say(socket, HELLO if token is None else {**HELLO, "token": token})
        assert (await hear(socket))["code"] == "unauthenticated"
        assert (await hear(socket))["type"] == "closing"
        assert await closed(socket) == CloseCode.UNAUTHENTICATED


async def test_without_a_hello_in_time_it_is_closed(tmp_path: Path) -> None:
    limits = {"hello_timeout_s": 0.05, "send_timeout_s": 0.2}
    async with serving(tmp_path, client=limits) as served, stranger(served, hello=False) as socket:
        assert await closed(socket) == CloseCode.UNAUTHENTICATED


async def test_connections_are_bounded(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"max_connections": 1}) as served:
        async with stranger(served):
            with pytest.raises(InvalidStatus) as caught:
                async with stranger(served):
                    pass
            assert caught.value.response.status_code == 503
        await served.connected(0)
        async with stranger(served):
            pass


async def test_a_frame_above_the_limit_ends_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"max_frame_bytes": 1024}) as served, stranger(served) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send("x" * 2_000)
        assert await closed(socket) == CloseCode.TOO_LARGE


async def test_fragments_and_binary_frames(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as socket:
        await socket.send(iter(['{"type": "pi', 'ng", ', '"t": 3}']))
        assert await hear(socket) == {"type": "pong", "t": 3}
        for binary in (b"\x00", iter([b"{", b'"type": "ping", "t": 4}'])):
            await socket.send(binary)
            assert (await hear(socket))["code"] == "bad_frame"
        await say(socket, {"type": "ping", "t": 5})
        assert await hear(socket) == {"type": "pong", "t": 5}, "no part of a binary message was taken for text"


async def test_text_that_is_not_utf8_ends_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as socket:
        await socket.send(b'{"type": "ping", "t": "\xff"}', text=True)
        assert await closed(socket) == 1007


async def test_a_message_above_the_limit_ends_the_connection_though_its_fragments_are_small(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"max_frame_bytes": 1024}) as served, stranger(served) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(["x" * 400] * 3)
        assert await closed(socket) == CloseCode.TOO_LARGE


async def test_a_silent_client_is_pinged_and_a_dead_one_is_dropped(tmp_path: Path) -> None:
    limits = {"ping_interval_s": 0.05, "ping_timeout_s": 0.1, "send_timeout_s": 0.2}
    async with serving(tmp_path, client=limits) as served:
        async with stranger(served, ping_interval=None) as socket:
            served_for = served.gateway.connections
            for _ in range(3):
                await say(socket, {"type": "ping", "t": 0})
                await hear(socket)
                await asyncio.sleep(0.1)
            assert len(served_for) == 1, "who answers pings stays"
        assert await dropped(served, await mute(served))


async def mute(served: Served) -> socket.socket:
    """A client that says hello and then neither reads nor answers anything."""
    host, port = served.url.removeprefix("http://").split(":")
    plain = socket.create_connection((host, int(port)))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    request = (
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: dashstream.v2\r\n\r\n"
    )
    plain.sendall(request.encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await asyncio.to_thread(plain.recv, 1)
    for frame in ({**HELLO, "token": TOKEN}, {"type": "subscribe", "id": 1, "start": {"from": "earliest"}}):
        data = json.dumps(frame).encode()
        plain.sendall(b"\x81" + bytes((0x80 | 126,)) + len(data).to_bytes(2) + bytes(4) + data)
    return plain


async def dropped(served: Served, plain: socket.socket) -> bool:
    """Wait until the gateway has let go of a client; True when it was reset."""
    await served.connected(0)
    plain.settimeout(10)
    try:
        while await asyncio.to_thread(plain.recv, 65_536):
            pass
    except ConnectionResetError:
        return True
    finally:
        plain.close()
    return False


async def test_a_client_that_does_not_read_is_closed_in_time_and_costs_others_nothing(tmp_path: Path) -> None:
    limits = {"send_timeout_s": 0.3, "write_buffer_bytes": 16_384}
    async with serving(tmp_path, client=limits) as served:
        for thread in range(8):
            await served.store(records(60, thread=f"t{thread}", size=20_000))
        plain = await mute(served)
        async with stranger(served) as socket:
            await say(socket, {"type": "subscribe", "id": 1, "start": {"from": "earliest"}})
            heard = await replay_with_acks(socket)
            assert len(offsets(heard)) == 480
            await served.connected(1)
        plain.close()


async def test_what_is_not_acknowledged_is_bounded(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"max_batch_bytes": 4_096}) as served:
        await served.store(records(50, size=3_000))
        async with stranger(served) as socket:
            await say(socket, {"type": "subscribe", "id": 1, "start": {"from": "earliest"}, "window_bytes": 10_000})
            heard = []
            await say(socket, {"type": "ping", "t": "early"})
            while True:
                frame = await hear(socket)
                heard.append(frame)
                if frame == {"type": "pong", "t": "early"}:
                    await asyncio.sleep(0.1)
                    await say(socket, {"type": "ping", "t": "late"})
                if frame == {"type": "pong", "t": "late"}:
                    break
            size = sum(len(frame) for frame in heard if isinstance(frame, bytes))
            assert 0 < size < 10_000 + 2 * 4_096, "one page may go over the window"
            positions = {"0": "0"}
            for frame in heard:
                if isinstance(frame, bytes):
                    for entry in decode_frame(frame).entries:
                        positions[str(entry.partition)] = str(entry.offset + 1)
            await say(socket, {"type": "ack", "id": 1, "positions": positions})
            heard += await replay_with_acks(socket)
            assert len(offsets(heard)) == 50


async def test_a_stop_tells_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"drain_retry_ms": 77}) as served, stranger(served) as socket:
        await served.gateway.drain(1.0)
        assert await hear(socket) == {"type": "closing", "reason": "the gateway stops", "retry_after_ms": 77}
        assert await closed(socket) == CloseCode.GOING_AWAY


async def collect(subscriber: Subscriber, count: int) -> list[Delivered | Missing]:
    found: list[Delivered | Missing] = []
    async with asyncio.timeout(10):
        async for item in subscriber:
            found.append(item)
            if len(found) == count:
                break
    return found


async def test_the_own_client_follows_and_resumes_where_it_was(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.store(records(20))
        subscriber = Subscriber(served.ws_url, TOKEN)
        first = await collect(subscriber, 12)
        second = await collect(Subscriber(served.ws_url, TOKEN, cursor=subscriber.cursor, epoch=subscriber.epoch), 8)
        places = [(item.partition, item.offset) for item in first + second if isinstance(item, Delivered)]
        assert len(places) == len(set(places)) == 20
        assert places == sorted(places)


async def test_the_own_client_filters_and_stops_at_the_head(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.store(records(5, thread="a", run="ra") + records(7, thread="b", run="rb"))
        wanted = Subscriber(served.ws_url, TOKEN, Filter(threads=["b"]), stop_at_head=True)
        assert len([item async for item in wanted]) == 7
        nothing = Subscriber(served.ws_url, TOKEN, start=StartFrom.LATEST, stop_at_head=True)
        assert [item async for item in nothing] == []


async def test_the_own_client_says_why_it_cannot(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        with pytest.raises(UnauthenticatedError):
            await collect(Subscriber(served.ws_url, "wrong"), 1)
        with pytest.raises(ProtocolError):
            await collect(Subscriber(served.ws_url, TOKEN, Filter(runs=[str(n) for n in range(2_000)])), 1)


async def test_another_epoch_is_a_gap_and_a_new_start(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.store(records(3))
        (partition,) = await served.heads()
        found = await collect(Subscriber(served.ws_url, TOKEN, cursor={partition: 2}, epoch="another"), 4)
        assert isinstance(found[0], Missing)
        assert found[0].reason == "epoch_changed"
        assert len([item for item in found if isinstance(item, Delivered)]) == 3
