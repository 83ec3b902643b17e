"""The newest part of a large run is shown, verified, while the rest is still read; then the whole takes its place."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.protocol.patch import Op, OpKind
from e2e.faults import fault, metric, oracle_state, post, prepare, told
from e2e.watching import playhead, shown_state, until
from run_builder import RunBuilder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

STEPS = 10_000
WHOLE_STATE_EVERY = 1_000
NOISE_BYTES = 250
UNREAD = 7_321


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


async def received(page: Page) -> int:
    return int(await page.get_by_test_id("receipt-badge").get_attribute("data-received") or 0)


async def is_indexed(gateway: Any, run: RunBuilder) -> bool:
    return bool((await oracle_state(gateway, run.run_id))["n"] == STEPS)


async def lists_what_was_read_and_the_newest(page: Page) -> bool:
    newest = 1 + 4 * WHOLE_STATE_EVERY
    figure = f"{await received(page) + newest:,} records"
    return await page.get_by_test_id("events-pane").get_by_text(figure, exact=True).count() == 1


async def has_connections(gateway: Any, number: int) -> bool:
    return await asyncio.to_thread(metric, gateway, "dashstream_connections") == number


async def test_the_newest_part_is_shown_until_the_whole_is_there(gateway: Any, page: Page) -> None:
    run = large_run()
    await post(gateway, run.records)
    await until(lambda: is_indexed(gateway, run), "the gateway knows the newest full state")
    await prepare(page, faults={"hold": 1})
    await page.goto(f"{gateway.url}/runs/{run.run_id}#token={gateway.token}")

    badge = page.get_by_test_id("receipt-badge")
    await expect(page.get_by_text("This run is large")).to_be_visible()
    assert (await shown_state(page))["n"] == STEPS
    await expect(page.get_by_test_id("hash-badge")).to_have_attribute("data-verification", "verified")
    await expect(page.get_by_test_id("run-page")).to_have_attribute("data-phase", "catching_up")
    assert 0 < await received(page) < len(run.records) // 2, "no record of the newest part is counted as read"
    await expect(badge).to_have_attribute("data-total", str(len(run.records)))
    await expect(badge).to_have_attribute("data-complete", "false")
    assert await has_connections(gateway, 2)
    assert await playhead(page) == (STEPS, STEPS)

    await page.get_by_role("tab", name="Events").click()
    await until(lambda: lists_what_was_read_and_the_newest(page), "the list has both parts and nothing else")
    await expect(page.get_by_test_id("event-row").last).to_contain_text(str(STEPS))
    await page.get_by_role("tab", name="Tools").click()
    await expect(page.get_by_test_id("unread-note")).to_be_visible()
    await page.get_by_role("tab", name="State").click()
    await page.evaluate("(step) => history.pushState(null, '', `?step=${step}`)", UNREAD)
    await page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.get_by_test_id("playhead")).to_have_attribute("data-step", str(UNREAD))
    await expect(page.get_by_test_id("state-tree")).to_have_attribute("data-settled", "true")
    assert (await shown_state(page))["n"] == UNREAD
    await expect(page.get_by_test_id("hash-badge")).to_have_attribute("data-verification", "verified")
    await until(lambda: has_connections(gateway, 2), "what was sought is here, and its connection ends")
    assert await received(page) < len(run.records) // 2, "nor is a record of what was sought"
    await page.get_by_test_id("live-button").click()

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
    counts = [frame.received for frame in frames]
    assert counts == sorted(counts)
    assert max(counts) == len(run.records)
