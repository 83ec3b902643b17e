"""How the duties share their time: a rest after a page of few records, and each partition in its turn."""

from __future__ import annotations

import asyncio

import pytest

from dashstream.engine.duties import PAGES_IN_A_ROW
from dashstream.engine.duty_limits import DutyLimits
from duty_rig import Rig, good


async def test_the_walk_rests_after_a_small_page_and_after_no_larger_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep, rests = asyncio.sleep, []

    async def note(seconds: float) -> None:
        if seconds:
            rests.append((seconds, len(rig.taken)))
        await sleep(0)

    rig = Rig(limits=DutyLimits(commit_interval_s=0, page_records=80, rest_s=7))
    await rig.append(*[good()] * (80 + 40))
    rig.ownership.changed = lambda _: asyncio.Event().wait()  # type: ignore[assignment]  # nothing changes
    monkeypatch.setattr(asyncio, "sleep", note)
    running = asyncio.create_task(rig.duties.run())
    await rig.until(lambda: len(rig.taken) == 120)
    await rig.append(*[good()] * 39)
    await rig.until(lambda: bool(rests))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert rests == [(7, 159)]


async def test_no_partition_waits_behind_a_busy_one() -> None:
    rig = Rig(partitions=2, limits=DutyLimits(commit_interval_s=0, page_records=2))
    await rig.duties.start()
    await rig.append(*[good()] * 100, partition=0)
    await rig.append(good(), partition=1)
    await rig.duties.follow()
    for _ in range(PAGES_IN_A_ROW):
        await rig.duties.turn()
    assert {record.partition for record in rig.taken} == {0, 1}
    assert len(rig.taken) < 101
