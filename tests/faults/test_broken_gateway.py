"""A gateway that breaks a promise is caught: the real one with one fault in it, under the same judge as chaos runs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from conftest import DASHSTREAM, GatewayProcess
from dashstream.app.data_dir import LOG_FILE
from dashstream.bench import subscriber
from dashstream.bench.facts import LogFacts, Record
from dashstream.bench.judge import JournalChecker, Violation
from dashstream.cli.connection import Gateway
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from data_dirs import run_records
from parts import broken_gateway
from parts.broken_gateway import DeliveryFault

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

END_S = 60.0
RECORDS = 400


@asynccontextmanager
async def broken(folder: Path, fault: DeliveryFault) -> AsyncIterator[GatewayProcess]:
    """A running gateway with a fault; it ends with the block, whatever came of it."""
    tests = str(Path(__file__).parents[1])
    command = (sys.executable, "-m", broken_gateway.__name__, fault, "serve")
    gateway = GatewayProcess(folder / "gateway", command=command, env={"PYTHONPATH": tests})
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def benched(gateway: GatewayProcess, *flags: str) -> tuple[int | None, dict[str, Any]]:
    """Put load on a gateway; return the exit code and the report."""
    flags = ("--records", str(RECORDS), "--rate", "2000", "--clients", "3", "--settle", "5", *flags)
    command = (DASHSTREAM, "bench", "--json", "--data-dir", gateway.data_dir, *flags)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), END_S)
    return process.returncode, json.loads(out)


async def test_a_gateway_that_keeps_its_promises_passes(tmp_path: Path) -> None:
    async with broken(tmp_path, DeliveryFault.NONE) as gateway:
        code, report = await benched(gateway, "--cut-every", "0.2")
    assert (code, report["verdict"], report["violations"]) == (0, "kept", [])
    assert (report["records"], report["delivered"], report["gaps"]) == (RECORDS, 3 * RECORDS, 0)
    assert report["connections"] > 3
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"] <= report["latency_ms"]["max"]


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        (DeliveryFault.SKIP, {"missing", "sequence"}),
        (DeliveryFault.DOUBLE, {"duplicate"}),
        (DeliveryFault.REORDER, {"reordered"}),
        (DeliveryFault.ALTER, {"altered", "foreign"}),
    ],
)
async def test_a_spoilt_page_is_noticed(tmp_path: Path, fault: DeliveryFault, rules: set[str]) -> None:
    """Where every client is dealt the same wrong page, the second of two rules is what gives it away."""
    async with broken(tmp_path, fault) as gateway:
        code, report = await benched(gateway)
    assert (code, report["verdict"]) == (1, "broken")
    assert rules & {violation["rule"] for violation in report["violations"]}


@pytest.mark.parametrize("fault", [DeliveryFault.NONE, DeliveryFault.DROP_GAP])
async def test_a_gap_that_is_not_told_is_noticed(tmp_path: Path, fault: DeliveryFault) -> None:
    """Old records are removed, as retention does it, before a client comes back that had seen none of them."""
    body = pack_records(run_records(thread="thread-1", steps=20))
    async with broken(tmp_path, fault) as gateway:
        await asyncio.to_thread(Gateway(gateway.url, gateway.token).post, "/v1/records", body, CONTENT_TYPE)
    facts = facts_after_trim(gateway.data_dir / LOG_FILE)
    async with broken(tmp_path, fault) as gateway:
        violations = await followed(gateway, tmp_path, facts)
    rules = {violation.rule for violation in violations}
    assert ("missing" in rules) if fault is DeliveryFault.DROP_GAP else rules == set()


def facts_after_trim(path: Path) -> LogFacts:
    """Remove the older half of each partition; return what was there and what is now."""
    with closing(sqlite3.connect(path)) as log, log:
        (epoch,) = log.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        facts = LogFacts(epoch)
        for partition, high in log.execute("SELECT partition, high FROM partitions").fetchall():
            table = f"records_{int(partition)}"
            rows = log.execute(f"SELECT offset, key, value FROM {table} ORDER BY offset").fetchall()  # noqa: S608  # own name
            facts.add(partition, [Record(offset, key.decode(), zlib.crc32(value)) for offset, key, value in rows])
            facts.low[partition], facts.high[partition] = high // 2, high
            log.execute(f"DELETE FROM {table} WHERE offset < ?", (high // 2,))  # noqa: S608  # as above
            log.execute("UPDATE partitions SET low = ? WHERE partition = ?", (high // 2, partition))
    return facts


async def followed(gateway: GatewayProcess, folder: Path, facts: LogFacts) -> list[Violation]:
    """Return what the judge says of a client that comes back with a cursor at the log's beginning."""
    journal = folder / "journal.jsonl"
    positions = dict.fromkeys(map(str, facts.high), 0)
    orders = subscriber.Orders(
        "client", 1, [gateway.ws_url], gateway.token, str(journal), epoch=facts.epoch, positions=positions
    )
    until = folder / "until.json"
    until.write_text(json.dumps(facts.high))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", subscriber.__name__, str(until), stdin=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(process.communicate(json.dumps([asdict(orders)]).encode()), END_S)
    assert process.returncode == 0
    return JournalChecker("client", None, facts).check(map(json.loads, journal.read_text().splitlines()))
