"""Fan-out: brings live subscriptions from where they are to the ring's end, a tick at a time.

- A tick follows an append at once if the last one is long enough ago; otherwise it waits for the rest of the
  interval, so that what arrives together leaves together. The interval grows with the time that a tick takes, up to
  a bound: a busy process makes fewer, larger deliveries.
- Subscriptions at the same place with the same filter are given the same page, and move as one *cohort* while nothing
  holds any of them back (``cohort``). The others go *apart*, one by one, until a tick finds them at the same place.
- A client that cannot take more is skipped; it costs its place and nothing else. When it can, it is brought up on
  its own (``kick``). When the ring has moved past it, it is handed back to catch up from the log.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashstream.engine.cohort import Cohort, can_move_along
from dashstream.engine.limits import ClientLimits
from dashstream.engine.ports import Metrics
from dashstream.engine.replay import Tier
from dashstream.engine.ring import Ring
from dashstream.engine.sink import Lane
from dashstream.engine.subscription import Subscription
from dashstream.engine.view import View
from dashstream.engine.views import Views

LOAD_SHARE = 12
"""The interval is at least this many times what a tick takes: at most a twelfth of the time goes into ticks, until the
longest interval is reached. A delivery that waits a few milliseconds more costs half as much."""

MAX_PAGES = 1_000
"""Most pages for one subscription at once; a client's buffer holds far fewer."""

_MEMORY = Tier.MEMORY
_TICK_BUCKETS = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


_Key = tuple[View, int, Lane]


@dataclass(slots=True)
class _Member:
    subscription: Subscription
    view: View
    fallen_behind: Callable[[], None]
    cohort: Cohort | None = None


