"""A gateway on its embedded log: what it takes in, and how quickly clients that come back are where they should be.

Each figure has a baseline of the same run: bare SQLite that writes the same batches or reads the same rows, a loop of
Python that does what taking in cannot do without, and the plainest way to bring records to a browser, a JSON message
each. Whole processes are measured: HTTP, checks, log, ring and run index take part in taking in, log or ring and
WebSocket in coming back.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import LOG_FILE
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import NewRecord, partition_of
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import decode
from dashstream.protocol.record_batch import pack_records, unpack_records

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from _processes import cpu_s  # noqa: E402  # found only now
from _producers import folded, produce  # noqa: E402  # found only now

from conftest import GatewayProcess  # noqa: E402  # found only now

BATCH = 100
THREADS = 16
FILL = 5_000
RING_RECORDS = 10_000
NAIVE_RECORDS = 50_000
MAX_BYTES = 32 << 20
WINDOW_BYTES = 8 << 20
ACKS_PER_WINDOW = 4
"""How often the client says what it has: far below the frames a second that it may send."""
READ_S = 120.0
Row = tuple[str, str, str, str, str]


def record(thread: str, sequence: int, size: int) -> bytes:
    """Return a framed record of about ``size`` bytes."""
    header = pb.Header(
        message_id=sequence.to_bytes(16, "big"),
        timestamp_us=time.time_ns() // 1_000,
        tenant_id="default",
        thread_id=thread,
        run_id=thread,
        sequence=sequence,
        type=pb.MESSAGE_TYPE_EVENT,
        schema_version=1,
        producer_id=thread,
        producer_epoch=1,
    )
    event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS)
    event.attributes["text"].string_value = "x" * (size - 130)
    return b"\x00" + pb.DashStreamMessage(event=event).SerializeToString()


async def fill(path: Path, count: int, size: int) -> None:
    """Write a log of one partition without a gateway."""
    log = SqliteLog.open(path, LogLimits(partitions=1))
    value = record("old", 1, size)
    for _ in range(count // FILL):
        await log.append([NewRecord(b"old", value, 1)] * FILL)
    await log.close()


async def ingested(gateway: GatewayProcess, senders: int, records: int, size: int) -> tuple[float, float]:
    """Take records in; return the wall time until all are acknowledged, and the CPU time until all are indexed too."""
    assert gateway.process
    bodies = [
        [
            pack_records([record(f"s{sender}-{n % THREADS}", n // THREADS + 1, size) for n in range(at, at + BATCH)])
            for at in range(0, records // senders, BATCH)
        ]
        for sender in range(senders)
    ]
    cpu, began = cpu_s(gateway.process.pid), time.monotonic()
    assert await produce(gateway, bodies) == records
    wall = time.monotonic() - began
    await folded(gateway, records)
    return wall, cpu_s(gateway.process.pid) - cpu


@contextmanager
def bare_log(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a new table of records, durable as the log is."""
    with closing(sqlite3.connect(path, isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE records(offset INTEGER PRIMARY KEY, partition INTEGER, value BLOB)")
        yield bare


def write_batch(bare: sqlite3.Connection, rows: Sequence[tuple[int, bytes]]) -> None:
    bare.execute("BEGIN")
    bare.executemany("INSERT INTO records(partition, value) VALUES (?, ?)", rows)
    bare.execute("COMMIT")


def bare_writes(path: Path, values: Sequence[bytes]) -> float:
    """Return the time that SQLite takes for the same batches, each durable."""
    with bare_log(path) as bare:
        began = time.monotonic()
        for start in range(0, len(values), BATCH):
            write_batch(bare, [(0, value) for value in values[start : start + BATCH]])
        return time.monotonic() - began


def bare_ingest(path: Path, bodies: Sequence[bytes]) -> float:
    """Return the time of what nobody can do without, in one loop: take a batch apart, parse it, write it durably."""
    with bare_log(path) as bare:
        began = time.monotonic()
        for body in bodies:
            parsed = [(decode(value).header, value) for value in unpack_records(body, max_records=BATCH)]
            write_batch(bare, [(partition_of(header.thread_id.encode(), 4), value) for header, value in parsed])
        return time.monotonic() - began


def bare_reads(path: Path) -> float:
    """Return the time that SQLite takes for all rows, in order."""
    with closing(sqlite3.connect(path)) as bare:
        began = time.monotonic()
        for _ in bare.execute("SELECT offset, key, value FROM records_0 ORDER BY offset"):
            pass
        return time.monotonic() - began


async def naive(value: bytes, clients: int, each: int) -> float:
    """Return the time until all clients have what they have missed: a JSON message a record, from a list in memory."""
    message = json.dumps({"partition": 0, "offset": 1, "value": base64.b64encode(value).decode()})

    async def send(socket: ServerConnection) -> None:
        await socket.recv()
        for _ in range(each):
            await socket.send(message)

    async def receive(socket: ClientConnection) -> None:
        await socket.send("subscribe")
        async for text in socket:
            json.loads(text)

    async with serve(send, "127.0.0.1", 0, compression=None) as server, AsyncExitStack() as stack:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        there = [await stack.enter_async_context(connect(url, compression=None, proxy=None)) for _ in range(clients)]
        began = time.monotonic()
        await asyncio.gather(*map(receive, there))
        return time.monotonic() - began


@asynccontextmanager
async def client_of(gateway: GatewayProcess) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """A client that was welcomed, and by what."""
    async with connect(
        gateway.ws_url,
        subprotocols=[Subprotocol("dashstream.v2")],
        additional_headers={"Authorization": f"Bearer {gateway.token}"},
        compression=None,
        max_size=MAX_BYTES,
        proxy=None,
    ) as socket:
        await socket.send(
            json.dumps({"type": "hello", "protocol": "dashstream.v2", "client": {"name": "b", "version": "1"}})
        )
        yield socket, json.loads(await socket.recv())


async def resumed(socket: ClientConnection, welcome: dict[str, Any], back: int | None) -> tuple[float, int, str]:
    """Come back from ``back`` records before the end of each partition; return time, records and tiers."""
    ends = {str(place["partition"]): int(place["high"]) for place in welcome["partitions"]}
    start: dict[str, Any] = {"from": "earliest"}
    if back is not None:
        positions = {partition: str(max(0, end - back)) for partition, end in ends.items()}
        start = {"from": "cursor", "epoch": welcome["epoch"], "positions": positions}
    began = time.monotonic()
    await socket.send(json.dumps({"type": "subscribe", "id": 1, "start": start, "window_bytes": WINDOW_BYTES}))
    base, delivered = int(start.get("positions", {}).get("0", 0)), 0
    unacknowledged = 0
    async for message in socket:
        if isinstance(message, bytes):
            unacknowledged += len(message)
            if unacknowledged < WINDOW_BYTES // ACKS_PER_WINDOW:
                continue
            unacknowledged = first = shift = 0
            for byte in message[4:]:
                first |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            await socket.send(json.dumps({"type": "ack", "id": 1, "positions": {"0": str(base + first - 1)}}))
        else:
            frame = json.loads(message)
            if frame["type"] == "replay_complete":
                delivered = int(frame["delivered"])
                assert frame["outcome"] == "complete", frame
                tiers = ", ".join(name for name, count in frame["tiers"].items() if int(count))
                return time.monotonic() - began, delivered, tiers
    raise ConnectionError("the gateway hung up")


async def crowd(gateway: GatewayProcess, clients: int, back: int) -> tuple[float, int]:
    """Let many clients come back at once; return the time until the last one has all, and all records."""
    async with AsyncExitStack() as stack:
        there = [await stack.enter_async_context(client_of(gateway)) for _ in range(clients)]
        began = time.monotonic()
        found = await asyncio.gather(*(resumed(socket, welcome, back) for socket, welcome in there))
        return time.monotonic() - began, sum(delivered for _, delivered, _ in found)


async def taking_in(folder: Path, given: argparse.Namespace) -> list[Row]:
    """Measure ingest on a new gateway."""
    gateway = GatewayProcess(folder / "new")
    await gateway.start()
    wall, cpu = await ingested(gateway, given.senders, given.records, given.bytes)
    await gateway.stop()
    value = record("t", 1, given.bytes)
    bare = given.records / bare_writes(folder / "bare.db", [value] * given.records)
    least = given.records / bare_ingest(folder / "least.db", [pack_records([value] * BATCH)] * (given.records // BATCH))
    rate = given.records / wall
    name = f"ingest, batches of {BATCH}, {given.senders} senders"
    return [
        (name, f"{rate:,.0f} records/s", f"{bare:,.0f} by bare SQLite", f"{rate / bare:.2f}", "50,000"),
        ("... beside a loop that takes apart, parses, writes", "", f"{least:,.0f}", f"{rate / least:.2f}", ""),
        ("... per second of the gateway's CPU, indexed", f"{given.records / cpu:,.0f} records", "", "", ""),
    ]


async def coming_back(folder: Path, given: argparse.Namespace) -> list[Row]:
    """Measure resumes and a replay on a gateway that has a history behind it, and the newest of it in memory."""
    log = folder / "gateway" / LOG_FILE
    log.parent.mkdir(parents=True)
    await fill(log, given.history, given.bytes)
    gateway = GatewayProcess(folder / "gateway", env={"DASHSTREAM_LOG_RETENTION_AGE_S": "0"})
    await gateway.start()
    rows: list[Row] = []
    await ingested(gateway, given.senders, given.records, given.bytes)
    await folded(gateway, given.history + given.records)
    value = record("t", 1, given.bytes)
    async with client_of(gateway) as (socket, welcome):
        wall, count, tiers = await resumed(socket, welcome, RING_RECORDS)
    plain = await naive(value, 1, count)
    beside = f"{1e3 * plain:.0f} ms as JSON messages"
    rows.append((f"resume of {count:,} ({tiers})", f"{1e3 * wall:.0f} ms", beside, f"{wall / plain:.2f}", "100 ms"))
    wall, count = await crowd(gateway, given.clients, given.each)
    plain = await naive(value, given.clients, count // given.clients)
    name, beside = f"{given.clients} clients at once, {count:,} records", f"{plain:.2f} s as JSON messages"
    rows.append((name, f"{wall:.2f} s", beside, f"{wall / plain:.2f}", "1 s"))
    assert gateway.process
    async with client_of(gateway) as (socket, welcome):
        cpu = cpu_s(gateway.process.pid)
        wall, count, tiers = await resumed(socket, welcome, None)
        cpu = cpu_s(gateway.process.pid) - cpu
    bare, plain = count / bare_reads(log), NAIVE_RECORDS / await naive(value, 1, NAIVE_RECORDS)
    rate, name = count / wall, f"replay of {count:,} ({tiers})"
    rows.append((name, f"{rate:,.0f} records/s", f"{bare:,.0f} by bare SQLite", f"{rate / bare:.2f}", "200,000"))
    rows.append(("... beside messages", "", f"{plain:,.0f} as JSON messages", f"{rate / plain:.1f}", ""))
    rows.append(("... per second of the gateway's CPU", f"{count / cpu:,.0f} records", "", "", ""))
    await gateway.stop()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000, help="to take in")
    parser.add_argument("--history", type=int, default=1_000_000, help="records that are on the log before")
    parser.add_argument("--bytes", type=int, default=300)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--each", type=int, default=100, help="records that each of them has missed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(taking_in(Path(folder), given)) + asyncio.run(coming_back(Path(folder), given))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    table = Table("what", "figure", "baseline", "ratio", "budget", title=f"{given.bytes} bytes a record; load {load}")
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
