"""A real program runs, a real browser shows it, and every step is what the program's checkpointer has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.watching import finish, go_to_step, node, open_newest_run, playhead, run_program, shown_state

pytestmark = pytest.mark.e2e

ROUNDS = 4


async def test_nodes_light_up_and_tokens_stream_while_the_program_runs(
    gateway: Any, page: Page, tmp_path: Path
) -> None:
    await page.goto(f"{gateway.url}/#token={gateway.token}")
    program = await run_program(gateway, "writer.py", str(tmp_path / "history.json"), "6", "0.7", data_dir=tmp_path)
    await page.get_by_test_id("run-row").first.click()
    await expect(node(page, "write")).to_have_attribute("data-status", "running")
    await page.get_by_role("tab", name=re.compile("LLM")).click()
    await expect(page.get_by_test_id("llm-text").first).to_contain_text("of the draft")
    await finish(program)
    await expect(node(page, "judge")).to_have_attribute("data-status", "done")


async def test_every_step_shows_exactly_the_state_of_the_checkpointers_history(
    gateway: Any, page: Page, tmp_path: Path
) -> None:
    history_file = tmp_path / "history.json"
    await finish(await run_program(gateway, "writer.py", str(history_file), str(ROUNDS), "0", data_dir=tmp_path))
    history = json.loads(history_file.read_text())
    assert len(history) == 3 * ROUNDS + 2

    await open_newest_run(page, gateway)
    await expect(page.get_by_test_id("playhead")).to_have_attribute("data-last-step", str(len(history) - 1))
    assert await shown_state(page) == history[-1], "live is the last step"

    for step in reversed(range(len(history))):
        await go_to_step(page, step)
        assert await shown_state(page) == history[step]
    await page.get_by_test_id("live-button").click()
    shown, last = await playhead(page)
    assert shown == last
    await expect(page.get_by_test_id("receipt-badge")).to_contain_text("0 gaps")


async def test_a_deep_link_shows_the_same_moment_to_somebody_else(gateway: Any, page: Page, tmp_path: Path) -> None:
    history_file = tmp_path / "history.json"
    await finish(await run_program(gateway, "writer.py", str(history_file), "2", "0", data_dir=tmp_path))
    history = json.loads(history_file.read_text())
    await open_newest_run(page, gateway)
    await go_to_step(page, 3)
    link = page.url

    await page.goto("about:blank")
    await page.goto(link)
    await expect(page.get_by_test_id("playhead")).to_have_attribute("data-step", "3")
    assert await shown_state(page) == history[3]
