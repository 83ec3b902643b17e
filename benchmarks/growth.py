"""Whether a gateway of a fleet grows: its memory each minute at constant load, with new runs all the time.

The bounds of what is kept are set low, so that everything that is to fill up is full after the first minutes; what
grows after that grows without a bound. The figure is the resident memory of each gateway, and how much the last half
of the time added to it: per million records, and per thousand runs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from confluent_kafka import Producer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dashstream.engine.ports import partition_of

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from _processes import resident_mib  # noqa: E402  # found only now

from data_dirs import run_records  # noqa: E402  # found only now
from fleet import Fleet  # noqa: E402  # as above

PARTITIONS = 4
STEPS = 25
BATCH = 100
BOUNDS = {
    "DASHSTREAM_RING_MAX_RECORDS": "5000",
    "DASHSTREAM_INDEX_CACHED_RUNS": "50",
    "DASHSTREAM_KAFKA_TAIL_RECORDS": "5000",
    "DASHSTREAM_KAFKA_REMEMBERED_PRODUCERS": "500",
    "DASHSTREAM_DUTIES_SEQUENCE_COUNTERS": "500",
    "DASHSTREAM_RETAINED_QUEUE_RECORDS": "5000",
}


def records() -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of one run after another, each of a thread and a producer of its own."""
    for number in itertools.count():
        thread = f"thread-{number}"
        for value in run_records(thread=thread, steps=STEPS):
            yield thread.encode(), value


async def load(bootstrap: str, rate: int, until: float) -> int:
    """Write ``rate`` records a second until then; return how many."""
    producer, source, written = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5}), records(), 0
    began = monotonic()
    while monotonic() < until:
        for key, value in itertools.islice(source, BATCH):
            producer.produce("dashstream", value, key, partition_of(key, PARTITIONS))
        written += BATCH
        producer.poll(0)
        await asyncio.sleep(max(0.0, began + written / rate - monotonic()))
    await asyncio.to_thread(producer.flush)
    return written


async def watch(pids: list[int], minutes: int, console: Console) -> list[list[float]]:
    """Return the memory of each process at the beginning and after each minute."""
    samples = [[resident_mib(pid) for pid in pids]]
    with Progress(console=console) as progress:
        task = progress.add_task("watching", total=minutes)
        for _ in range(minutes):
            await asyncio.sleep(60)
            samples.append([resident_mib(pid) for pid in pids])
            progress.advance(task)
    return samples


def slopes(samples: list[list[float]], written: int) -> str:
    """Say what the last half of the time added to each process, by what came meanwhile."""
    half = len(samples) // 2
    records_since = written * (len(samples) - 1 - half) / (len(samples) - 1)
    runs_since = records_since / len(list(run_records(thread="thread", steps=STEPS)))
    grown = [last - middle for middle, last in zip(samples[half], samples[-1], strict=True)]
    return "; ".join(
        f"{added:+.1f} MiB, {added / records_since * 1e6:+.2f} per million records, "
        f"{added / runs_since * 1e3:+.3f} per 1,000 runs"
        for added in grown
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=2)
    parser.add_argument("--rate", type=int, default=500, help="records a second")
    arguments = parser.parse_args()
    console = Console()
    os.environ.update(BOUNDS)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        fleet = Fleet(Path(folder), stack, console)
        await fleet.start(PARTITIONS)
        pids = [fleet.parts[f"gateway {number}"].pid for number in range(1, len(fleet.gateways) + 1)]
        until = monotonic() + 60 * arguments.minutes
        loading = asyncio.create_task(load(fleet.env["DASHSTREAM_KAFKA_BOOTSTRAP"], arguments.rate, until))
        samples = await watch(pids, arguments.minutes, console)
        written = await loading
    table = Table("minute", *(f"gateway {number}, MiB" for number in range(1, len(pids) + 1)))
    for minute, sample in enumerate(samples):
        table.add_row(str(minute), *(f"{one:.1f}" for one in sample))
    console.print(table, f"{written:,} records; the last half of the time added {slopes(samples, written)}")


asyncio.run(main())
