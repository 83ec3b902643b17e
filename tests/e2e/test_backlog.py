"""What the page cannot keep up with: it protects itself once, says so, loses nothing, and shows no false figure."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.patch import Op, OpKind
from e2e.faults import FREEZE_MS, fault, longest_task, oracle_state, post, prepare, told
from e2e.watching import shown_state, until
from run_builder import RunBuilder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WINDOW = 1024 * 1024
NOTE_BANNERS = """
window.banners = [];
new MutationObserver(() => {
  for (const banner of document.querySelectorAll('[data-testid="connection-banner"]'))
    if (window.banners.at(-1) !== banner.innerText) window.banners.push(banner.innerText);
}).observe(document, {childList: true, subtree: true, characterData: true});
"""
BEHIND = (
    r"This page is falling behind\s*Records (wait for \d+ s to be|come faster than they are) shown\. "
    r"Waiting now: [\d,]+ records?\. "
    r"The page reconnects and catches up; close other tabs if it happens again\."
)


def counting_run(steps: int) -> RunBuilder:
    run = RunBuilder(graph="counting", thread_id="counting")
    run.start({"n": 0})
    for step in range(1, steps + 1):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    return run


async def open_run(page: Page, gateway: Any, run: RunBuilder) -> None:
    await page.goto(f"{gateway.url}/runs/{run.run_id}#token={gateway.token}")


async def expect_received(page: Page, records: int) -> None:
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-received", str(records), timeout=120_000)
    assert await badge.get_attribute("data-verification") == "verified"


@pytest.mark.parametrize("slow", ["decode_ms", "apply_ms"])
async def test_a_hundred_times_slower_intake_falls_behind_once_and_recovers(
    gateway: Any, page: Page, slow: str
) -> None:
    run = counting_run(4_000)
    run.end()
    await post(gateway, run.records)
    await prepare(page, faults={slow: 10.0})
    await page.add_init_script(NOTE_BANNERS)
    await open_run(page, gateway, run)
    banner = page.get_by_test_id("connection-banner")
    await expect_received(page, len(run.records))
    await expect(banner).to_have_count(0)
    await expect(page.get_by_text("Resyncing")).to_have_count(0)

    banners = [text for text in await page.evaluate("window.banners") if "behind" in text]
    assert banners
    assert not [text for text in banners if not re.fullmatch(BEHIND, text)]

    frames = await told(page)
    behind = [frame for frame in frames if frame.phase == "falling_behind"]
    assert {frame.level for frame in behind} == {"stalled"}
    for phase, episode in itertools.groupby(frames, lambda frame: frame.phase):
        reconnects = {frame.attempt for frame in episode}
        assert phase != "falling_behind" or len(reconnects) == 1, "one reconnect for an episode"
    received = [frame.received for frame in behind]
    assert received == sorted(received), "nothing of what was shown is taken back"
    assert received[0] < frames[-1].received == len(run.records), "it goes on, however short an episode was"
    assert all(0 <= frame.pending <= 200_000 and 0 <= frame.bytes <= 4 * WINDOW for frame in frames)
    assert frames[-1].duplicates == 0
    assert await shown_state(page) == {"n": 4_000} == await oracle_state(gateway, run.run_id)


async def test_fifty_thousand_records_at_once_leave_the_page_responsive(gateway: Any, page: Page) -> None:
    run = counting_run(1)
    await post(gateway, run.records)
    await prepare(page)
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records))
    await longest_task(page)
    for step in range(2, 12_501):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    await post(gateway, run.records[len(counting_run(1).records) :], portion=10_000)
    await expect_received(page, len(run.records))
    assert await longest_task(page) < FREEZE_MS
    assert all(frame.pending >= 0 for frame in await told(page))
    assert await shown_state(page) == {"n": 12_500}


async def test_one_record_of_fifty_thousand_events_and_one_of_ten_megabytes(large_gateway: Any, page: Page) -> None:
    run = counting_run(1)
    run.batch([{"event_type": pb.EVENT_TYPE_NODE_PROGRESS, "node_id": "work"}] * 50_000)
    text = "x" * 10_000_000
    run.full_state(2, {"n": 2, "text": text})
    assert len(run.records[-1]) < 20_000, "ten megabytes of one letter travel compressed"
    run.end()
    await post(large_gateway, run.records)
    await prepare(page)
    await open_run(page, large_gateway, run)
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-complete", "true", timeout=120_000)
    assert await badge.get_attribute("data-verification") == "verified"
    assert (await told(page))[-1].received == len(run.records) - 1 + 50_000
    assert await longest_task(page) < FREEZE_MS


async def test_a_throttled_main_thread_shows_the_same_in_the_end(gateway: Any, page: Page) -> None:
    run = counting_run(5_000)
    run.end()
    await prepare(page)
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 10})
    await open_run(page, gateway, run)
    await post(gateway, run.records)
    await expect_received(page, len(run.records))
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    assert all(frame.pending >= 0 for frame in await told(page))
    assert await shown_state(page) == {"n": 5_000}


async def test_an_hour_of_the_wall_clock_changes_no_figure_about_lag(gateway: Any, page: Page) -> None:
    run = counting_run(10)
    await prepare(page)
    await open_run(page, gateway, run)
    sent = 0
    for hours in (0, 1, -1):
        await fault(page, date_ms=hours * 3_600_000)
        await page.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms }", hours * 3_600_000)
        for step in range(11, 16):
            run.step(step + 5 * (hours + 1), [Op(OpKind.REPLACE, ("n",), step)])
        await post(gateway, run.records[sent:])
        sent = len(run.records)
        await expect_received(page, sent)
    await page.get_by_test_id("connection").click()
    level = page.get_by_test_id("intake-level")
    await expect(level).to_have_text("Healthy")
    # A spike during a jumped clock shows at once.
    await fault(page, apply_ms=2_000, date_ms=3_600_000)
    run.end()
    await post(gateway, run.records[sent:])
    await expect_received(page, len(run.records))
    averages = [frame.average for frame in await told(page) if frame.average is not None]
    assert averages
    assert all(0 <= average < 60_000 for average in averages)


async def test_a_queue_that_stands_turns_red_at_once_and_says_so(gateway: Any, page: Page) -> None:
    run = counting_run(1)
    await post(gateway, run.records)
    await prepare(page)
    await open_run(page, gateway, run)
    await expect_received(page, len(run.records))
    await page.get_by_test_id("connection").click()
    await fault(page, apply_ms=1_300)
    before = len(run.records)
    for step in range(2, 6):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])
    await post(gateway, run.records[before:])

    async def is_red() -> bool:
        return any(frame.level == "stalled" and frame.average for frame in await told(page))

    await until(is_red, "the level is at its worst")
    await expect(page.get_by_test_id("intake-level")).to_have_text("Stalled")


async def test_limits_that_differ_are_told_before_anything_fails(huge_gateway: Any, page: Page) -> None:
    run = counting_run(2)
    await post(huge_gateway, run.records)
    await open_run(page, huge_gateway, run)
    await expect(page.get_by_text("larger ones are set aside")).to_be_visible()
    run.full_state(3, {"n": 3, "text": "x" * 18_000_000})
    await post(huge_gateway, run.records[-1:])
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_contain_text("1", timeout=60_000)
    await badge.click()
    await expect(page.get_by_text("is above 16777216 bytes").first).to_be_visible()
    assert json.dumps(await shown_state(page)) == json.dumps({"n": 2})