class Hub:
    """Live subscriptions of one process. Belongs to one event loop."""

    def __init__(self, ring: Ring, limits: ClientLimits, metrics: Metrics) -> None:
        self._ring = ring
        self._limits = limits
        self._members: dict[Subscription, _Member] = {}
        self._apart: dict[Subscription, _Member] = {}
        self._cohorts: dict[_Key, Cohort] = {}
        self._has_parted = False
        self._views = Views(ring)
        self._growth = asyncio.Event()
        self._tick_handle: asyncio.Handle | None = None
        self._tick_due = 0.0
        self._delivered = metrics.counter(
            "dashstream_records_delivered_total",
            "Records sent to clients: each client counts",
            {"tier": [tier.value for tier in Tier]},
        )
        self._tick_seconds = metrics.histogram(
            "dashstream_tick_duration_seconds", "Time that one delivery to all live clients took", _TICK_BUCKETS
        )
        self._live = metrics.gauge("dashstream_subscriptions_live", "Subscriptions that follow the ring")
        self._filters = metrics.gauge(
            "dashstream_filters_live", "Different filters of subscriptions that follow the ring"
        )

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, subscription: Subscription) -> bool:
        return subscription in self._members

    def join(self, subscription: Subscription, fallen_behind: Callable[[], None]) -> bool:
        """Let a subscription whose cursor is at the ring's end follow it.

        ``fallen_behind`` is called when the ring has moved past it; it is no member then. Returns False if the
        subscription is closed.
        """
        if subscription.is_closed:
            return False
        view = self._views.enter(subscription.selection)
        view.note_delivered(subscription.delivered)
        subscription.arrival = self._ring.end
        self._members[subscription] = self._apart[subscription] = _Member(subscription, view, fallen_behind)
        self._note_sizes()
        return True

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscription; nothing if it is no member."""
        self.part(subscription)
        member = self._members.pop(subscription, None)
        if member is None:
            return
        del self._apart[subscription]
        self._views.leave(member.view)
        self._note_sizes()

    def part(self, subscription: Subscription) -> None:
        """Let a subscription go apart from now on: its sink is clear no more. Nothing if it does, or is no member."""
        member = self._members.get(subscription)
        if member is not None and member.cohort is not None:
            member.cohort.part(subscription)
            member.cohort = None
            self._has_parted = True
            self._apart[subscription] = member

    def settle(self, subscription: Subscription) -> None:
        """Bring a subscription's own accounts up to date; to be called before they are read."""
        member = self._members.get(subscription)
        if member is not None and member.cohort is not None:
            member.cohort.settle(subscription)

    def settle_all(self) -> None:
        """Bring all accounts up to date; cheaper than one by one if most are to be read."""
        for cohort in self._cohorts.values():
            self._part_all(cohort.settle_all())

    def notify(self) -> None:
        """The ring has grown."""
        self._growth.set()
        self._growth = asyncio.Event()
        if self._members and self._tick_handle is None:
            loop = asyncio.get_running_loop()
            wait = self._tick_due - loop.time()
            if wait <= 0:
                self._tick_handle = loop.call_soon(self._tick)
            else:
                self._tick_handle = loop.call_later(wait, self._tick)

    async def grown(self) -> None:
        """Return when the ring grows next."""
        await self._growth.wait()

    def kick(self, subscription: Subscription) -> bool:
        """A client can take more: send it one page now; return whether it could take another one."""
        member = self._apart.get(subscription)
        if member is None:  # or with others, whom the next tick brings up
            return False
        self._views.extend()
        sent = self._bring_up(member, 1)
        if sent:
            self._delivered.inc(sent, tier=Tier.MEMORY.value)
        return subscription in self._members and subscription.arrival < self._ring.end and subscription.is_ready

    def count_delivered(self, tier: Tier, records: int) -> None:
        """Take note of records that were sent outside of a tick."""
        self._delivered.inc(records, tier=tier.value)

    def _note_sizes(self) -> None:
        self._live.set(len(self._members))
        self._filters.set(len(self._views))

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._tick_handle = None
        self._views.extend()
        sent = sum([self._bring_up_all(cohort) for cohort in list(self._cohorts.values())])
        sent += sum([self._bring_up(member, MAX_PAGES) for member in list(self._apart.values())])
        self._regroup()
        if sent:
            self._delivered.inc(sent, tier=Tier.MEMORY.value)
        took = loop.time() - started
        self._tick_seconds.observe(took)
        interval = min(max(self._limits.tick_s, LOAD_SHARE * took), max(self._limits.max_tick_s, self._limits.tick_s))
        self._tick_due = started + interval

    def _bring_up_all(self, cohort: Cohort) -> int:
        """Send a cohort what it has not got; whatever concerns a member by itself is left to when it goes apart."""
        ring, sent = self._ring, 0
        while cohort.arrival < ring.end and len(cohort):
            has_left = cohort.arrival < ring.begin
            page = None if has_left else self._views.page(cohort.view, cohort.arrival, cohort.page_bytes)
            if page is None or page.hole is not None:
                self._part_all(cohort.members)
                break
            sent += cohort.send(page)
            if cohort.is_due:
                self._part_all(cohort.settle_all())
        return sent

    def _part_all(self, subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            self.part(subscription)

    def _regroup(self) -> None:
        """Let those who are apart join whoever is at the same place.

        A cohort that is not fresh has to be settled for that, which as many must be worth as it has members.
        """
        if self._has_parted:
            self._has_parted = False
            for key in [key for key, cohort in self._cohorts.items() if not len(cohort)]:
                del self._cohorts[key]
        waiting: defaultdict[_Key, list[Subscription]] = defaultdict(list)
        for subscription, member in self._apart.items():
            if subscription.arrival == self._ring.end and can_move_along(subscription):
                waiting[member.view, subscription.page_bytes, subscription.sink.lane].append(subscription)
        for key, newcomers in waiting.items():
            cohort = self._cohorts.get(key)
            if cohort is None:
                cohort = self._cohorts[key] = Cohort(key[0], key[1], key[2], self._ring.end)
            elif not cohort.is_fresh:
                if len(newcomers) < len(cohort):
                    continue
                self._part_all(cohort.settle_all())
            for subscription in cohort.admit(newcomers):
                self._apart.pop(subscription).cohort = cohort

    def _bring_up(self, member: _Member, pages: int) -> int:
        """Send a member what it has not got, at most so many pages; return how many records that was."""
        subscription, ring = member.subscription, self._ring
        end, sent = ring.end, 0
        while (arrival := subscription.arrival) < end and pages and subscription.is_ready:
            if arrival < ring.begin:
                self.leave(subscription)
                member.fallen_behind()
                break
            page = self._views.page(member.view, arrival, subscription.page_bytes)
            subscription.arrival = page.arrival
            subscription.deliver(page, _MEMORY)
            sent += page.count
            pages -= 1
        return sent
