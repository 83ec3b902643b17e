"""What one subscription tells its client: where it starts, what is missing, how far it got, and the one verdict."""

from __future__ import annotations

import pytest

from dashstream.engine.page import Page
from dashstream.engine.replay import Tier
from dashstream.engine.ring import Hole
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import PlainLane
from dashstream.engine.start_value import ResolvedStart
from dashstream.engine.subscription import Subscription
from dashstream.protocol import control
from dashstream.protocol.codes import GapReason, Outcome, StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import FaultTally, PositionFault
from quiet_sink import QuietSink


class Client(QuietSink):
    """Keeps what it is told."""

    is_writable = is_clear = True
    lane = PlainLane()

    def __init__(self) -> None:
        self.frames: list[control.ServerFrame] = []

    def send_control(self, frame: control.ServerFrame) -> None:
        self.frames.append(frame)

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        return len(page.body)

    def release(self, subscription: int) -> None:
        raise AssertionError(subscription)

    def verdicts(self) -> list[str]:
        return [frame.outcome for frame in self.frames if isinstance(frame, control.ReplayComplete)]


def begun(start: ResolvedStart) -> tuple[Subscription, Client]:
    client = Client()
    request = SubscribeRequest(1, control.Filter(), StartFrom.CURSOR, "e", {}, {}, strict=False, window_bytes=1 << 20)
    subscription = Subscription(request, start, client, epoch="e", page_bytes=1_000)
    subscription.begin()
    return subscription, client


def passed(offset: int) -> Page:
    """A page that brings partition 0 to a next offset by one record."""
    return Page(body=b"x", count=1, delivered={0: offset}, advance={0: offset})


def test_the_verdict_comes_with_the_last_record_before_the_head_and_once() -> None:
    subscription, client = begun(ResolvedStart({0: 0}, {0: 3}, "cursor"))
    for offset in (1, 2):
        subscription.deliver(passed(offset), Tier.LOG)
        assert client.verdicts() == []
    for offset in (3, 4):
        subscription.deliver(passed(offset), Tier.LOG)
    assert client.verdicts() == [Outcome.COMPLETE]
    assert subscription.tier_counts[Tier.LOG] == 4


@pytest.mark.parametrize("what", ["gap", "fault"])
def test_what_was_not_honoured_makes_the_verdict_partial(what: str) -> None:
    start = ResolvedStart({0: 3}, {0: 3}, "cursor")
    if what == "gap":
        start.gaps.append(Hole(0, 1, 3, GapReason.NOT_RETAINED, 2))
    else:
        start.faults[PositionFault.OFFSET] = FaultTally(PositionFault.OFFSET, 1)
    _, client = begun(start)
    assert client.verdicts() == [Outcome.PARTIAL]


def test_who_is_cut_off_before_a_gap_is_told_comes_back_to_it() -> None:
    start = ResolvedStart({0: 5, 1: 7}, {0: 9, 1: 9}, "cursor", [Hole(0, 2, 5, GapReason.NOT_RETAINED, 3)])
    _, client = begun(start)
    subscribed, gap = client.frames
    assert isinstance(subscribed, control.Subscribed)
    assert subscribed.start == {"0": "2", "1": "7"}
    assert isinstance(gap, control.Gap)
    assert (gap.start, gap.end, gap.count) == ("2", "5", "3")


def test_progress_tells_what_no_record_told_and_once() -> None:
    subscription, client = begun(ResolvedStart({0: 0, 1: 0}, {0: 9, 1: 9}, "cursor"))
    subscription.deliver(passed(4), Tier.LOG)
    subscription.deliver(Page(advance={1: 6}), Tier.LOG)
    for _ in range(2):
        subscription.send_progress()
    told = [frame.positions for frame in client.frames if isinstance(frame, control.Progress)]
    assert told == [{"1": "6"}]
