"""From the program to the pixels, in a real Chromium: how long a person waits.

Two questions. A person looks at the list of runs and starts a program: when is its run in the list, and when does the
graph show a node at work, if the row is clicked as soon as it is there? And of a program at 1,000 records per second:
how old is the state on the screen when it has just been painted? Both count from the program's own clock, which is the
page's clock too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from e2e.first_look import FirstLook, Rows, forget, take_first_look, watch  # noqa: E402  # after the path

DASHSTREAM = Path(sys.executable).parent / "dashstream"
BEAT = Path(__file__).with_name("_beat.py")
WRITER = ROOT / "tests" / "e2e" / "programs" / "writer.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZE = {"width": 1440, "height": 900}
READ_S = 1.5
"""A person reads the list before they start a program."""

WATCH = """
window.ages = [];
let last = 0;
const look = () => {
  const state = document.querySelector('[data-testid="state-tree"]')?.textContent;
  const sent = Number(/sent_ms\\D*(\\d{13})/.exec(state)?.[1]);
  if (sent > last) {
    last = sent;
    requestAnimationFrame(() => setTimeout(() => ages.push(Date.now() - sent)));
  }
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""


@contextmanager
def gateway(folder: Path) -> Iterator[dict[str, Any]]:
    """A real gateway; yields its address and token."""
    process = subprocess.Popen(
        [DASHSTREAM, "serve", "--json", "--port", "0", "--data-dir", folder, "--logging-level", "warning"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


def start(ready: dict[str, Any], folder: Path, *command: str | Path) -> subprocess.Popen[bytes]:
    environment = {
        "DASHSTREAM_SDK_URL": ready["url"],
        "DASHSTREAM_SDK_TOKEN": ready["token"],
        "DASHSTREAM_SDK_DATA_DIR": str(folder / "sdk"),
    }
    return subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)


async def open_list(browser: Browser, ready: dict[str, Any]) -> tuple[Page, Rows]:
    page = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a plain dict of the right shape
    await page.add_init_script(WATCH)
    rows = await watch(page)
    await page.goto(f"{ready['url']}/#token={ready['token']}")
    await asyncio.sleep(READ_S)
    return page, rows


async def first_look(browser: Browser, ready: dict[str, Any], folder: Path) -> FirstLook:
    page, rows = await open_list(browser, ready)

    async def program() -> subprocess.Popen[bytes]:
        return start(ready, folder, DASHSTREAM, "run", WRITER, folder / "history.json", "2", "1")

    look, started = await take_first_look(page, rows, ready, program)
    await asyncio.to_thread(started.wait, 30)
    await page.close()
    return look


async def painted_ages(browser: Browser, ready: dict[str, Any], folder: Path, seconds: float) -> list[float]:
    """Watch the state of a busy program; returns how old each shown one was, in milliseconds."""
    page, rows = await open_list(browser, ready)
    forget(rows)
    program = start(ready, folder, sys.executable, BEAT, str(seconds))
    await page.mouse.click(*await rows.get())
    await page.locator('[data-testid="state-tree"]').wait_for()
    await page.evaluate("() => { ages.length = 0 }")
    await asyncio.to_thread(program.wait)
    found: list[float] = await page.evaluate("() => ages")
    await page.close()
    return found


def find_chromium() -> str:
    found = subprocess.run([ROOT / "scripts" / "chromium"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


async def measure(chromium: str, starts: int, seconds: float) -> tuple[list[FirstLook], list[float]]:
    with tempfile.TemporaryDirectory() as name, gateway(Path(name)) as ready:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            looks = [await first_look(browser, ready, Path(name)) for _ in range(starts)]
            return looks, await painted_ages(browser, ready, Path(name), seconds)


def spread(values: list[float], digits: int, unit: str) -> tuple[str, str, str]:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    p50 = statistics.median(ordered)
    return tuple(f"{value:.{digits}f} {unit}" for value in (p50, p99, ordered[-1]))  # type: ignore[return-value]  # of three


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5, help="how often a program is started")
    parser.add_argument("--seconds", type=float, default=20, help="how long the busy program runs")
    options = parser.parse_args()
    looks, shown = asyncio.run(measure(find_chromium(), options.starts, options.seconds))
    console = Console()
    table = Table(title="From the program to the pixels")
    for column in ("what", "median", "p99", "most", "count", "budget"):
        table.add_column(column)
    rows, nodes = [look.row_s for look in looks], [look.node_s for look in looks]
    table.add_row("run in the list after its start", *spread(rows, 2, "s"), str(len(rows)), "")
    table.add_row("opened at once by a click, a node at work", *spread(nodes, 2, "s"), str(len(nodes)), "1 s")
    table.add_row("age of the state painted, 1,000 records/s", *spread(shown, 0, "ms"), str(len(shown)), "p99 100 ms")
    console.print(table)
    console.print(f"load of the machine {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
