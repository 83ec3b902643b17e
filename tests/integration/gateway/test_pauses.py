"""Viewers are told which partition's duties are paused, get its records all the same, and hear when it goes on."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from dashstream.engine.ports import NewRecord
from integration.gateway.serving import TOKEN, Served, serving

BAD = b"\x00\xff\xff"


async def subscribe(served: Served) -> ClientConnection:
    socket = await connect(
        served.ws_url, subprotocols=["dashstream.v2"], additional_headers={"Authorization": f"Bearer {TOKEN}"}
    )
    await socket.send(
        json.dumps({"type": "hello", "protocol": "dashstream.v2", "client": {"name": "test", "version": "1"}})
    )
    await socket.send(json.dumps({"type": "subscribe", "id": 1, "filter": {}, "start": {"from": "earliest"}}))
    return socket


async def hear_state(socket: ClientConnection, state: str) -> tuple[dict[str, Any], int]:
    """Return the next state frame of a kind, and how many data frames came before it."""
    data = 0
    async with asyncio.timeout(10):
        async for message in socket:
            if isinstance(message, bytes):
                data += 1
                continue
            frame = json.loads(message)
            if frame["type"] == "state" and frame["state"] == state:
                return frame, data
    raise AssertionError("the connection ended")


async def test_a_pause_is_told_at_once_and_to_who_comes_later(tmp_path: Path) -> None:
    async with serving(tmp_path, duties={"undecodable_policy": "pause"}) as served:
        early = await subscribe(served)
        await hear_state(early, "live")
        log = served.gateway.connections.services.log
        (appended,) = await log.append([NewRecord(b"thread", BAD, time.time_ns() // 1000)])
        told, _ = await hear_state(early, "paused")
        assert told["partition"] == appended.partition
        assert told["reason"] == f"partition {appended.partition} is paused at offset 0: decode"

        late = await subscribe(served)
        _, data = await hear_state(late, "live")
        assert data == 1
        assert (await hear_state(late, "paused"))[0]["partition"] == appended.partition

        answer = await served.http.post(f"/api/v1/partitions/{appended.partition}/resume")
        assert answer.json()["passed"]["reason"] == "decode"
        for socket in (early, late):
            await hear_state(socket, "live")
            await socket.close()
        again = await served.http.post(f"/api/v1/partitions/{appended.partition}/resume")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
