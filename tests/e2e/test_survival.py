"""The page under failures that come at random: what it shows in the end is what the gateway itself says.

``DASHSTREAM_TEST_FAILURES`` and ``DASHSTREAM_TEST_KILLS`` say how often; the suite is content with fewer.
"""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from dashstream.protocol.patch import Op, OpKind
from dashstream.testing.fault_proxy import FaultProxy
from e2e.faults import Told, fault, metric, oracle_state, post, prepare, told
from e2e.test_backlog import counting_run, expect_received, open_run
from e2e.watching import shown_state, until

FAILURES = int(os.environ.get("DASHSTREAM_TEST_FAILURES", "100"))
KILLS = int(os.environ.get("DASHSTREAM_TEST_KILLS", "5"))
PACE = 20
"""The worker's clock, so that pauses between attempts take a moment."""
SLOWEST_S = 3.0

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240 + SLOWEST_S * (FAILURES + 5 * KILLS))]

BLOCK_STORAGE = {
    "full": """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }""",
    "denied": """for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, {get() { throw new DOMException("denied", "SecurityError") }})""",
}
SHORT_PAUSES = """
const later = setTimeout;
window.setTimeout = (call, ms, ...more) => later(call, ms >= 5000 && ms < 20000 ? ms / 20 : ms, ...more);
"""


def assert_sound(frames: list[Told]) -> None:
    """No figure was ever impossible, and nothing that was applied was taken back or doubled."""
    assert frames
    assert all(frame.pending >= 0 and frame.bytes >= 0 for frame in frames)
    received = [frame.received for frame in frames]
    assert received == sorted(received)
    assert {frame.duplicates for frame in frames} == {0}


async def test_random_failures_neither_lose_nor_double_a_record(gateway: Any, page: Page) -> None:
    chance = random.Random(20)
    run = counting_run(1)
    await post(gateway, run.records)
    port = int(gateway.url.rsplit(":", 1)[1])
    async with FaultProxy("127.0.0.1", port) as proxy:
        await prepare(page, pace=PACE)
        await page.goto(f"http://{proxy.host}:{proxy.port}/runs/{run.run_id}#token={gateway.token}")
        await expect_received(page, len(run.records))
        for failure in range(FAILURES):
            before = len(run.records)
            for step in range(50):
                run.step(2 + failure * 50 + step, [Op(OpKind.REPLACE, ("n",), failure * 50 + step)])
            sending = asyncio.ensure_future(post(gateway, run.records[before:]))
            await asyncio.sleep(chance.uniform(0, 0.05))
            if chance.random() < 0.2:
                proxy.stall()
                await asyncio.sleep(chance.uniform(0, 0.05))
                proxy.flow()
            proxy.reset()
            await sending
        await expect_received(page, len(run.records))
        frames = await told(page)
        assert_sound(frames)
        assert max(frame.attempt for frame in frames) > 0, "connections were cut"
        assert await shown_state(page) == await oracle_state(gateway, run.run_id)


async def test_a_tab_killed_at_any_moment_comes_back_to_the_whole_truth(gateway: Any, browser: Browser) -> None:
    chance = random.Random(21)
    run = counting_run(1)
    await post(gateway, run.records)
    for kill in range(KILLS + 1):
        before = len(run.records)
        for step in range(300):
            run.step(2 + kill * 300 + step, [Op(OpKind.REPLACE, ("n",), kill * 300 + step)])
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        await prepare(page)
        sending = asyncio.ensure_future(post(gateway, run.records[before:], portion=100))
        await open_run(page, gateway, run)
        if kill == KILLS:
            await sending
            await expect_received(page, len(run.records))
            assert_sound(await told(page))
            assert await shown_state(page) == await oracle_state(gateway, run.run_id)
        else:
            await asyncio.sleep(chance.uniform(0, 0.5))
            await page.close()
            await sending
        await context.close()


@pytest.mark.parametrize("end", ["crash", "hang"])
async def test_a_worker_that_dies_or_hangs_is_replaced_and_nothing_is_lost(gateway: Any, page: Page, end: str) -> None:
    run = counting_run(20)
    await post(gateway, run.records)
    await prepare(page)
    await page.add_init_script(SHORT_PAUSES)
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records))
    before = len(run.records)
    run.end()
    async with page.expect_event("worker"):
        await fault(page, **{end: 1})
        await post(gateway, run.records[before:])
    seen = len(await told(page))

    async def all_told_again() -> bool:
        return any(frame.received == len(run.records) for frame in (await told(page))[seen:])

    await until(all_told_again, "the new worker has everything")
    await expect_received(page, len(run.records))
    assert await shown_state(page) == {"n": 20}


async def test_a_record_on_which_the_worker_hangs_is_set_aside_and_the_rest_goes_on(gateway: Any, page: Page) -> None:
    run = counting_run(10)
    place = len(run.records)
    run.progress(node_id="endløs")
    run.step(11, [Op(OpKind.REPLACE, ("n",), 11)])
    run.end()
    await post(gateway, run.records)
    await prepare(page, faults={"hang_on": "endløs"})
    await page.add_init_script(SHORT_PAUSES)
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records) - 1)
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-complete", "false")
    await badge.click()
    aside = page.get_by_role("listitem").filter(has_text=f"offset {place} of partition")
    await expect(aside).to_contain_text("its engine stopped there 2 times: it no longer answers")
    await page.keyboard.press("Escape")
    assert await shown_state(page) == {"n": 11}
    await expect(page.get_by_test_id("connection")).to_contain_text("Live")


async def test_a_hanging_worker_is_seen_before_it_is_replaced(gateway: Any, page: Page) -> None:
    run = counting_run(20)
    await post(gateway, run.records)
    await prepare(page)
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records))
    await page.get_by_test_id("connection").click()
    await fault(page, hang=1)
    before = len(run.records)
    run.end()
    await post(gateway, run.records[before:])
    await expect(page.get_by_test_id("intake-level")).to_have_text("Stalled", timeout=20_000)

    async def is_told_outside() -> bool:
        return await asyncio.to_thread(metric, gateway, "dashstream_client_apply_lag_seconds") > 1

    await until(is_told_outside, "the gateway's metric says that a client does not apply")


@pytest.mark.parametrize("storage", sorted(BLOCK_STORAGE))
async def test_storage_that_is_full_or_denied_costs_nothing_but_memory(gateway: Any, page: Page, storage: str) -> None:
    run = counting_run(20)
    run.end()
    await post(gateway, run.records)
    await page.add_init_script(BLOCK_STORAGE[storage])
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records))
    assert await shown_state(page) == {"n": 20}


async def test_tabs_of_one_run_do_not_disturb_each_other(gateway: Any, page: Page) -> None:
    run = counting_run(50)
    await post(gateway, run.records)
    await prepare(page.context, pace=PACE)
    others = [await page.context.new_page() for _ in range(2)]
    tabs = [page, *others]
    for tab in tabs:
        await open_run(tab, gateway, run)
        await expect_received(tab, len(run.records))
    before = len(run.records)
    for step in range(51, 101):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    await post(gateway, run.records[before:])
    await others[0].close()
    for tab in (page, others[1]):
        await expect_received(tab, len(run.records))
        assert_sound(await told(tab))

    async def is_live() -> bool:
        return (await told(page))[-1].phase == "live"

    await until(is_live, "the first tab is live")
