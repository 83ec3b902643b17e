"""What a record costs a gateway of a fleet in all: taken from Kafka, decoded, into the ring, folded into the run index.

Two gateways with a retained tier share the duties, so each also checks, retains and commits half of the records. Nobody
looks on, so no delivery is in it. The figures are records per second of a gateway's CPU, with the process that folds
the index and without, as its own ``/metrics`` have it; the records are valid ones, of runs with a state that changes at
each step.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from confluent_kafka import Producer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from dashstream.cli.connection import Gateway
from dashstream.engine.ports import partition_of

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from data_dirs import run_records  # noqa: E402  # found only now
from fleet import Fleet  # noqa: E402  # as above

PARTITIONS = 4
STEPS = 100
LOOK_S = 0.25
DONE_S = 300.0
CPU = ("process_cpu_seconds_total", "dashstream_index_process_cpu_seconds_total")
FOLDED = "dashstream_index_records_folded_total"
PASSED = "dashstream_duties_records_total"
RETAINED = "dashstream_retained_records_total"


def figures(gateway: Gateway) -> dict[str, float]:
    """Return what a gateway counts, by name, summed over labels."""
    with gateway.request("GET", "/metrics") as response:
        text = response.read().decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def write(bootstrap: str, records: list[tuple[bytes, bytes]]) -> None:
    """Write records as producers do: all of a thread to one partition."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "queue.buffering.max.messages": 0})
    for key, value in records:
        producer.produce("dashstream", value, key, partition_of(key, PARTITIONS))
    producer.flush()


async def measured(fleet: Fleet, records: list[tuple[bytes, bytes]]) -> list[dict[str, float]]:
    """Write records, wait until all is done with them, and return by how much each gateway's figures rose."""
    before = [figures(gateway) for gateway in fleet.gateways]
    await asyncio.to_thread(write, fleet.env["DASHSTREAM_KAFKA_BOOTSTRAP"], records)
    deadline = monotonic() + DONE_S
    while monotonic() < deadline:
        after = [figures(gateway) for gateway in fleet.gateways]
        rose = [{name: one[name] - old.get(name, 0.0) for name in one} for old, one in zip(before, after, strict=True)]
        is_folded = all(one[FOLDED] >= len(records) for one in rose)
        if is_folded and all(sum(one[name] for one in rose) >= len(records) for name in (PASSED, RETAINED)):
            return rose
        await asyncio.sleep(LOOK_S)
    raise TimeoutError("the gateways do not get through")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=150, help=f"runs of some {4 * STEPS} records each")
    threads = [b"thread-%d" % number for number in range(parser.parse_args().threads)]
    records = [(key, value) for key in threads for value in run_records(thread=key.decode(), steps=STEPS)]
    console = Console()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        fleet = Fleet(Path(folder), stack, console)
        await fleet.start(PARTITIONS)
        rose = await measured(fleet, records)
    size = sum(len(value) for _, value in records) / len(records)
    columns = ("gateway", "records", "duties for", "CPU, own + index", "records / CPU s", "... of its own")
    table = Table(*columns, title=f"{size:.0f} bytes a record")
    for number, one in enumerate(rose, 1):
        own, index = (one[name] for name in CPU)
        rate, own_rate = len(records) / (own + index), len(records) / own
        table.add_row(
            str(number),
            f"{len(records):,}",
            f"{one[PASSED]:,.0f}",
            f"{own:.2f} + {index:.2f} s",
            f"{rate:,.0f}",
            f"{own_rate:,.0f}",
        )
    console.print(table)


asyncio.run(main())
