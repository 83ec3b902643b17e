"""A run of 100,000 records over a state of 5 MB opens and is stepped through while the page stays responsive."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from dashstream.protocol.json_value import size_of
from dashstream.protocol.patch import Op, OpKind
from e2e.faults import FREEZE_MS, WATCH_LONG_TASKS, longest_task, post
from e2e.watching import playhead
from run_builder import RunBuilder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

STEPS = 25_000


def large_run() -> RunBuilder:
    """A list of documents of 5 MB that gains a short one at each step."""
    run = RunBuilder(graph="large", thread_id="large")
    run.start({"documents": [{"id": n, "text": f"{n} " + "x" * 500} for n in range(9_600)], "step": 0})
    assert size_of(run.state) > 5_000_000
    for step in range(1, STEPS + 1):
        document = {"id": 9_600 + step, "text": "new"}
        append = Op(OpKind.ADD, ("documents", "-"), document)  # type: ignore[arg-type]  # a JSON object
        run.step(step, [append, Op(OpKind.REPLACE, ("step",), step)])
    run.end()
    return run


async def test_it_opens_and_scrubs_without_freezing(gateway: Any, page: Page) -> None:
    run = large_run()
    appended = run.records[-2]
    assert len(appended) < 2_000, "an append to 5 MB is a small record"
    await post(gateway, run.records)

    await page.add_init_script(WATCH_LONG_TASKS)
    await page.goto(f"{gateway.url}/runs/{run.run_id}#token={gateway.token}")
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-complete", "true", timeout=120_000)
    assert await badge.get_attribute("data-received") == str(len(run.records))
    assert await badge.get_attribute("data-verification") == "verified"
    assert await longest_task(page) < FREEZE_MS, "while opening"

    _, last = await playhead(page)
    assert last == STEPS
    await page.get_by_test_id("playhead").focus()
    for key, step in (("Home", 0), ("End", STEPS), ("PageUp", None), ("PageUp", None), ("ArrowLeft", None)):
        await page.keyboard.press(key)
        if step is not None:
            await expect(page.get_by_test_id("playhead")).to_have_attribute("data-step", str(step))
        await expect(page.get_by_test_id("state-tree")).to_have_attribute("data-settled", "true")
    assert await longest_task(page) < FREEZE_MS, "while scrubbing"
