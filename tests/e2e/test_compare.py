"""Two runs of one program are compared from the run's own page, and followed to where they part."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.watching import finish, open_newest_run, playhead, run_program

pytestmark = pytest.mark.e2e


async def test_two_runs_are_compared_to_where_they_part(gateway: Any, page: Page, tmp_path: Path) -> None:
    for rounds in ("2", "4"):
        history = str(tmp_path / "history.json")
        await finish(await run_program(gateway, "writer.py", history, rounds, "0", data_dir=tmp_path))
    await open_newest_run(page, gateway)
    await page.get_by_role("link", name="Compare with another run").click()
    await expect(page.get_by_text("Choose two runs")).to_be_visible()
    await page.get_by_label("Right run").select_option(index=2)  # the older run: 0 is no choice, 1 the newest

    # The score of the first judgement is rounds done by rounds wanted: 1/4 here, 1/2 there. Until then all is equal.
    comparison = page.get_by_test_id("comparison")
    await expect(comparison).to_contain_text("The runs part after 4 steps")
    await expect(comparison).to_contain_text("1 difference from left to right")
    await expect(comparison.locator("li")).to_contain_text(re.compile(r"/score\s*0\.25\s*→\s*0\.5"))
    await expect(comparison).to_contain_text("Ran before it: judge")

    await page.get_by_role("link", name="Open where they part").first.click()
    await expect(page.get_by_test_id("playhead")).to_have_attribute("data-step", "4")
    assert (await playhead(page))[0] == 4
