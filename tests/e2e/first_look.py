"""How long somebody waits who has the list of runs open, starts a program, and opens its run by a click on its row.

The hand is as quick as can be: the page itself calls when the row is there (a robot that asks again and again asks
ever more rarely, and is late by chance), and the answer is a real press of the mouse. What is left is what the
product takes, not what a person takes to see a row and move a hand.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from playwright.async_api import Page

ROW = '[data-testid="run-row"]'
AT_WORK = '[data-testid="graph-node"][data-status="running"]'

WATCH = """
window.firstLook = {newest: '', row: 0, node: 0};
new MutationObserver(() => {
  const row = document.querySelector('ROW');
  const newest = row?.getAttribute('href') ?? '';
  if (newest && newest !== firstLook.newest) {
    Object.assign(firstLook, {newest, row: Date.now()});
    const box = row.getBoundingClientRect();
    window.rowAppeared(box.x + 60, box.y + box.height / 2);
  }
  if (!firstLook.node && document.querySelector('AT_WORK')) firstLook.node = Date.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
""".replace("ROW", ROW).replace("AT_WORK", AT_WORK)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Seconds from the run's start by its program's clock, which is the page's clock too."""

    row_s: float
    """Until the run is in the list."""
    node_s: float
    """Until its graph shows a node at work, the click on its row included."""


Program = TypeVar("Program")
Rows = asyncio.Queue[tuple[float, float]]
"""Where the newest run's row is, each time that it is another run."""


async def watch(page: Page) -> Rows:
    """Make the page tell its newest row; to be called before it is opened."""
    rows: Rows = asyncio.Queue()
    await page.expose_function("rowAppeared", lambda x, y: rows.put_nowait((x, y)))
    await page.add_init_script(WATCH)
    return rows


def forget(rows: Rows) -> None:
    """Forget the rows that are there already."""
    while not rows.empty():
        rows.get_nowait()


async def take_first_look(
    page: Page, rows: Rows, gateway: dict[str, str], start: Callable[[], Awaitable[Program]]
) -> tuple[FirstLook, Program]:
    """Start a program beside the open list and open its run; ends with a node at work, the program still running.

    ``rows`` is what ``watch`` gave; ``gateway`` has the ``url`` and the ``token``.
    """
    forget(rows)
    program = await start()
    await page.mouse.click(*await rows.get())
    await page.locator(AT_WORK).first.wait_for(state="attached")
    seen = await page.evaluate("() => firstLook")
    began_ms = await asyncio.to_thread(_started_ms, gateway)
    return FirstLook((seen["row"] - began_ms) / 1000, (seen["node"] - began_ms) / 1000), program


def _started_ms(gateway: dict[str, str]) -> float:
    request = urllib.request.Request(
        gateway["url"] + "/api/v1/runs?limit=1", headers={"Authorization": "Bearer " + gateway["token"]}
    )
    with urllib.request.urlopen(request) as answer:
        return int(json.load(answer)["runs"][0]["started_us"]) / 1000
