"""The command line's subscriber against a gateway that loses a record in delivery."""

from __future__ import annotations

import json
import time

import pytest
import websockets

from dashstream.adapters.websocket.client import Delivered, Subscriber
from dashstream.engine.backoff import BackoffLimits
from dashstream.errors import ProtocolError
from dashstream.protocol.batch import encode_frame_lead, encode_lead
from dashstream.protocol.codes import CloseCode

EPOCH = "8f3a9c0d11223344"


def data_frame(first_delivery: int, *entries: tuple[int, int]) -> bytes:
    """Return a frame of entries, each an offset and its step."""
    body = b"".join(encode_lead(0, offset, step, 5) + b"value" for offset, step in entries)
    return encode_frame_lead(1, first_delivery) + body


async def test_a_hole_in_delivery_is_resumed_and_never_passed_over() -> None:
    asked: list[dict[str, object]] = []

    async def serve(socket: websockets.ServerConnection) -> None:
        await socket.recv()
        start = json.loads(await socket.recv())["start"]
        asked.append(start)
        begin = start.get("positions", {"0": "0"})
        await socket.send(
            json.dumps(
                {
                    "type": "subscribed",
                    "id": 1,
                    "epoch": EPOCH,
                    "start": begin,
                    "mode": start["from"],
                    "tiers": [],
                    "window_bytes": 1,
                }
            )
        )
        if len(asked) == 1:
            await socket.send(data_frame(1, (0, 0), (1, 1), (3, 1)))
            await socket.wait_closed()
            return
        await socket.send(data_frame(1, (1, 1), (2, 1), (3, 1)))
        tiers = {"memory": "0", "retained": "0", "log": "3"}
        verdict = {"outcome": "complete", "delivered": "3", "gaps": 0, "positions": {"0": "4"}, "tiers": tiers}
        await socket.send(json.dumps({"type": "replay_complete", "id": 1, **verdict}))
        await socket.wait_closed()

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        subscriber = Subscriber(
            f"ws://127.0.0.1:{port}/ws",
            "token",
            stop_at_head=True,
            backoff=BackoffLimits(first_s=0.001, longest_s=0.001),
        )
        found = [item async for item in subscriber]
    assert [item.offset for item in found if isinstance(item, Delivered)] == [0, 1, 2, 3]
    assert len(found) == 4
    assert asked[1] == {"from": "cursor", "epoch": EPOCH, "positions": {"0": "2"}}


async def test_it_acknowledges_a_few_times_per_window_and_not_every_frame() -> None:
    window, frames = 400, [data_frame(at, (at, 1)) for at in range(1, 41)]
    heard: list[dict[str, object]] = []

    async def serve(socket: websockets.ServerConnection) -> None:
        await socket.recv()
        await socket.recv()
        subscribed = {"id": 1, "epoch": EPOCH, "start": {"0": "1"}, "mode": "earliest", "tiers": []}
        await socket.send(json.dumps({"type": "subscribed", **subscribed, "window_bytes": window}))
        for frame in frames:
            await socket.send(frame)
        tiers = {"memory": "0", "retained": "0", "log": "40"}
        verdict = {"outcome": "complete", "delivered": "40", "gaps": 0, "positions": {"0": "41"}, "tiers": tiers}
        await socket.send(json.dumps({"type": "replay_complete", "id": 1, **verdict}))
        heard.extend([json.loads(message) async for message in socket])

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = [item async for item in Subscriber(f"ws://127.0.0.1:{port}/ws", "token", stop_at_head=True)]
    assert len(found) == 40
    assert {len(frame) for frame in frames} == {len(frames[0])}
    per_ack = -(-window // 4 // len(frames[0]))
    assert [ack["positions"] for ack in heard] == [{"0": str(at + 1)} for at in range(per_ack, 41, per_ack)]


async def test_it_comes_back_not_before_it_is_told() -> None:
    came: list[float] = []

    async def serve(socket: websockets.ServerConnection) -> None:
        came.append(time.monotonic())
        await socket.recv()
        await socket.recv()
        if len(came) == 1:
            await socket.send(json.dumps({"type": "closing", "reason": "stop", "retry_after_ms": 500}))
        await socket.close(CloseCode.GOING_AWAY if len(came) < 3 else CloseCode.BAD_REQUEST)

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ProtocolError):
            async for _ in Subscriber(f"ws://127.0.0.1:{port}/ws", "token", backoff=BackoffLimits(0.001, 0.001)):
                pass
    first, second, third = came
    assert second - first >= 0.5
    assert third - second < second - first, "the word of one connection says nothing about the next one"
