"""Ten thousand clients that vanish: a thousand in each phase of the protocol, by a reset and by a plain end in turn.

After each phase the gateway has to be as it was before: connections, subscriptions, tasks, descriptors. Its memory is
shown as well; it may rise once, while the allocator warms up, and not with each phase. The script ends with 1 if
anything is left.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dashstream.app import logs  # noqa: E402  # found only now
from dashstream.app.settings import LoggingSettings  # noqa: E402  # as above
from integration.gateway.serving import Served, records, serving  # noqa: E402  # found only now
from integration.gateway.vanishing import PHASES, abort, descriptors  # noqa: E402  # as above

GAUGES = ("dashstream_connections", "dashstream_connections_slow", "dashstream_subscriptions_live")
OF_CLIENTS = ("Deliveries.", "Connection.")
FLUCTUATION = 8
"""Descriptors that come and go without any client: each thread of the log opens its file for itself."""
DONE_S = 30.0


def resident_mib() -> float:
    """Memory of this process."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def tasks_of_clients() -> int:
    """Tasks that the gateway runs for somebody."""
    return sum(task.get_coro().__qualname__.startswith(OF_CLIENTS) for task in asyncio.all_tasks())  # type: ignore[union-attr]  # a coroutine's name


async def left(served: Served, files: int) -> dict[str, float]:
    """Wait until nothing is left, or not any longer; return what is."""
    deadline = monotonic() + DONE_S
    while True:
        found = {
            "connections": len(served.gateway.connections),
            "tasks": tasks_of_clients(),
            "descriptors": max(0, descriptors() - files - FLUCTUATION),
        }
        if not any(found.values()) or monotonic() > deadline:
            return {**found, "gauges": sum([await served.metric(gauge) for gauge in GAUGES])}
        await asyncio.sleep(0.05)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1_000, help="clients of each phase")
    times = parser.parse_args().times
    table = Table("phase", "vanished", "left", "memory", "per second", title=f"{times * len(PHASES):,} clients vanish")
    is_clean = True
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder), client={"send_timeout_s": 1.0}) as served:
            await served.store(records(20, size=500))
            files = descriptors()
            for phase in PHASES:
                started = monotonic()
                await asyncio.to_thread(abort, served, phase, times)
                took = monotonic() - started
                found = await left(served, files)
                is_clean = is_clean and not any(found.values())
                told = ", ".join(f"{count:g} {name}" for name, count in found.items() if count) or "nothing"
                table.add_row(phase, f"{times:,}", told, f"{resident_mib():.0f} MiB", f"{times / took:,.0f}")
    Console().print(table)
    return 0 if is_clean else 1


logs.configure(LoggingSettings(level="error"))
sys.exit(asyncio.run(main()))
