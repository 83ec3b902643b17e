"""What a person does with the page, as functions: open a run, step through time, read the state shown."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

DASHSTREAM = Path(sys.executable).parent / "dashstream"
PROGRAMS = Path(__file__).parent / "programs"
DEADLINE_S = 30.0
EXIT_S = 5.0
"""A program has ended so long after its last statement. The promise is 2 s, which ``benchmarks/sdk.py`` measures; the
rest is for a machine that has other tests to run."""
_STARTED: list[asyncio.subprocess.Process] = []


async def run_program(gateway: Any, name: str, *arguments: str, data_dir: Path) -> asyncio.subprocess.Process:
    """Start one of the example programs under ``dashstream run``, against this gateway."""
    env = {
        **os.environ,
        "DASHSTREAM_SDK_URL": gateway.url,
        "DASHSTREAM_SDK_TOKEN": gateway.token,
        "DASHSTREAM_SDK_DATA_DIR": str(data_dir),
    }
    program = await asyncio.create_subprocess_exec(
        DASHSTREAM, "run", str(PROGRAMS / name), *arguments, env=env, stderr=asyncio.subprocess.PIPE
    )
    _STARTED.append(program)
    return program


async def end_programs() -> None:
    """End what a failed test left running."""
    for program in _STARTED:
        if program.returncode is None:
            program.kill()
            await program.wait()
    _STARTED.clear()


async def finish(program: asyncio.subprocess.Process) -> None:
    """Wait for the program's end; its output is shown if it failed."""
    _, errors = await asyncio.wait_for(program.communicate(), DEADLINE_S * 4)
    assert program.returncode == 0, errors.decode()


async def until(condition: Callable[[], Awaitable[bool]], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait for a condition that has no event of its own; fails with ``what`` at the deadline."""
    end = time.monotonic() + deadline_s
    while not await condition():
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(0.02)


async def open_newest_run(page: Page, gateway: Any) -> None:
    """Go to the runs screen and open the first row."""
    await page.goto(f"{gateway.url}/#token={gateway.token}")
    await page.get_by_test_id("run-row").first.click()
    await expect(page.get_by_test_id("run-page")).to_have_attribute("data-phase", "live")


def node(page: Page, node_id: str) -> Locator:
    return page.locator(f'[data-testid="graph-node"][data-node-id="{node_id}"]')


async def shown_state(page: Page) -> Any:
    """The whole state at the playhead, taken the way a person takes it: by the copy button."""
    await page.get_by_test_id("copy-state").click()
    text = ""

    async def copied() -> bool:
        nonlocal text
        text = await page.evaluate("navigator.clipboard.readText()")
        return bool(text)

    await until(copied, "the state is on the clipboard")
    await page.evaluate("navigator.clipboard.writeText('')")
    return json.loads(text)


async def playhead(page: Page) -> tuple[int, int]:
    """(step shown, last step), both from 0."""
    head = page.get_by_test_id("playhead")
    return int(await head.get_attribute("data-step") or -1), int(await head.get_attribute("data-last-step") or -1)


async def go_to_step(page: Page, step: int) -> None:
    """Move the playhead by the step buttons until it shows ``step``."""
    shown, _ = await playhead(page)
    while shown != step:
        await page.get_by_test_id("step-prev" if step < shown else "step-next").click()
        shown += -1 if step < shown else 1
        await expect(page.get_by_test_id("playhead")).to_have_attribute("data-step", str(shown))
