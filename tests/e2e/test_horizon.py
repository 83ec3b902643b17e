"""A run that is larger than what the page holds: the newest part is shown, and the page says from where on."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.protocol.patch import Op, OpKind
from e2e.faults import oracle_state, post, prepare
from e2e.watching import playhead, shown_state
from run_builder import RunBuilder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

STEPS = 2_000
HELD = 1_000
"""Records, of four times as many as there are steps."""


async def oldest_step(page: Page) -> int:
    """The oldest step that the playhead offers."""
    return int(await page.get_by_test_id("playhead").get_attribute("aria-valuemin") or 0)


async def shows_its_oldest_step(page: Page) -> int:
    """Step back as far as the page lets; the state there is right and proven."""
    head = page.get_by_test_id("playhead")
    await head.focus()
    await page.keyboard.press("Home")
    first = await oldest_step(page)
    await expect(head).to_have_attribute("data-step", str(first))
    await expect(page.get_by_test_id("step-prev")).to_be_disabled()
    await expect(page.get_by_test_id("state-tree")).to_have_attribute("data-settled", "true")
    assert await shown_state(page) == {"n": first}
    await expect(page.get_by_test_id("hash-badge")).to_have_attribute("data-verification", "verified")
    return first


async def test_a_run_above_the_bound_is_shown_from_its_horizon_on(gateway: Any, page: Page) -> None:
    run = RunBuilder(graph="long", thread_id="long", counted=True)
    run.start({"n": 0})
    for step in range(1, STEPS + 1):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    await post(gateway, run.records)
    await prepare(page, held_records=HELD)
    await page.goto(f"{gateway.url}/runs/{run.run_id}?step=7#token={gateway.token}")

    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-received", str(len(run.records)))
    await expect(badge).to_have_attribute("data-verification", "verified")
    await expect(badge).to_have_attribute("data-gaps", "0")
    notice = page.get_by_text("This run is larger than the page holds")
    await expect(notice).to_be_visible()
    first = await oldest_step(page)
    assert STEPS - HELD // 4 <= first < STEPS - HELD // 8
    assert await playhead(page) == (first, STEPS), "the step of the address is gone: the oldest is shown instead"
    assert await shows_its_oldest_step(page) == first

    await page.get_by_role("tab", name="Events").click()
    events = page.get_by_test_id("events-pane")
    await expect(events.get_by_test_id("horizon-note")).to_be_visible()
    oldest = int((await events.get_by_test_id("horizon-note").inner_text()).split()[2].replace(",", ""))
    held = len(run.records) - oldest + 1
    assert held <= HELD
    await expect(events.get_by_text(f"of {held:,} records")).to_be_visible()
    await page.get_by_role("tab", name="Tools").click()
    await expect(page.get_by_test_id("tools-pane").get_by_test_id("horizon-note")).to_be_visible()
    await page.get_by_role("tab", name="State").click()

    sent = len(run.records)
    for step in range(STEPS + 1, STEPS + 301):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    run.end()
    await post(gateway, run.records[sent:])
    await expect(badge).to_have_attribute("data-complete", "true")
    assert await badge.get_attribute("data-received") == str(len(run.records))
    assert await oldest_step(page) > first, "a playhead that stood at a step which is gone has moved on with it"
    await shows_its_oldest_step(page)
    await page.get_by_test_id("live-button").click()
    assert await shown_state(page) == {"n": STEPS + 300} == await oracle_state(gateway, run.run_id)
