"""A client made of a library that knows nothing of this project: says frames, and hears what comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashstream.protocol.batch import decode_frame
from integration.gateway.serving import TOKEN, Served

HELLO = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": "stranger", "version": "0"}}


@contextlib.asynccontextmanager
async def stranger(served: Served, *, hello: bool = True, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(served.ws_url, subprotocols=["dashstream.v2"], proxy=None, max_size=None, **options) as socket:
        if hello:
            await say(socket, {**HELLO, "token": TOKEN})
            assert (await hear(socket))["type"] == "welcome"
        yield socket


async def say(socket: ClientConnection, frame: dict[str, Any]) -> None:
    await socket.send(json.dumps(frame))


async def hear(socket: ClientConnection) -> Any:
    """Return the next frame: control frames decoded, data frames as they are."""
    message = await asyncio.wait_for(socket.recv(), 10)
    return message if isinstance(message, bytes) else json.loads(message)


async def hear_until(socket: ClientConnection, kind: str) -> list[Any]:
    """Return all frames up to the first of a type."""
    heard = [await hear(socket)]
    while not (isinstance(heard[-1], dict) and heard[-1]["type"] == kind):
        heard.append(await hear(socket))
    return heard


async def closed(socket: ClientConnection) -> int | None:
    """Read to the end; return the close code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    return socket.close_code


def offsets(frames: list[Any]) -> list[int]:
    return [entry.offset for frame in frames if isinstance(frame, bytes) for entry in decode_frame(frame).entries]


async def replay_with_acks(socket: ClientConnection) -> list[Any]:
    heard: list[Any] = []
    positions: dict[str, str] = {}
    while True:
        frame = await hear(socket)
        heard.append(frame)
        if isinstance(frame, bytes):
            for entry in decode_frame(frame).entries:
                positions[str(entry.partition)] = str(entry.offset + 1)
            await say(socket, {"type": "ack", "id": 1, "positions": positions})
        elif frame["type"] == "replay_complete":
            return heard
