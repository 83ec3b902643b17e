"""What clients with filters of their own cost a delivery: every client follows another run, as pages do.

A tick brings ten records to all of them, of ten runs, so all but ten clients get nothing. The figure is the time of one
tick, which is the gateway's event loop blocked, against that of as many clients that share one filter which passes
none of it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from dashstream.engine.hub import Hub
from dashstream.engine.limits import ClientLimits, RingLimits
from dashstream.engine.page import Page
from dashstream.engine.ports import LogRecord, NoMetrics
from dashstream.engine.reading import RecordHead
from dashstream.engine.ring import Ring
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import Lane, PlainLane
from dashstream.engine.start_value import ResolvedStart
from dashstream.engine.subscription import Subscription
from dashstream.protocol import control
from dashstream.protocol.codes import ErrorCode, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import PositionFault

RECORDS = 10
TICKS = 200
CLIENTS = (1, 100, 500, 2_000)


class NoClient:
    """Takes everything."""

    is_writable = is_clear = True
    lane: Lane = PlainLane()

    def send_control(self, frame: control.ServerFrame) -> None:
        """Take it."""

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:  # noqa: ARG002  # a sink's signature
        return 0

    def note_path(self, path: SendPath) -> None:
        """Nobody asks."""

    def refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool
    ) -> None:
        """Nothing is refused."""

    def note_faults(self, faults: Mapping[PositionFault, int]) -> None:
        """There are none."""

    def release(self, subscription: int) -> None:
        """Nothing is kept."""


async def tick_us(clients: int, *, is_shared: bool) -> float:
    """Return the median time of a tick."""
    ring, limits = Ring(RingLimits()), ClientLimits(tick_s=0, max_tick_s=0)
    ring.start({0: 0}, {})
    hub = Hub(ring, limits, NoMetrics())
    for number in range(clients):
        wanted = control.Filter(runs=["nobody" if is_shared else f"run-{number}"])
        request = SubscribeRequest(1, wanted, StartFrom.LATEST, None, {}, {}, strict=False, window_bytes=1 << 40)
        start = ResolvedStart({0: 0}, {0: 0}, "latest")
        hub.join(Subscription(request, start, NoClient(), epoch="e", page_bytes=1 << 17), lambda: None)
    took: list[float] = []
    for tick in range(TICKS):
        for number in range(RECORDS):
            record = LogRecord(0, tick * RECORDS + number, 0, b"k", bytes(300))
            head = RecordHead("default", "t", f"run-{(tick * RECORDS + number) % clients}", "g", "event")
            ring.extend([(record, head)])
        started = time.perf_counter()
        hub._tick()
        took.append((time.perf_counter() - started) * 1e6)
    return statistics.median(took)


async def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    table = Table("clients", "one filter", "a filter each", "ratio", "a client", title=f"a tick of {RECORDS} records")
    for clients in CLIENTS:
        shared, own = await tick_us(clients, is_shared=True), await tick_us(clients, is_shared=False)
        table.add_row(
            f"{clients:,}", f"{shared:,.0f} us", f"{own:,.0f} us", f"{own / shared:.1f}", f"{own / clients:.2f} us"
        )
    Console().print(table)


asyncio.run(main())
