"""What observing costs the observed program: four graphs, each beside its own unobserved run.

Every figure is a median of interleaved child processes. "Gone" has no gateway at all, "hung" one that accepts
and never answers: both must cost no more than a working one, and the program must end within two seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import LOG_FILE

GRAPHS = Path(__file__).with_name("_graphs.py")
DASHSTREAM = Path(sys.executable).parent / "dashstream"
BUDGETS = {
    "A": "<= 0.05 ms/step",
    "B": "<= 1.0 ms/step, wall <= 1.25, CPU <= 1.3, <= 250 kB",
    "C": "<= 0.4 ms/step, <= 1,100 kB, <= +8 MiB",
    "D": "wall <= 1.10",
}
Figures = dict[str, Any]


@contextmanager
def gateway(folder: Path) -> Iterator[dict[str, str]]:
    """A real gateway; yields the environment of a program that sends to it."""
    process = subprocess.Popen(
        [DASHSTREAM, "serve", "--json", "--port", "0", "--data-dir", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    ready = json.loads(process.stdout.readline())
    try:
        yield {"DASHSTREAM_SDK_URL": ready["url"], "DASHSTREAM_SDK_TOKEN": ready["token"]}
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def hung() -> Iterator[dict[str, str]]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield {
            "DASHSTREAM_SDK_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
            "DASHSTREAM_SDK_TOKEN": "x",
        }


def gone() -> dict[str, str]:
    """The address of no server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return {"DASHSTREAM_SDK_URL": f"http://127.0.0.1:{port}", "DASHSTREAM_SDK_TOKEN": "x"}


def run_once(name: str, environment: dict[str, str] | None) -> Figures:
    """Run one graph in a fresh process; no environment means unobserved."""
    with tempfile.TemporaryDirectory() as folder:
        extra = {}
        if environment is not None:
            extra = {"DASHSTREAM_BENCH_OBSERVE": "1", "DASHSTREAM_SDK_DATA_DIR": folder, **environment}
        done = subprocess.run(
            [sys.executable, GRAPHS, name],
            env={**os.environ, **extra},
            check=True,
            capture_output=True,
            text=True,
        )
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        figures["exit"] = time.monotonic() - figures["ended"]
        return figures


def median(runs: list[Figures], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def log_bytes(folder: Path) -> int:
    """Bytes of the values on the log: what the program really sent."""

    async def sum_values() -> int:
        log = SqliteLog.open(folder / LOG_FILE, read_only=True)
        try:
            total = 0
            for partition, mark in (await log.watermarks()).items():
                offset = mark.low
                while page := await log.read(partition, offset, max_records=10_000, max_bytes=1 << 26):
                    total += sum(len(record.value or b"") for record in page)
                    offset = page[-1].offset + 1
            return total
        finally:
            await log.close()

    return asyncio.run(sum_values())


def measure(repeats: int) -> dict[str, dict[str, list[Figures]]]:
    results: dict[str, dict[str, list[Figures]]] = {name: {} for name in BUDGETS}
    with Progress(console=Console(stderr=True)) as progress, hung() as hung_env:
        task = progress.add_task("running", total=len(BUDGETS) * repeats * 4)
        for name in BUDGETS:
            for _ in range(repeats):
                with tempfile.TemporaryDirectory() as folder, gateway(Path(folder)) as env:
                    cases = {"base": None, "observed": env, "gone": gone(), "hung": hung_env}
                    for case, environment in cases.items():
                        figures = run_once(name, environment)
                        results[name].setdefault(case, []).append(figures)
                        progress.advance(task)
                    results[name]["observed"][-1]["bytes"] = log_bytes(Path(folder))
    return results


def report(results: dict[str, dict[str, list[Figures]]]) -> Table:
    table = Table(title="Cost of observing, beside the unobserved run")
    for column in (
        "graph",
        "gateway",
        "added ms/step",
        "wall ratio",
        "CPU ratio",
        "+MiB",
        "kB sent",
        "exit s",
        "budget",
    ):
        table.add_column(column, justify="left" if column in {"graph", "gateway", "budget"} else "right")
    for name, cases in results.items():
        base = cases["base"]
        for case in ("observed", "gone", "hung"):
            runs = cases[case]
            added = (median(runs, "wall") - median(base, "wall")) / base[0]["steps"] * 1000
            table.add_row(
                name,
                case,
                f"{added:.3f}",
                f"{median(runs, 'wall') / median(base, 'wall'):.2f}",
                f"{median(runs, 'cpu') / median(base, 'cpu'):.2f}",
                f"{(median(runs, 'rss_kib') - median(base, 'rss_kib')) / 1024:.1f}",
                f"{median(runs, 'bytes') / 1000:.0f}" if case == "observed" else "",
                f"{median(runs, 'exit'):.2f}",
                BUDGETS[name] if case == "observed" else "as observed, exit <= 2 s",
            )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="child processes for each figure")
    arguments = parser.parse_args()
    Console(width=140).print(report(measure(arguments.repeats)))


if __name__ == "__main__":
    main()
