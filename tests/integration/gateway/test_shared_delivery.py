"""Many clients of one gateway, written to natively and one by one: each gets all, whatever its neighbours do."""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from dashstream.adapters.websocket.client import Delivered, Subscriber
from dashstream.adapters.websocket.native import library
from dashstream.app import wiring
from dashstream.protocol.batch import decode_frame
from dashstream.protocol.framing import decompress
from integration.gateway.plain import SUBSCRIBE, read_until, stalled
from integration.gateway.serving import TOKEN, Served, records, serving, until
from integration.gateway.talking import HELLO, hear, hear_until, say, stranger

LATEST = {**SUBSCRIBE, "start": {"from": "latest"}}
ROUNDS = 40
BATCH = 25


@pytest.fixture(params=["native", "plain"], autouse=True)
def writes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How pages are written to many clients."""
    if request.param == "plain":
        monkeypatch.setattr(wiring, "library", lambda: None)
    else:
        assert library() is not None, "`make setup` compiles it"
    return str(request.param)


async def live(served: Served, count: int) -> None:
    """Return when so many subscriptions follow the ring."""
    hub = served.gateway.connections.services.hub

    async def are_live() -> bool:
        return len(hub) == count

    await until(are_live, f"{count} are live")


async def store(served: Served, rounds: int, *, first: int = 0, size: int = 0) -> None:
    """Store batches one after the other, so that they come in several pages."""
    for number in range(first, first + rounds):
        await served.store(records(BATCH, first=number * BATCH + 1, size=size))


async def follow(served: Served, count: int, **options: Any) -> list[int]:
    """Follow from the end until so many records have come; a gap would be another item."""
    found: list[int] = []
    async for item in Subscriber(served.ws_url, TOKEN, start="latest", **options):
        assert isinstance(item, Delivered)
        found.append(item.offset)
        if len(found) == count:
            break
    return found


async def test_it_tells_how_it_writes(tmp_path: Path, writes: str) -> None:
    async with serving(tmp_path) as served:
        assert await served.metric("dashstream_native_writes") == (writes == "native")


async def test_each_gets_each_record_once_and_in_order(tmp_path: Path) -> None:
    """Some read plain pages, some compressed ones, one only a run, two subscribe twice."""
    async with serving(tmp_path, log={"partitions": 1}) as served, asyncio.timeout(60):
        total = ROUNDS * BATCH

        async def listen(frames: list[dict[str, Any]], **hello: Any) -> dict[int, list[int]]:
            found: dict[int, list[int]] = {frame["id"]: [] for frame in frames}
            async with stranger(served, hello=False) as client:
                await say(client, {**HELLO, "token": TOKEN, **hello})
                await hear_until(client, "welcome")
                for frame in frames:
                    await say(client, frame)
                while min(map(len, found.values())) < total:
                    heard = await hear(client)
                    if isinstance(heard, bytes):
                        page = decode_frame(heard, decompress=partial(decompress, limit=1 << 24))
                        offsets = found[page.subscription]
                        assert page.first_delivery == len(offsets) + 1
                        offsets += [entry.offset for entry in page.entries]
                        ack = {"type": "ack", "id": page.subscription, "positions": {"0": str(offsets[-1] + 1)}}
                        await say(client, ack)
            return found

        second = {**LATEST, "id": 200, "filter": {"runs": ["r"]}}
        jobs = [listen([LATEST]) for _ in range(6)]
        jobs += [listen([{**LATEST, "id": 300}], compression=["zstd"]) for _ in range(3)]
        jobs += [listen([LATEST, second]) for _ in range(2)]
        tasks = [asyncio.create_task(job) for job in jobs]
        await live(served, 13)
        await store(served, ROUNDS, size=100)
        for found in await asyncio.gather(*tasks):
            for offsets in found.values():
                assert offsets == list(range(total))


async def test_who_stops_reading_gets_all_of_it_when_it_reads_again_and_the_others_do_not_wait(tmp_path: Path) -> None:
    async with serving(tmp_path, log={"partitions": 1}) as served, asyncio.timeout(60):
        quick = [asyncio.create_task(follow(served, ROUNDS * BATCH)) for _ in range(5)]
        plain = await asyncio.to_thread(stalled, served, LATEST)
        await live(served, 6)
        await store(served, ROUNDS, size=4_000)
        for task in quick:
            assert await task == list(range(ROUNDS * BATCH))
        plain.setblocking(False)
        assert await read_records(plain) == list(range(ROUNDS * BATCH))
        plain.close()


async def read_records(plain: socket.socket) -> list[int]:
    """Read a server's frames off a plain socket until all records have come; return their offsets."""
    loop, data, found = asyncio.get_running_loop(), bytearray(), list[int]()
    while len(found) < ROUNDS * BATCH:
        data += await loop.sock_recv(plain, 65_536)
        while len(data) > 10:
            length, at = data[1], 2
            if length >= 126:
                at = 4 if length == 126 else 10
                length = int.from_bytes(data[2:at])
            if len(data) < at + length:
                break
            if data[0] == 0x82:
                page = decode_frame(bytes(data[at : at + length]))
                assert page.first_delivery == len(found) + 1
                found += [entry.offset for entry in page.entries]
            del data[: at + length]
    return found


async def test_a_connection_that_breaks_failed_at_what_was_sent_last(tmp_path: Path) -> None:
    async with serving(tmp_path, log={"partitions": 1}, client={"progress_interval_s": 3_600.0}) as served:
        clients = [await asyncio.to_thread(stalled, served, LATEST) for _ in range(3)]
        for plain in clients:
            await asyncio.to_thread(read_until, plain, b'"state":"live"}')
        await live(served, 3)
        await served.store(records(1))
        for plain in clients:
            await asyncio.to_thread(read_until, plain, b"\x82")
        for plain in clients[:2]:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            plain.close()
        await served.connected(1)
        failed = served.gateway.connections.sends.failed
        assert {path: count for path, count in failed.items() if count} == {"live": 2}
        await served.store(records(1, first=2))
        await asyncio.to_thread(read_until, clients[2], b"\x82")
        clients[2].close()


async def test_a_client_that_leaves_and_comes_back_misses_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, log={"partitions": 1}) as served, asyncio.timeout(60):
        stays = asyncio.create_task(follow(served, ROUNDS * BATCH))
        await live(served, 1)
        storing = asyncio.create_task(store(served, ROUNDS))
        came: list[int] = []
        while len(came) < ROUNDS * BATCH:
            async with stranger(served) as client:
                positions = {"0": str(len(came))}
                start = {"from": "cursor", "epoch": served.gateway.epoch, "positions": positions}
                await say(client, {**SUBSCRIBE, "start": start})
                came += await some_of(client, ROUNDS * BATCH - len(came))
        await storing
        assert came == await stays == list(range(ROUNDS * BATCH))


async def some_of(client: ClientConnection, missing: int) -> list[int]:
    """Return the offsets of the next few pages."""
    found: list[int] = []
    for _ in range(8):
        if len(found) == missing:
            break
        heard = await hear(client)
        if isinstance(heard, bytes):
            found += [entry.offset for entry in decode_frame(heard).entries]
    return found
