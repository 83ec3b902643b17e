"""Whatever happens to the log, to the ring and to a client, it gets each record once and in order, or a true gap.

A machine appends, removes, loses, pumps, subscribes, stalls, acknowledges, disconnects and resumes, in any order. An
oracle holds every offset that there ever was. Parts are the real ones; only the client's socket is a list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine import cohort
from dashstream.engine.deliveries import Deliveries, DeliveryServices
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.page import Page
from dashstream.engine.ports import NewRecord, NoMetrics, partition_of
from dashstream.engine.ring import Ring
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import PlainLane
from dashstream.protocol import control
from dashstream.protocol.batch import Continuation, Continuity, decode_frame, encode_frame_lead
from dashstream.protocol.codes import GapReason, Outcome, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode
from quiet_sink import QuietSink

PARTITIONS = 2
SUBSCRIPTION = 7
THREADS = ("thread-a", "thread-b", "thread-d")
assert {partition_of(name.encode(), PARTITIONS) for name in THREADS} == {0, 1}

FILTERS = st.sampled_from(
    [control.Filter(), control.Filter(runs=["r0"]), control.Filter(threads=["thread-a"], runs=["r0", "r1"])]
)


def passes(wanted: control.Filter, thread: str, run: str) -> bool:
    return (wanted.threads is None or thread in wanted.threads) and (wanted.runs is None or run in wanted.runs)


@dataclass
class Client(QuietSink):
    """One client with one subscription: what it was sent, checked as it arrives. Is the engine's ``Sink``."""

    filter: control.Filter
    is_writable: bool = True
    lane: PlainLane = field(default_factory=PlainLane)
    holds: bool = False
    is_short: bool = False
    hold: Callable[[], None] = lambda: None
    continuity: Continuity | None = None
    start: dict[int, int] = field(default_factory=dict)
    records: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int, int, str]] = field(default_factory=list)
    verdicts: list[control.ReplayComplete] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        return self.is_writable and not self.holds

    def send_control(self, frame: control.ServerFrame) -> None:
        match frame:
            case control.Subscribed():
                assert self.continuity is None, "subscribed is said once"
                self.start = {int(partition): int(offset) for partition, offset in frame.start.items()}
                self.continuity = Continuity(self.start)
            case control.Gap():
                partition, start, end = frame.partition, int(frame.start), int(frame.end)
                assert start < end
                before_start = not self.records and end == self.start[partition]
                assert before_start or self.known.positions[partition] <= start, "what was told is not told again"
                if frame.count is not None:
                    assert int(frame.count) == end - start
                self.gaps.append((partition, start, end, frame.reason))
                self.known.advance(partition, end)
            case control.Progress():
                self._advance(frame.positions)
            case control.ReplayComplete():
                self.verdicts.append(frame)
                assert int(frame.delivered) == len(self.records)
                assert frame.gaps == len(self.gaps)
                counts = frame.tiers
                assert int(counts.memory) + int(counts.retained) + int(counts.log) == len(self.records)
            case control.State():
                self.states.append(frame.state)
            case _:
                raise AssertionError(frame)

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        data = encode_frame_lead(subscription, first_delivery) + page.body
        frame = decode_frame(data)
        assert frame.subscription == SUBSCRIPTION
        assert frame.first_delivery == len(self.records) + 1, "the delivery counter is dense"
        for entry in frame.entries:
            verdict = self.known.record(entry.partition, entry.offset, entry.step)
            assert verdict is Continuation.CONTIGUOUS, (verdict, entry.partition, entry.offset)
            self.records.append((entry.partition, entry.offset))
        if self.is_short and not self.holds:
            self.holds = True
            self.hold()
        return len(page.body)

    def release(self, subscription: int) -> None:
        raise AssertionError("a subscription ended by itself")

    @property
    def known(self) -> Continuity:
        assert self.continuity is not None, "nothing comes before subscribed"
        return self.continuity

    def _advance(self, positions: Mapping[str, str]) -> None:
        for partition, offset in positions.items():
            self.known.advance(int(partition), int(offset))


