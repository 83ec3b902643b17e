"""Who moves together is sent, charged and told just what it would be alone, and parts as soon as something waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from dashstream.engine import cohort as cohort_module
from dashstream.engine.classify import RecordHead
from dashstream.engine.cohort import HISTORY_PAGES, Cohort
from dashstream.engine.hub import Hub
from dashstream.engine.limits import ClientLimits, RingLimits
from dashstream.engine.page import Page
from dashstream.engine.ports import LogRecord, NoMetrics
from dashstream.engine.ring import Hole, Ring
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import PlainLane
from dashstream.engine.start_value import ResolvedStart
from dashstream.engine.subscription import Subscription
from dashstream.protocol import control
from dashstream.protocol.codes import Delivery, GapReason, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from quiet_sink import QuietSink

PAGE_BYTES = 1_000
VALUE = bytes(100)


@dataclass(eq=False)
class Client(QuietSink):
    """A sink that keeps what it is sent. One that ``goes_alone`` is never clear, so it is never in a cohort."""

    goes_alone: bool = False
    is_writable: bool = True
    holds: bool = False
    pages: list[tuple[int, Page]] = field(default_factory=list)
    frames: list[control.ServerFrame] = field(default_factory=list)
    lane: PlainLane = field(default_factory=PlainLane)

    @property
    def is_clear(self) -> bool:
        return self.is_writable and not self.goes_alone and not self.holds

    def send_control(self, frame: control.ServerFrame) -> None:
        self.frames.append(frame)

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        assert path is SendPath.LIVE
        self.pages.append((first_delivery, page))
        return len(page.body)


class Room:
    """A ring, a hub that ticks on demand, and clients that follow."""

    def __init__(self) -> None:
        self.ring = Ring(RingLimits(max_records=20))
        self.ring.start({0: 0}, {})
        self.hub = Hub(self.ring, ClientLimits(tick_s=0, max_tick_s=0), NoMetrics())
        self.fallen: list[Subscription] = []

    def join(self, client: Client, window: int = 1 << 30, number: int = 1, run: str | None = None) -> Subscription:
        wanted = control.Filter(runs=None if run is None else [run])
        request = SubscribeRequest(number, wanted, StartFrom.LATEST, None, {}, {}, strict=False, window_bytes=window)
        start = ResolvedStart(dict(self.ring.positions), {}, "live")
        subscription = Subscription(request, start, client, epoch="e", page_bytes=PAGE_BYTES)
        subscription.begin()
        subscription.set_state(Delivery.LIVE)
        assert self.hub.join(subscription, lambda: self.fallen.append(subscription))
        return subscription

    def append(self, count: int = 1, run: str = "r") -> None:
        for _ in range(count):
            record = LogRecord(0, self.ring.positions[0], 0, b"k", VALUE)
            self.ring.extend([(record, RecordHead("default", "t", run, "g", "event"))])

    def tick(self, count: int = 1, run: str = "r") -> None:
        """Append so many records and bring everybody up."""
        self.append(count, run)
        self.hub._tick()

    def cohort_of(self, subscription: Subscription) -> Cohort | None:
        return self.hub._members[subscription].cohort

    def accounts(self, subscription: Subscription) -> tuple[object, ...]:
        """Return all that is kept of a subscription, up to date."""
        self.hub.settle(subscription)
        credit = subscription.credit
        return (
            subscription.count,
            dict(subscription.tier_counts),
            dict(subscription.delivered),
            dict(subscription.positions),
            subscription.arrival,
            (credit.unacknowledged_bytes, credit.unacknowledged_pages, credit.acknowledged_pages, credit.is_open),
        )


@pytest.fixture
async def room() -> Room:
    return Room()


@pytest.mark.parametrize("run", [None, "r"])
async def test_together_is_as_alone(room: Room, run: str | None) -> None:
    """Pages, numbers and accounts are the same, through settlements, acknowledgements and what a filter drops."""
    clients = [Client(), Client(), Client(), Client(goes_alone=True)]
    members = [room.join(client, run=run) for client in clients]
    for turn in range(3 * HISTORY_PAGES):
        room.tick(turn % 12, "r" if turn % 3 else "other")
        if turn % 7 == 0:
            one = members[turn % 4]
            room.hub.settle(one)
            one.credit.acknowledge(one.positions)
    together = room.cohort_of(members[0])
    assert together is not None
    assert len(together) == 3
    assert room.cohort_of(members[3]) is None
    for member in members:
        room.hub.settle(member)
        member.credit.acknowledge(member.positions)
        member.credit.acknowledged_pages = 0
    assert len({repr(room.accounts(member)) for member in members}) == 1
    assert clients[0].pages[10][1] is clients[1].pages[10][1], "the very same page"
    expected = 1
    for first, page in clients[0].pages:
        assert first == expected, "deliveries are numbered densely"
        expected += page.count
    assert [first for first, _ in clients[3].pages] == [first for first, _ in clients[0].pages]
    assert all(client.pages == clients[0].pages for client in clients)


@pytest.mark.parametrize("window", [PAGE_BYTES, 2_500, 5_000])
async def test_credit_closes_at_the_same_page_as_alone(room: Room, window: int) -> None:
    shared, alone, wide = Client(), Client(goes_alone=True), Client()
    members = [room.join(shared, window), room.join(alone, window), room.join(wide)]
    room.hub._tick()
    assert room.cohort_of(members[0]) is not None
    for turn in range(40):
        room.tick(turn % 4)
    assert [page for _, page in shared.pages] == [page for _, page in alone.pages]
    assert not members[0].credit.is_open
    assert room.accounts(members[0]) == room.accounts(members[1])
    assert members[0].credit.unacknowledged_bytes < window + PAGE_BYTES
    assert room.cohort_of(members[0]) is None
    assert sum(page.count for _, page in wide.pages) == room.ring.end


async def test_a_member_whose_bytes_wait_parts_at_once_and_comes_back_when_they_have_gone(room: Room) -> None:
    quick, slow, third = Client(), Client(), Client()
    members = [room.join(client) for client in (quick, slow, third)]
    room.hub._tick()
    room.tick()
    slow.is_writable, slow.holds = False, True
    room.hub.part(members[1])
    assert members[1].count == 1, "whoever parts is settled"
    room.tick()
    assert [len(client.pages) for client in (quick, slow, third)] == [2, 1, 2]
    slow.is_writable = True
    assert not room.hub.kick(members[1])
    assert len(slow.pages) == 2, "it is served alone meanwhile"
    slow.holds = False
    for _ in range(HISTORY_PAGES):
        room.tick()
    together = room.cohort_of(members[1])
    assert together is not None
    assert together is room.cohort_of(members[0])
    room.tick()
    assert [room.accounts(member)[0] for member in members] == [room.ring.end] * 3


async def test_who_parts_in_the_midst_of_a_page_has_got_it_and_nobody_else_misses_any(room: Room) -> None:
    class Short(Client):
        """Takes a page but for its end."""

        def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
            if not self.holds:
                self.holds = True
                for member in mine:
                    room.hub.part(member)
            return super().send_page(subscription, first_delivery, page, path)

    clients = [Client(), Short(), Client()]
    members = [room.join(client) for client in clients]
    mine = [members[1], room.join(clients[1], number=2, run="r")]
    room.hub._tick()
    assert room.cohort_of(mine[1]) is not None
    room.tick(2)
    assert all(room.cohort_of(member) is None for member in mine), "all of a client's subscriptions part"
    assert [room.accounts(member)[0] for member in [*members, mine[1]]] == [2] * 4
    assert [len(client.pages) for client in clients] == [1, 2, 1]


async def test_a_client_is_in_a_cohort_once(room: Room) -> None:
    client = Client()
    members = [room.join(client, number=number) for number in (1, 2)]
    room.hub._tick()
    room.tick()
    assert [room.cohort_of(member) is not None for member in members] == [True, False]
    assert len(client.pages) == 2


async def test_other_codecs_sizes_and_filters_are_other_cohorts(room: Room) -> None:
    packed = Client(lane=PlainLane(compression=True))
    members = [room.join(Client()), room.join(packed), room.join(Client(), run="r"), room.join(Client())]
    room.hub._tick()
    found = [room.cohort_of(member) for member in members]
    assert None not in found
    assert len(set(found)) == 3
    assert found[0] is found[3]


async def test_what_is_put_down_is_bounded(room: Room) -> None:
    member = room.join(Client())
    room.hub._tick()
    for _ in range(5 * HISTORY_PAGES):
        room.tick()
        together = room.cohort_of(member)
        assert together is not None
        assert len(together._sent) < HISTORY_PAGES
    assert member.count == 5 * HISTORY_PAGES


async def test_newcomers_are_let_in_without_settling_for_each(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = 0
    settle_all = Cohort.settle_all

    def counted(cohort: Cohort) -> list[Subscription]:
        nonlocal settled
        settled += 1
        return settle_all(cohort)

    monkeypatch.setattr(Cohort, "settle_all", counted)
    monkeypatch.setattr(cohort_module, "HISTORY_PAGES", 1_000)
    members = []
    for _ in range(256):
        members.append(room.join(Client()))
        room.tick()
    assert settled <= 9, "once for each doubling"
    assert sum(room.cohort_of(member) is not None for member in members) >= 128


async def test_a_hole_is_told_to_each(room: Room) -> None:
    clients = [Client(), Client()]
    members = [room.join(client) for client in clients]
    room.hub._tick()
    room.append()
    room.ring.append_hole(Hole(0, 1, 4, GapReason.LOST, 3))
    room.append()
    room.hub._tick()
    for client, member in zip(clients, members, strict=True):
        assert [frame.end for frame in client.frames if isinstance(frame, control.Gap)] == ["4"]
        assert room.accounts(member)[0] == 2
        assert room.cohort_of(member) is not None, "it is at the same place again"


async def test_a_cohort_that_the_ring_has_left_behind_is_handed_back(room: Room) -> None:
    members = [room.join(Client()) for _ in range(2)]
    room.hub._tick()
    room.append(50)
    room.hub._tick()
    assert room.fallen == members
    assert len(room.hub) == 0
    assert [member.positions for member in members] == [{0: 0}] * 2


async def test_who_leaves_is_settled_and_gets_nothing_more(room: Room) -> None:
    stays, leaves = Client(), Client()
    members = [room.join(client) for client in (stays, leaves)]
    room.hub._tick()
    room.tick(3)
    room.hub.leave(members[1])
    assert members[1].count == 3
    assert members[1].positions == {0: 3}
    room.tick()
    await asyncio.sleep(0)
    assert [len(client.pages) for client in (stays, leaves)] == [2, 1]


async def test_all_are_settled_at_once_and_who_has_no_room_parts(room: Room) -> None:
    members = [room.join(Client(), window=2_000), room.join(Client()), room.join(Client(), run="r")]
    room.hub._tick()
    room.tick(9)
    room.tick(2)
    room.hub.settle_all()
    assert [member.count for member in members] == [11] * 3
    assert [member.arrival for member in members] == [11] * 3
    assert [room.cohort_of(member) is None for member in members] == [True, False, False]
    room.tick()
    assert [room.accounts(member)[0] for member in members] == [12] * 3
