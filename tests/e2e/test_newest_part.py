"""The newest part of a large run is shown, verified, while the rest is still read; then the whole takes its place."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.protocol.patch import Op, OpKind
from e2e.faults import fault, metric, oracle_state, post, prepare, told
from e2e.watching import shown_state, until
from run_builder import RunBuilder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

STEPS = 10_000
WHOLE_STATE_EVERY = 1_000
NOISE_BYTES = 250


def large_run() -> RunBuilder:
    """40,000 records that hardly compress, with a whole state now and then, of a run that still goes on."""
    chance = random.Random(7)
    run = RunBuilder(graph="large", thread_id="large", counted=True)
    run.start({"n": 0, "noise": ""})
    for step in range(1, STEPS + 1):
        noise = chance.randbytes(NOISE_BYTES).hex()
        run.step(step, [Op(OpKind.REPLACE, ("n",), step), Op(OpKind.REPLACE, ("noise",), noise)])
        if step % WHOLE_STATE_EVERY == 0 and step < STEPS:
            run.checkpoint(run.state)
    return run


async def has_connections(gateway: Any, number: int) -> bool:
    return await asyncio.to_thread(metric, gateway, "dashstream_connections") == number


async def test_the_newest_part_is_shown_until_the_whole_is_there(gateway: Any, page: Page) -> None:
    run = large_run()
    await post(gateway, run.records)
    await prepare(page, faults={"hold": 1})
    await page.goto(f"{gateway.url}/runs/{run.run_id}#token={gateway.token}")

    badge = page.get_by_test_id("receipt-badge")
    await expect(page.get_by_text("This run is large")).to_be_visible()
    assert (await shown_state(page))["n"] == STEPS
    await expect(page.get_by_test_id("hash-badge")).to_have_attribute("data-verification", "verified")
    await expect(page.get_by_test_id("run-page")).to_have_attribute("data-phase", "catching_up")
    read = int(await badge.get_attribute("data-received") or 0)
    assert 0 < read < len(run.records) // 2, "no record of the newest part is counted as read"
    await expect(badge).to_have_attribute("data-total", str(len(run.records)))
    await expect(badge).to_have_attribute("data-complete", "false")
    assert await has_connections(gateway, 2)

    await fault(page, hold=0)
    await expect(badge).to_have_attribute("data-received", str(len(run.records)), timeout=120_000)
    await expect(page.get_by_test_id("run-page")).to_have_attribute("data-phase", "live")
    await expect(page.get_by_text("This run is large")).to_have_count(0)
    await until(lambda: has_connections(gateway, 1), "the second connection ends")
    await expect(badge).to_have_attribute("data-total", str(len(run.records)))
    await expect(badge).to_have_attribute("data-verification", "verified")
    assert await shown_state(page) == await oracle_state(gateway, run.run_id)
    frames = await told(page)
    assert {frame.duplicates for frame in frames} == {0}
    received = [frame.received for frame in frames]
    assert received == sorted(received)
    assert max(received) == len(run.records)
