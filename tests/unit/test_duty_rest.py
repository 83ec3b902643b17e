"""When the duties rest: after a page of few records, so that the next one has more."""

from __future__ import annotations

import asyncio

import pytest

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
