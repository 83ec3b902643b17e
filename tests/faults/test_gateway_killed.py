"""The gateway is killed with -9 ten times at random moments of a run; nothing is lost, doubled or wrong.

Three witnesses have to agree: the program's own final state, the log on disk, and the page that was open all
the time and had to recover by itself.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.protocol.proto_codec import read_header
from e2e.watching import finish, run_program, shown_state, until

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.timeout(300)]

KILLS = 10
RECORDS_PER_SECOND = 500
BETWEEN_KILLS = (150, 900)  # records, so that a kill falls at any place of a batch
"""No clock decides when to kill: progress of the log does."""


async def log_length(data_dir: Path) -> int:
    """Records on the log, read as another process reads them, with no gateway's help."""
    log = SqliteLog.open(data_dir / "log.db", read_only=True)
    try:
        return sum(mark.high - mark.low for mark in (await log.watermarks()).values())
    finally:
        await log.close()


async def sequences_on_log(data_dir: Path) -> Counter[tuple[str, str, int]]:
    """How often each (producer, thread, sequence) is stored."""
    log = SqliteLog.open(data_dir / "log.db", read_only=True)
    found: Counter[tuple[str, str, int]] = Counter()
    try:
        for partition, mark in (await log.watermarks()).items():
            offset = mark.low
            while page := await log.read(partition, offset, max_records=1000, max_bytes=1 << 24):
                for record in page:
                    header = read_header(record.value).header
                    found[header.producer_id, header.thread_id, header.sequence] += 1
                offset = page[-1].offset + 1
    finally:
        await log.close()
    return found


async def test_ten_kills_lose_nothing_and_double_nothing(restartable_gateway: Any, page: Page, tmp_path: Path) -> None:
    gateway = restartable_gateway
    stop_file, result_file = tmp_path / "stop", tmp_path / "result.json"
    chance = random.Random(20_260)
    program = await run_program(
        gateway,
        "ticker.py",
        str(stop_file),
        str(result_file),
        str(RECORDS_PER_SECOND),
        data_dir=tmp_path / "sdk",
    )
    await page.goto(f"{gateway.url}/#token={gateway.token}")
    await page.get_by_test_id("run-row").first.click()
    await expect(page.get_by_test_id("run-page")).to_be_visible()

    for _ in range(KILLS):
        goal = await log_length(gateway.data_dir) + chance.randint(*BETWEEN_KILLS)

        async def grown(goal: int = goal) -> bool:
            return await log_length(gateway.data_dir) >= goal

        await until(grown, f"the log has {goal} records")
        await gateway.kill()
        await gateway.start()

    stop_file.touch()
    await finish(program)
    final = json.loads(result_file.read_text())

    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-complete", "true", timeout=60_000)
    stored = await sequences_on_log(gateway.data_dir)
    assert set(stored.values()) == {1}, "a record is on the log more than once"
    sequences = sorted(sequence for _, _, sequence in stored)
    assert sequences == list(range(1, len(sequences) + 1)), "a record is missing from the log"
    assert await badge.get_attribute("data-received") == str(len(sequences))
    assert await badge.get_attribute("data-gaps") == "0"
    assert await shown_state(page) == final
    assert len(final["recent"]) == min(20, final["count"])
    await asyncio.wait_for(gateway.stop(), 30)