class DeliveryMachine(RuleBasedStateMachine):
    """The world of one log, one ring and a few clients."""

    @initialize(ring=st.integers(1, 12), before=st.integers(0, 10), page=st.integers(1, 6), history=st.integers(1, 6))
    def begin(self, ring: int, before: int, page: int, history: int) -> None:
        self.shorter = patch.object(cohort, "HISTORY_PAGES", history)
        self.shorter.start()
        self.loop = asyncio.new_event_loop()
        self.log = MemoryLog(LogLimits(partitions=PARTITIONS, retention_age_s=0, retention_bytes=0))
        self.appended: dict[tuple[int, int], tuple[str, str]] = {}
        self.removed: set[tuple[int, int]] = set()
        self.clients: list[tuple[Client, Deliveries]] = []
        for number in range(before):
            self.append(THREADS[number % 3], f"r{number % 2}", 1)
        limits = ClientLimits(tick_s=0, max_tick_s=0)
        self.ring = Ring(RingLimits(max_records=ring))
        self.hub = Hub(self.ring, limits, NoMetrics())
        self.pump = IngestPump(self.log, self.ring, self.hub, IngestLimits(page_records=page), NoMetrics())
        self.run(self.pump.start())
        self.services = DeliveryServices(self.log, self.ring, self.hub, None, limits, Limits(), self.run(_semaphore()))

    def run(self, job: Any) -> Any:
        return self.loop.run_until_complete(job)

    def settle(self) -> None:
        async def turns() -> None:
            for _ in range(60):
                await asyncio.sleep(0)

        self.run(turns())

    @rule(thread=st.sampled_from(THREADS), run=st.sampled_from(["r0", "r1"]), count=st.integers(1, 4))
    def append(self, thread: str, run: str, count: int) -> None:
        header = pb.Header(thread_id=thread, run_id=run, tenant_id="default")
        value = encode(pb.DashStreamMessage(event=pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_START)))
        answers = self.run(self.log.append([NewRecord(thread.encode(), value, 0)] * count))
        for answer in answers:
            self.appended[answer.partition, answer.offset] = (thread, run)

    @rule()
    def pump_once(self) -> None:
        self.run(self.pump.pump_once())
        self.settle()

    @rule(partition=st.integers(0, PARTITIONS - 1), count=st.integers(1, 6))
    def retain(self, partition: int, count: int) -> None:
        mark = self.run(self.log.watermarks())[partition]
        low = min(mark.low + count, mark.high)
        self.removed |= {(partition, offset) for offset in range(low)}
        self.log.trim(partition, low)

    @rule(place=st.data())
    def lose(self, place: st.DataObject) -> None:
        """Damage: one record is gone from the middle of the log."""
        held = sorted(set(self.appended) - self.removed)
        if held:
            partition, offset = place.draw(st.sampled_from(held))
            self.log.lose(partition, offset)
            self.removed.add((partition, offset))

    @precondition(lambda self: len(self.clients) < 4)
    @rule(
        wanted=FILTERS,
        start=st.sampled_from([StartFrom.EARLIEST, StartFrom.LATEST, StartFrom.SNAPSHOT]),
        window=st.sampled_from([1, 200, 10**6]),
    )
    def subscribe(self, wanted: control.Filter, start: StartFrom, window: int) -> None:
        self.open(Client(wanted), start, None, {}, window)

    def open(self, client: Client, start: StartFrom, epoch: str | None, positions: dict[int, int], window: int) -> None:
        async def begin() -> Deliveries:
            deliveries = Deliveries(self.services, client, page_bytes=100)
            client.hold = deliveries.hold
            deliveries.open(SubscribeRequest(SUBSCRIPTION, client.filter, start, epoch, positions, {}, True, window))
            return deliveries

        self.clients.append((client, self.run(begin())))
        self.settle()

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3), writable=st.booleans())
    def stall(self, which: int, writable: bool) -> None:
        client, deliveries = self.clients[which % len(self.clients)]
        client.is_writable = writable
        self.in_loop(deliveries.wake if writable else deliveries.hold)

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3), short=st.booleans())
    def shorten(self, which: int, short: bool) -> None:
        """From now on its socket does not take all of a page; or it does, and what waited has gone."""
        client, _ = self.clients[which % len(self.clients)]
        client.is_short = client.holds = short
        if short:
            client.hold()

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3))
    def acknowledge(self, which: int) -> None:
        client, deliveries = self.clients[which % len(self.clients)]
        if client.continuity is not None:
            self.in_loop(lambda: deliveries.credit(SUBSCRIPTION, dict(client.known.positions)))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3))
    def progress(self, which: int) -> None:
        self.in_loop(self.clients[which % len(self.clients)][1].send_progress)

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 3), resumes=st.booleans())
    def disconnect(self, which: int, resumes: bool) -> None:
        client, deliveries = self.clients.pop(which % len(self.clients))
        self.in_loop(deliveries.close)
        self.check(client)
        if resumes and client.continuity is not None:
            again = Client(client.filter)
            self.open(again, StartFrom.CURSOR, self.log.epoch, dict(client.known.positions), 200)
            for partition, offset in client.known.positions.items():
                first = min([again.start[partition], *(g[1] for g in again.gaps if g[0] == partition)])
                assert first == offset, "a resume starts exactly where the client was"

    def in_loop(self, act: Any) -> None:
        async def do() -> None:
            act()

        self.run(do())
        self.settle()

    def check(self, client: Client) -> None:
        """What holds at any time: nothing twice, gaps are true, everything up to the cursor is accounted for."""
        assert len(client.records) == len(set(client.records))
        assert len(client.verdicts) <= 1
        gone: set[tuple[int, int]] = set()
        for partition, start, end, reason in client.gaps:
            assert reason in {GapReason.LOST, GapReason.NOT_RETAINED}
            gone |= {(partition, offset) for offset in range(start, end)}
        assert gone <= self.removed, "a gap names only what is not there"
        got = set(client.records)
        assert not got & gone
        if client.continuity is None:
            return
        for partition, reached in client.known.positions.items():
            for offset in range(client.start[partition], reached):
                place = partition, offset
                if passes(client.filter, *self.appended[place]):
                    assert place in got or place in gone, f"{place} is neither delivered nor a gap"
                else:
                    assert place not in got

    def teardown(self) -> None:
        self.shorter.stop()
        if not hasattr(self, "services"):
            return
        try:
            self.finish()
        finally:
            self.in_loop(lambda: [deliveries.close() for _, deliveries in self.clients])
            self.loop.close()

    def finish(self) -> None:
        """Bring every client to the end."""
        while any(
            self.ring.positions[partition] < mark.high for partition, mark in self.run(self.log.watermarks()).items()
        ):
            self.pump_once()
        for client, deliveries in self.clients:
            client.is_writable = True
            client.is_short = client.holds = False
            self.in_loop(deliveries.wake)
            while self.advance(client, deliveries):
                pass
            self.in_loop(deliveries.send_progress)
            self.check(client)
            assert client.known.positions == self.ring.positions, "everybody gets to the end"
            assert client.states[-1] == "live"
            (verdict,) = client.verdicts
            assert (verdict.outcome == Outcome.COMPLETE) == (verdict.gaps == 0)
            self.in_loop(deliveries.close)
        assert len(self.hub) == 0

    def advance(self, client: Client, deliveries: Deliveries) -> bool:
        """Let a client apply what it has; tell whether that brought more."""
        before = len(client.records), len(client.gaps), len(client.states)
        self.in_loop(lambda: deliveries.credit(SUBSCRIPTION, dict(client.known.positions)))
        return before != (len(client.records), len(client.gaps), len(client.states))


async def _semaphore() -> asyncio.Semaphore:
    return asyncio.Semaphore(4)


DeliveryMachine.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestDelivery = DeliveryMachine.TestCase
