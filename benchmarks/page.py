"""The page in a real Chromium and a real gateway: intake, opening and seeking in a large run, a large graph, memory.

Runs are built, written and indexed before they are opened, so a figure is the page's and the gateway's together, on one
machine. Like the SDK's they hold a full state after every 64 KiB of changes. A main-thread task above 50 ms counts as a
long one; those before the newest state is shown are the page's own start. ``--events`` and ``--minutes`` make it as
large and as long as the budgets say: 1,000,000 events, half an hour. ``--held`` gives the page another bound of records
than its own, to see its memory stand still in minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from _heaps import Heaps, HeapWatch, slope  # noqa: E402  # after the path
from end_to_end import SIZE, find_chromium, gateway  # noqa: E402  # after the path

from browser_fixtures import FLAGS  # noqa: E402  # after the path
from dashstream.protocol.gen import dashstream_pb2 as pb  # noqa: E402  # after the path
from dashstream.protocol.patch import Op, OpKind  # noqa: E402  # after the path
from e2e.faults import post, prepare  # noqa: E402  # after the path
from run_builder import RunBuilder  # noqa: E402  # after the path

DOCUMENTS = 9_600
"""Of 500 characters each: a state of 5 MB."""
NODES = 1_000
WIDTH = 25
"""Nodes of the large graph that stand beside each other."""
SEEKS = 60
SAMPLES = 60
"""Of the heaps, evenly over the time they are watched."""
MOVE_S = 3.0
STEPS_BETWEEN_FULL_STATES = 1_000
"""Whose changes take 64 KiB."""

WATCH = """
window.tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.tasks.push([entry.startTime, entry.duration]);
}).observe({type: "longtask", buffered: true});
window.received = [];
window.newest = null;
const badge = () => document.querySelector('[data-testid="receipt-badge"]');
new MutationObserver(() => {
  const count = Number(badge()?.dataset.received ?? 0);
  if (count > (received.at(-1)?.[1] ?? 0)) received.push([performance.now(), count]);
  const state = document.querySelector('[data-testid="state-tree"]');
  if (newest === null && state?.textContent.includes("LAST_STEP")) newest = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""

SEEK = """
async (step) => {
  const slider = document.querySelector('[data-testid="playhead"]');
  const tree = () => document.querySelector('[data-testid="state-tree"]');
  const frame = () => new Promise(requestAnimationFrame);
  slider.focus();
  const began = performance.now();
  slider.dispatchEvent(new KeyboardEvent("keydown", {key: step, bubbles: true}));
  do await frame(); while (tree().dataset.settled !== "true");
  return performance.now() - began;
}
"""

FRAMES = """
(ms) => new Promise((resolve) => {
  const times = [];
  const note = (now) => {
    times.push(now);
    if (now - times[0] < ms) requestAnimationFrame(note);
    else resolve((times.length - 1) * 1000 / (now - times[0]));
  };
  requestAnimationFrame(note);
})
"""

BOXES = """
<!doctype html><style>body {margin: 0; height: 100vh; overflow: hidden} main {position: absolute; transform-origin: 0 0}
main div {position: absolute; width: 160px; height: 54px; border: 1px solid; box-sizing: border-box}</style>
<main></main>
<script>
const layer = document.querySelector("main");
layer.innerHTML = Array.from({length: NODES}, (_, n) =>
  `<div style="left: ${n % WIDTH * 180}px; top: ${Math.floor(n / WIDTH) * 100}px"></div>`).join("");
let x = 0, y = 0, zoom = 0.5;
const show = () => { layer.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`; };
addEventListener("wheel", (event) => { zoom *= 2 ** (-event.deltaY * 0.002); show(); });
addEventListener("mousemove", (event) => {
  if (event.buttons) { x += event.movementX; y += event.movementY; show(); }
});
show();
</script>
""".replace("NODES", str(NODES)).replace("WIDTH", str(WIDTH))
"""As many plain boxes that are dragged and zoomed by a page of nothing else: what the browser itself can do."""


@dataclass(frozen=True)
class Figure:
    what: str
    value: float
    unit: str
    budget: float | None = None
    is_most: bool = True
    """The budget is the most that it may be; otherwise the least."""


def counting_run(events: int, documents: int = 0) -> RunBuilder:
    run = RunBuilder(graph="bench", thread_id="bench", counted=True)
    run.start({"documents": [{"id": n, "text": f"{n} " + "x" * 500} for n in range(documents)], "step": 0})
    for step in range(1, (events - len(run.records) - 1) // 4 + 1):
        run.step(step, [Op(OpKind.REPLACE, ("step",), step)])
        if documents == 0 and step % STEPS_BETWEEN_FULL_STATES == 0:
            run.checkpoint(run.state)
    run.end()
    return run


def last_step(run: RunBuilder) -> int:
    assert isinstance(run.state, dict)
    return int(str(run.state["step"]))


def wide_structure() -> pb.GraphSchema:
    nodes = [pb.GraphSchema.Node(id=f"n{number}", name=f"n{number}", kind="node") for number in range(NODES)]
    edges = [
        pb.GraphSchema.Edge(source=f"n{number - WIDTH}", target=f"n{number}", conditional=number % 3 == 0)
        for number in range(WIDTH, NODES)
    ]
    return pb.GraphSchema(graph_id="built", name="wide", nodes=nodes, edges=edges)


def indexed(ready: Any, run_id: str) -> int:
    """How many records of a run the index has."""
    headers = {"Authorization": f"Bearer {ready.token}"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{ready.url}/api/v1/runs/{run_id}", headers=headers)
        ) as answer:
            return int(json.load(answer)["records"])
    except urllib.error.HTTPError:
        return 0


async def write(ready: Any, run: RunBuilder) -> None:
    """Post a run and wait until it is indexed to its end."""
    await post(ready, run.records)
    while await asyncio.to_thread(indexed, ready, run.run_id) < len(run.records):  # noqa: ASYNC110  # of another process
        await asyncio.sleep(0.2)


async def open_run(browser: Browser, ready: Any, run: RunBuilder, held: int | None = None) -> Page:
    page = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a plain dict of the right shape
    if held is not None:
        await prepare(page, held_records=held)
    await page.add_init_script(WATCH.replace("LAST_STEP", str(last_step(run))))
    await page.goto(f"{ready.url}/runs/{run.run_id}#token={ready.token}", wait_until="commit")
    await page.get_by_test_id("run-page").wait_for(timeout=60_000)
    return page


async def intake(browser: Browser, ready: Any, events: int, documents: int, name: str) -> list[Figure]:
    """Records per second from the first to the last one shown, and what the main thread did meanwhile."""
    run = counting_run(events, documents)
    await write(ready, run)
    began = time.monotonic()
    page = await open_run(browser, ready, run)
    shown = time.monotonic() - began
    await page.locator(f'[data-testid="receipt-badge"][data-received="{len(run.records)}"]').wait_for(timeout=600_000)
    marks: list[tuple[float, int]] = await page.evaluate("window.received")
    newest_ms: float = await page.evaluate("window.newest")
    (first_ms, first), (last_ms, last) = marks[0], marks[-1]
    tasks: list[tuple[float, float]] = await page.evaluate("window.tasks.splice(0)")
    starting = [duration for began_ms, duration in tasks if began_ms < newest_ms]
    meanwhile = [duration for began_ms, duration in tasks if began_ms >= newest_ms]
    seeks = [await page.evaluate(SEEK, ("Home", "End", "PageUp", "PageUp", "ArrowLeft")[n % 5]) for n in range(SEEKS)]
    figures = [
        Figure(f"intake, {name}", (last - first) / max(0.001, (last_ms - first_ms) / 1000), "records/s", 20_000, False),
        Figure(f"long tasks after the newest state, {name}", len(meanwhile), "", 0),
        Figure(f"longest task after it, {name}", max(meanwhile, default=0), "ms", 50),
        Figure(f"long tasks of the page's start, {name}", len(starting), ""),
        Figure(f"longest task of the page's start, {name}", max(starting, default=0), "ms"),
        Figure(f"opened: first picture, {name}", shown, "s", 2),
        Figure(f"opened: newest state, {name}", newest_ms / 1000, "s", 2),
        Figure(f"opened: last record, {name}", last_ms / 1000, "s"),
        Figure(f"seek p95, {name}", statistics.quantiles(seeks, n=20)[-1], "ms", 50),
    ]
    await page.close()
    return figures


async def frame_rates(page: Page, x: float, y: float) -> dict[str, float]:
    """Frames per second while the page is dragged at a point, and while it is zoomed there."""
    rates: dict[str, float] = {}
    for what in ("pan", "zoom"):
        counting = asyncio.ensure_future(page.evaluate(FRAMES, MOVE_S * 1000))
        await page.mouse.move(x, y)
        if what == "pan":
            await page.mouse.down()
        turn = 0
        while not counting.done():
            turn += 1
            if what == "pan":
                await page.mouse.move(x + 120 * (turn % 20 - 10) / 10, y + 60 * (turn % 14) / 14)
            else:
                await page.mouse.wheel(0, 40 if turn % 40 < 20 else -40)
        await page.mouse.up()
        rates[what] = await counting
    return rates


async def large_graph(browser: Browser, ready: Any) -> list[Figure]:
    """Frames per second while a graph of 1,000 nodes is dragged and zoomed, beside those of plain boxes."""
    run = RunBuilder(graph="wide", thread_id="wide")
    run.start({"step": 0}, wide_structure())
    await post(ready, run.records)
    page = await open_run(browser, ready, run)
    node = page.get_by_test_id("graph-node")
    await node.first.wait_for(timeout=60_000)
    await asyncio.sleep(2)
    box = await page.locator(".react-flow").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    nodes = await frame_rates(page, x, y)
    await page.close()
    plain = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a plain dict of the right shape
    await plain.set_content(BOXES)
    boxes = await frame_rates(plain, x, y)
    await plain.close()
    return [
        *(Figure(f"{what} of 1,000 nodes", rate, "frames/s", 60, False) for what, rate in nodes.items()),
        *(Figure(f"{what} of 1,000 plain boxes", rate, "frames/s", 60, False) for what, rate in boxes.items()),
    ]


async def memory(browser: Browser, ready: Any, minutes: float, rate: int, held: int | None) -> list[Figure]:
    """Heaps of the page's two threads while a run grows at a constant rate; the first half is its warming up."""
    run = RunBuilder(graph="steady", thread_id="steady")
    run.start({"step": 0})
    await post(ready, run.records)
    page = await open_run(browser, ready, run, held)
    watch = await HeapWatch.of(page)
    times: list[float] = []
    heaps: list[Heaps] = []
    began, step = time.monotonic(), 0
    sample_every_s = max(1.0, minutes * 60 / SAMPLES)
    while (passed := time.monotonic() - began) < minutes * 60:
        due = time.monotonic() + 1
        sent = len(run.records)
        for _ in range(rate // 4):
            step += 1
            run.step(step, [Op(OpKind.REPLACE, ("step",), step)])
        await post(ready, run.records[sent:])
        if passed >= len(heaps) * sample_every_s:
            times.append(passed / 60)
            heaps.append(await watch.sample())
            print(f"{times[-1]:.1f} min, {step * 4:,} records: {heaps[-1]}", file=sys.stderr, flush=True)
        await asyncio.sleep(max(0, due - time.monotonic()))
    await page.close()
    return [figure for thread in ("main", "worker") for figure in heap_figures(thread, times, heaps, rate)]


def heap_figures(thread: str, times: list[float], heaps: list[Heaps], rate: int) -> list[Figure]:
    sizes: list[float] = [getattr(one, thread) for one in heaps]
    half = len(sizes) // 2
    grows = slope(times[half:], sizes[half:])
    return [
        Figure(f"heap of the {thread} thread after {times[half]:.0f} min at {rate} records/s", sizes[half], "MB"),
        Figure(f"heap of the {thread} thread after {times[-1]:.0f} min", sizes[-1], "MB"),
        Figure(f"growth of the {thread} thread's heap, second half", grows, "MB/min"),
        Figure(f"growth of the {thread} thread's heap, second half", grows * 1e6 / (rate * 60), "B/record"),
    ]


async def measure(options: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, gateway(Path(folder)) as answer:
        ready = SimpleNamespace(**answer)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            figures: list[Figure] = []
            if options.only in (None, "intake"):
                figures += await intake(browser, ready, 100_000, 0, "100,000 events")
                figures += await intake(browser, ready, 100_000, DOCUMENTS, "100,000 events, state of 5 MB")
            if options.only in (None, "large"):
                figures += await intake(browser, ready, options.events, 0, f"{options.events:,} events")
            if options.only in (None, "graph"):
                figures += await large_graph(browser, ready)
            if options.only in (None, "memory"):
                figures += await memory(browser, ready, options.minutes, options.rate, options.held)
            return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000, help="events of the large run")
    parser.add_argument("--minutes", type=float, default=0.5, help="how long memory is watched")
    parser.add_argument("--rate", type=int, default=1_000, help="records per second meanwhile")
    parser.add_argument("--held", type=int, help="records that the page holds at most while its memory is watched")
    parser.add_argument("--only", choices=("intake", "large", "graph", "memory"), help="measure this alone")
    table = Table(title="The page in Chromium")
    for column in ("what", "figure", "budget", "ratio"):
        table.add_column(column)
    for one in asyncio.run(measure(parser.parse_args())):
        budget = "" if one.budget is None else f"{'<=' if one.is_most else '>='} {one.budget:,.4g} {one.unit}"
        ratio = f"{one.value / one.budget:.2f}" if one.budget else ""
        table.add_row(one.what, f"{one.value:,.4g} {one.unit}", budget, ratio)
    console = Console(width=120)
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
