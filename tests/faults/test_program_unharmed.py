"""Whatever happens to the gateway, the observed program computes the same, ends in time, and loses nothing unsaid.

How much slower it gets is a benchmark's business (benchmarks/sdk.py), not a test's.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Decoded, Kind, decode
from dashstream.sdk.captures import RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings
from e2e.watching import EXIT_S, until

pytestmark = pytest.mark.faults

DASHSTREAM = Path(sys.executable).parent / "dashstream"
COUNTER = Path(__file__).resolve().parents[1] / "e2e" / "programs" / "counter.py"
STEPS = 300
OTHER = "another producer"


async def run_counter(
    folder: Path, environment: dict[str, str], *, half_way: Path | None = None, limit: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Run the program to its end under ``dashstream run``; returns its final state and how long its exit took."""
    result = folder / "result.json"
    arguments = [str(COUNTER), str(result), str(STEPS), *([str(half_way)] if half_way else [])]
    program = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        "run",
        *arguments,
        env={**os.environ, "DASHSTREAM_SDK_DATA_DIR": str(folder / "sdk"), **environment},
        preexec_fn=limit,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 0, errors.decode()
    outcome: dict[str, Any] = json.loads(result.read_text())
    outcome["exit_s"] = time.monotonic() - outcome["ended"]
    return outcome


def assert_unharmed(outcome: dict[str, Any]) -> None:
    assert outcome["final"] == {"count": STEPS, "seen": list(range(STEPS - 10, STEPS))}
    assert outcome["exit_s"] < EXIT_S


def absent() -> dict[str, str]:
    """The address of no server at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return {"DASHSTREAM_SDK_URL": f"http://127.0.0.1:{server.getsockname()[1]}", "DASHSTREAM_SDK_TOKEN": "none"}


@asynccontextmanager
async def hanging() -> AsyncIterator[dict[str, str]]:
    """A server that takes everything and never answers."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield {"DASHSTREAM_SDK_URL": f"http://127.0.0.1:{port}", "DASHSTREAM_SDK_TOKEN": "none"}


async def on_log(data_dir: Path) -> list[Decoded]:
    """All records of the log, by partition and offset."""
    log = SqliteLog.open(data_dir / "log.db", read_only=True)
    try:
        found = []
        for partition, mark in (await log.watermarks()).items():
            records = await log.read(partition, mark.low, max_records=100_000, max_bytes=1 << 30)
            found += [decode(record.value) for record in records if record.value is not None]
        return found
    finally:
        await log.close()


def assert_whole(records: list[Decoded]) -> None:
    """One run, every sequence once and in order, its last record the end of the run."""
    assert [record.header.sequence for record in records] == list(range(1, len(records) + 1))
    assert records[-1].message.event.run_status == pb.RUN_STATUS_OK


async def forwarded(gateway: Any, folder: Path) -> list[Decoded]:
    """Let another producer of the same data directory bring what the program left on disk; returns what it brought."""
    settings = SdkSettings(url=gateway.url, token=gateway.token, data_dir=folder / "sdk")
    publisher = Publisher(settings)
    try:
        RunEmitter(publisher, RunContext(run_id=OTHER, thread_id=OTHER)).warning("here", "")

        async def is_brought() -> bool:
            return not list((folder / "sdk" / "spool").iterdir())

        await until(is_brought, "nothing is left on disk")
    finally:
        publisher.close()
    return [record for record in await on_log(gateway.data_dir) if record.header.thread_id != OTHER]


async def test_with_no_gateway_and_then_one(gateway: Any, tmp_path: Path) -> None:
    assert_unharmed(await run_counter(tmp_path, absent()))
    assert_whole(await forwarded(gateway, tmp_path))


async def test_with_a_gateway_that_hangs(gateway: Any, tmp_path: Path) -> None:
    async with hanging() as environment:
        assert_unharmed(await run_counter(tmp_path, environment))
    assert_whole(await forwarded(gateway, tmp_path))


async def test_with_a_gateway_that_is_killed_half_way(restartable_gateway: Any, tmp_path: Path) -> None:
    gateway, half_way = restartable_gateway, tmp_path / "half-way"
    environment = {"DASHSTREAM_SDK_URL": gateway.url, "DASHSTREAM_SDK_TOKEN": gateway.token}
    running = asyncio.create_task(run_counter(tmp_path, environment, half_way=half_way))

    async def is_half_way() -> bool:
        return half_way.exists() or running.done()

    await until(is_half_way, "the program is half-way")
    await gateway.kill()
    assert_unharmed(await running)
    await gateway.start()
    assert_whole(await forwarded(gateway, tmp_path))


def events(records: list[Decoded]) -> int:
    return sum(record.kind is Kind.EVENT for record in records)


async def test_with_a_full_disk_losses_are_counted_and_said(gateway: Any, tmp_path: Path) -> None:
    """A file may not grow beyond 16 KiB, so the spool is full soon; what is lost is a record on the log later."""

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))

    assert_unharmed(await run_counter(tmp_path, absent(), limit=small_disk))
    records = await forwarded(gateway, tmp_path)
    losses = [item for record in records if record.kind is Kind.LOSS for item in record.message.loss.items]
    lost_events = sum(item.count for item in losses if item.type == pb.MESSAGE_TYPE_EVENT)
    assert lost_events > 0
    assert {item.reason for item in losses} == {pb.LOSS_REASON_SPOOL_FULL}
    sequences = [record.header.sequence for record in records]
    assert sequences == list(range(1, len(sequences) + 1)), "what never left took no sequence"
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    assert_unharmed(await run_counter(undisturbed, absent()))
    whole = [record for record in await forwarded(gateway, undisturbed) if record not in records]
    assert events(records) + lost_events == events(whole), "each event is on the log or counted as lost"
