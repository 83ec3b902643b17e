"""A real program runs, a real browser shows it, and every step is what the program's checkpointer has."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.first_look import take_first_look, watch
from e2e.watching import finish, go_to_step, node, open_newest_run, playhead, run_program, shown_state

pytestmark = pytest.mark.e2e

ROUNDS = 4
FIRST_NODE_S = 1.0
STARTS = 5
"""So many starts may be late, for the machine has other tests to run; ``benchmarks/end_to_end.py`` tells each."""


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


async def test_a_node_is_at_work_within_a_second_of_the_runs_start(gateway: Any, page: Page, tmp_path: Path) -> None:
    async def start() -> asyncio.subprocess.Process:
        return await run_program(gateway, "writer.py", str(tmp_path / "history.json"), "1", "2", data_dir=tmp_path)

    rows, waits = await watch(page), []
    while not waits or (min(waits) > FIRST_NODE_S and len(waits) < STARTS):
        await page.goto(f"{gateway.url}/?start={len(waits)}#token={gateway.token}")
        await page.get_by_test_id("run-row").or_(page.get_by_text("No runs yet")).first.wait_for()
        look, program = await take_first_look(page, rows, {"url": gateway.url, "token": gateway.token}, start)
        waits.append(look.node_s)
        await finish(program)
    assert min(waits) <= FIRST_NODE_S, f"seconds from the run's start to a node at work: {waits}"


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
