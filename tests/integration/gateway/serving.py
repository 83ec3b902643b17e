"""A whole gateway in this process, on a real socket, with what a test needs to talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dashstream.app import data_dir
from dashstream.app.gateway import _config, _listen, _Server
from dashstream.app.settings import GatewaySettings, Settings
from dashstream.app.wiring import Gateway, build
from dashstream.engine.sends import SendPath
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records

TOKEN = "the-token-of-this-test"


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition that has no event of its own; fail with ``what`` after ten seconds."""
    end = time.monotonic() + 10
    while not await condition():
        assert time.monotonic() < end, f"not within 10 s: {what}"
        await asyncio.sleep(0.005)


@dataclass
class Served:
    """A running gateway and a client for its HTTP API, with the token."""

    gateway: Gateway
    url: str
    http: httpx.AsyncClient

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    async def post(self, values: Sequence[bytes]) -> httpx.Response:
        return await self.http.post("/v1/records", content=pack_records(values), headers={"Content-Type": CONTENT_TYPE})

    async def store(self, values: Sequence[bytes]) -> None:
        """Store records; all have to be new."""
        answer = await self.post(values)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == len(values)

    async def indexed(self, count: int) -> None:
        """Return when the run index has this many runs."""

        async def are_there() -> bool:
            answer = await self.http.get("/api/v1/runs", params={"limit": "500"})
            return len(answer.json()["runs"]) >= count

        await until(are_there, f"{count} runs are indexed")

    async def connected(self, count: int) -> None:
        """Return when this many clients are connected."""

        async def are_connected() -> bool:
            return len(self.gateway.connections) == count

        await until(are_connected, f"{count} clients are connected")

    async def metric(self, name: str, **labels: str) -> float:
        """Return the value of one series as the gateway shows it."""
        wanted = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        series = f"{name}{{{wanted}}}" if labels else name
        for line in (await self.http.get("/metrics")).text.splitlines():
            if line.startswith(series + " "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no {series}")

    def timeouts(self, *paths: SendPath) -> int:
        """Clients that were closed because they did not read or answer, on these paths or in all."""
        return sum(
            count for path, count in self.gateway.connections.sends.timed_out.items() if path in (paths or SendPath)
        )

    async def heads(self) -> dict[int, int]:
        """High watermarks of the partitions that hold something, as the log itself says."""
        log = self.gateway.connections.services.log
        return {partition: mark.high for partition, mark in (await log.watermarks()).items() if mark.high}


@asynccontextmanager
async def serving(folder: Path, **sections: dict[str, Any]) -> AsyncIterator[Served]:
    """Serve on a free port of the loopback; ``sections`` change settings: ``client={"max_connections": 1}``."""
    settings = Settings(gateway=GatewaySettings(port=0, data_dir=folder, drain_s=1.0))
    for name, changes in sections.items():
        section = dataclasses.replace(getattr(settings, name), **changes)
        settings = dataclasses.replace(settings, **{name: section})
    data_dir.prepare(folder)
    with contextlib.closing(_listen(settings)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with build(settings, TOKEN, "instance") as gateway:
            server = _Server(_config(settings, gateway))
            task = asyncio.create_task(server.serve([listener]))
            await server.ready.wait()
            client = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
            try:
                async with client:
                    yield Served(gateway, url, client)
            finally:
                await gateway.drain(1.0)
                server.should_exit = True
                await task


def records(count: int, *, thread: str = "t", run: str = "r", first: int = 1, size: int = 0) -> list[bytes]:
    """Records of one producer, each with its sequence; ``size`` makes them larger."""
    producer = uuid.uuid5(uuid.NAMESPACE_OID, thread).hex
    return [
        record(number, thread=thread, run=run, producer=producer, size=size) for number in range(first, first + count)
    ]


def record(
    sequence: int, *, thread: str = "t", run: str = "r", producer: str = "p", epoch: int = 1, size: int = 0
) -> bytes:
    header = pb.Header(
        message_id=uuid.uuid4().bytes,
        timestamp_us=1_700_000_000_000_000 + min(sequence, 10**6),
        tenant_id="default",
        thread_id=thread,
        run_id=run,
        sequence=sequence,
        producer_id=producer,
        producer_epoch=epoch,
        type=pb.MESSAGE_TYPE_EVENT,
        schema_version=1,
    )
    event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS, node_id="n")
    if size:
        event.attributes["padding"].string_value = os.urandom(size // 2).hex()
    return encode(pb.DashStreamMessage(event=event))
