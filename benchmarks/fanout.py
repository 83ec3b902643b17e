"""Fan-out: what a delivery costs beside plain C that writes the same bytes, and how late it comes.

The gateway's part is its own ring, hub and WebSocket over a log in memory; what feeding it costs without clients is
taken off. The C reference writes the same joined bytes at the same ticks; at the longest tick that the gateway may
take, which is the least that joining can come to; and, as the other baseline, every record by itself, as gateways do
that do not join. A bare loop of Python over the same sockets tells what the language alone takes. Clients are in a
process of their own, and the one whose latencies are told in another: it waits for none of them. Sending on loopback
is charged with the receiver's work in the kernel, for all alike. All send at once what they write (TCP_NODELAY), as
asyncio's sockets do: without it the kernel joins small writes on its own, and a client has them up to 40 ms later.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from dashstream.engine.limits import ClientLimits

HERE = Path(__file__).resolve().parent
TOKEN = "token-of-the-benchmark"  # noqa: S105  # of a server that lives for seconds
CASES = [(50, 1_000), (500, 1_000), (50, 10_000), (500, 10_000)]
SETTLE_S = 0.5
LONGEST_TICK_S = ClientLimits().max_tick_s


@dataclass
class Figure:
    """What came of one run; latencies in seconds."""

    cpu: float
    deliveries: int
    writes: int
    latencies: list[float]

    @property
    def each_us(self) -> float:
        return 1e6 * self.cpu / self.deliveries


async def started(*command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 28
    )


async def told(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    line = await process.stdout.readline()
    assert line, "a process ended without a word"
    return line.decode()


async def end(process: asyncio.subprocess.Process) -> str:
    assert process.stdin
    process.stdin.close()
    line = await told(process)
    await process.wait()
    return line


@dataclass
class Run:
    """What the server of one run and its clients told."""

    server: dict[str, Any]
    many: dict[str, Any]
    one: dict[str, Any]


async def ours(clients: int, rate: int, size: int, seconds: int, rounds: int) -> tuple[Figure, float, int]:
    """Return the figure, the mean interval between ticks, and a record's bytes.

    What feeding takes without clients is much of it and varies, so it and the whole are taken in turn, and are medians.
    """
    fed, whole = [], []
    for _ in range(rounds):
        fed.append((await served(0, rate, size, seconds)).server["cpu"])
        whole.append(await served(clients, rate, size, seconds))
    run = sorted(whole, key=lambda run: run.server["cpu"])[rounds // 2]
    made = run.server["stamps"][-1][1]
    figure = Figure(
        run.server["cpu"] - median(fed),
        made * clients,
        run.many["frames"] + run.one["frames"],
        latencies(run.server["stamps"], run.one["arrivals"]),
    )
    return figure, seconds / run.server["ticks"], run.server["bytes"]


async def served(clients: int, rate: int, size: int, seconds: int) -> Run:
    """Serve so many clients, or rather one more than none."""
    numbers = (str(clients), str(rate), str(size), str(seconds))
    server = await started(sys.executable, str(HERE / "_fanout_server.py"), *numbers)
    sink = [sys.executable, str(HERE / "_fanout_sink.py"), (await told(server)).strip()]
    crowd, probe = await started(*sink, str(max(0, clients - 1)), TOKEN), await started(*sink, "1", TOKEN)
    found = json.loads(await told(server))
    await asyncio.sleep(SETTLE_S)
    many, one = [json.loads(await end(process)) for process in (crowd, probe)]
    assert server.stdin
    server.stdin.close()
    await server.wait()
    return Run(found, many, one)


def latencies(stamps: list[tuple[float, int]], arrivals: list[tuple[float, int]]) -> list[float]:
    """Return how late each record came to the first client: a frame holds all up to the next one's first."""
    counts = [count for _, count in stamps]
    found: list[float] = []
    for (at, first), following in zip(arrivals, [*(one for _, one in arrivals[1:]), counts[-1] + 1], strict=True):
        found += [at - stamps[bisect_right(counts, number - 1)][0] for number in range(first, following)]
    assert len(found) == counts[-1], f"{len(found)} of {counts[-1]} records came"
    return sorted(found)


async def plain(command: list[str], clients: int, rate: int, size: int, tick_s: float, seconds: int) -> Figure:
    """Return what bare writes take."""
    numbers = (str(clients), str(rate), str(size), str(round(tick_s * 1e6)), str(seconds))
    server = await started(*command, *numbers)
    port = (await told(server)).strip()
    sink = await started(sys.executable, str(HERE / "_fanout_sink.py"), port, str(clients))
    cpu, deliveries, writes = (await told(server)).split()
    await server.wait()
    await end(sink)
    return Figure(float(cpu), int(deliveries), int(writes), [])


def compared(
    mine: Figure, same: Figure, longest: Figure, python: Figure, single: Figure, tick_s: float
) -> dict[str, str]:
    """Return what is shown of one case."""
    late = [f"{1e3 * mine.latencies[int(share * len(mine.latencies))]:.1f} ms" for share in (0.5, 0.99)]
    return {
        "us per delivery": f"{mine.each_us:.2f}",
        "... in C, the same writes": f"{same.each_us:.2f}",
        "ratio (budget 1.3)": f"{mine.each_us / same.each_us:.2f}",
        "... in bare Python, the same writes": f"{python.each_us:.2f}",
        "ratio of bare Python to C": f"{python.each_us / same.each_us:.2f}",
        "... in C, one write a record": f"{single.each_us:.2f}",
        "ratio (budget 1/15 at 500 x 1,000)": f"1/{single.each_us / mine.each_us:.1f}",
        "the same ratio of C that joins": f"1/{single.each_us / same.each_us:.1f}",
        "... at the longest tick": f"1/{single.each_us / longest.each_us:.1f}",
        "deliveries per CPU second": f"{mine.deliveries / mine.cpu:,.0f}",
        "writes per CPU second (budget 80,000)": f"{mine.writes / mine.cpu:,.0f}",
        "mean time between ticks": f"{1e3 * tick_s:.1f} ms",
        "latency p50": late[0],
        "latency p99": late[1],
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3, help="of the gateway and of C, of which the medians are told")
    parser.add_argument("--bytes", type=int, default=300, help="of a record, framed")
    given = parser.parse_args()
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "fanout"
        await asyncio.to_thread(subprocess.run, ["cc", "-O2", "-o", binary, HERE / "_fanout.c"], check=True)
        for clients, rate in CASES:
            mine, tick_s, size = await ours(clients, rate, given.bytes, given.seconds, given.rounds)
            numbers = (clients, rate, size, tick_s, given.seconds)
            bare_c = [await plain([str(binary)], *numbers) for _ in range(given.rounds)]
            same = sorted(bare_c, key=lambda figure: figure.cpu)[given.rounds // 2]
            bare = [sys.executable, str(HERE / "_fanout_plain.py")]
            longest = await plain([str(binary)], clients, rate, size, LONGEST_TICK_S, given.seconds)
            python = await plain(bare, clients, rate, size, tick_s, given.seconds)
            single = await plain([str(binary)], clients, rate, size, 0, given.seconds)
            found[f"{clients} x {rate:,}/s"] = compared(mine, same, longest, python, single, tick_s)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    table = Table("clients x records", *found, title=f"records of {given.bytes} bytes; load of the machine {load}")
    for name in next(iter(found.values())):
        table.add_row(name, *(case[name] for case in found.values()))
    Console(width=120).print(table)


asyncio.run(main())
