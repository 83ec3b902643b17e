"""Shared delivery: live subscriptions that stand at the same place move as one.

A *cohort* is subscriptions with the same view, page size and lane, all of them at the same arrival, with a verdict,
with credit left and with nothing before them on their way out. A tick makes one page for it and sends that at one
stroke; what a member was sent is put down once for all. It comes to a member's own accounts when they are *settled*:
when anything reads them, when the member parts, and for all at once after some pages.

What keeps that true:

- Between two such settlements a cohort only loses members, so what it put down since concerns each of them.
- Its *room* is the least credit that any of them had left at the last one. Acknowledgements only add to it, so no
  member is sent a page that its own credit would not have allowed.
- A member parts at once, in the same call, when its sink is no longer clear, so no page overtakes what waits there
  and none goes to a socket that is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dashstream.engine.credit import MAX_UNACKNOWLEDGED_PAGES, Sent
from dashstream.engine.page import Page
from dashstream.engine.sink import Convoy, Lane, Rider, Sink
from dashstream.engine.subscription import Subscription
from dashstream.engine.view import View

HISTORY_PAGES = 64
"""Most pages that are sent before all members are settled."""


@dataclass(slots=True)
class _Seat:
    """A member's place, and up to where its accounts are settled. ``base`` never changes: all move alike."""

    base: int
    place: int
    pages: int
    records: int


class Cohort:
    """Members that move as one. Whoever parts is settled."""

    def __init__(self, view: View, page_bytes: int, lane: Lane, arrival: int) -> None:
        self.view = view
        self.page_bytes = page_bytes
        self.arrival = arrival
        self._lane = lane
        self._seats: dict[Subscription, _Seat] = {}
        self._sinks: set[Sink] = set()
        self._convoy: Convoy | None = None
        self._is_sparse = False
        self._records = 0
        self._room = 0
        self._sent: list[Sent] = []
        self._delivered: dict[int, int] = {}
        self._advance: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._seats)

    @property
    def members(self) -> list[Subscription]:
        return list(self._seats)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was sent since all were settled, so that others may come."""
        return not self._sent

    @property
    def is_due(self) -> bool:
        """Whether no further page may be sent before ``settle_all``."""
        return self._room <= 0 or len(self._sent) >= HISTORY_PAGES

    def admit(self, newcomers: Iterable[Subscription]) -> list[Subscription]:
        """Take in subscriptions that are at its place, while it is fresh; return those that it takes: one of a sink."""
        admitted = []
        for subscription in newcomers:
            if subscription.sink not in self._sinks:
                self._sinks.add(subscription.sink)
                self._seats[subscription] = _Seat(subscription.count - self._records, 0, 0, self._records)
                admitted.append(subscription)
        if admitted:
            self._convoy = None
            self._find_room()
        return admitted

    def send(self, page: Page) -> int:
        """Send all members a page without a hole; return how many records that was in all."""
        self.arrival = page.arrival
        self._advance.update(page.advance)
        if not page.count:
            return 0
        before, count = self._records, len(self._seats)
        convoy = self._convoy or self._assemble()
        size = len(page.payload(compression=self._lane.compression))
        self._records += page.count
        self._delivered.update(page.delivered)
        self._sent.append(Sent(page.delivered, size))
        self._room -= size
        convoy.send(page, before)
        return page.count * count

    def settle(self, subscription: Subscription) -> None:
        """Bring a member's own accounts up to date."""
        seat = self._seats[subscription]
        if seat.pages < len(self._sent):
            pages = self._sent[seat.pages :]
            size = sum(page.size for page in pages)
            self._settle(subscription, seat, Sent(dict(self._delivered), size, pages))
            seat.pages = len(self._sent)
        subscription.note_passed(self._advance, self.arrival)

    def settle_all(self) -> list[Subscription]:
        """Settle everybody, so that it is fresh; return the members that are to part now: their credit runs out."""
        if self.is_fresh and not self._advance:
            return []
        alike = Sent(self._delivered, sum(page.size for page in self._sent), self._sent)
        for subscription, seat in self._seats.items():
            if seat.pages or not self._sent:
                self.settle(subscription)
            else:
                self._settle(subscription, seat, alike)
                subscription.note_passed(self._advance, self.arrival)
            seat.pages = 0
        self._sent, self._delivered, self._advance = [], {}, {}
        if self._is_sparse:
            self._convoy, self._is_sparse = None, False
        leavers = [subscription for subscription in self._seats if not has_room(subscription)]
        self._find_room(set(leavers))
        return leavers

    def part(self, subscription: Subscription) -> None:
        """Settle a member and let it go its own way."""
        self.settle(subscription)
        seat = self._seats.pop(subscription)
        self._sinks.discard(subscription.sink)
        if self._convoy is not None:
            self._convoy.leave(seat.place)
            self._is_sparse = True

    def _settle(self, subscription: Subscription, seat: _Seat, sent: Sent) -> None:
        subscription.note_sent(sent, self._records - seat.records)
        seat.records = self._records

    def _find_room(self, leavers: Collection[Subscription] = frozenset()) -> None:
        rooms = (subscription.credit.room_bytes for subscription in self._seats if subscription not in leavers)
        self._room = min(rooms, default=0)

    def _assemble(self) -> Convoy:
        riders = []
        for place, (subscription, seat) in enumerate(self._seats.items()):
            seat.place = place
            riders.append(Rider(subscription.sink, subscription.id, seat.base))
        self._convoy = convoy = self._lane.convoy(riders)
        return convoy


def can_move_along(subscription: Subscription) -> bool:
    """Whether a subscription may be in a cohort."""
    return subscription.sink.is_clear and subscription.has_verdict and has_room(subscription)


def has_room(subscription: Subscription) -> bool:
    """Whether its credit is enough to keep a whole cohort from being settled for it all the time."""
    credit = subscription.credit
    return (
        credit.room_bytes >= subscription.page_bytes
        and credit.unacknowledged_pages <= MAX_UNACKNOWLEDGED_PAGES - HISTORY_PAGES
    )
