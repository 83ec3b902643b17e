"""Fan-out: brings live subscriptions from where they are to the ring's end, a tick at a time.

- A tick follows an append at once if the last one is long enough ago; otherwise it waits for the rest of the
  interval, so that what arrives together leaves together. The interval grows with the time that a tick takes, up to
  a bound: a busy process makes fewer, larger deliveries.
- Subscriptions at the same place with the same filter are given the same page.
- A client that cannot take more is skipped; it costs its place and nothing else. When it can, it is brought up on
  its own (``kick``). When the ring has moved past it, it is handed back to catch up from the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from dashstream.engine.limits import ClientLimits
from dashstream.engine.ports import Metrics
from dashstream.engine.replay import Tier
from dashstream.engine.ring import Ring
from dashstream.engine.subscription import Subscription
from dashstream.engine.view import View
from dashstream.engine.views import Views

LOAD_SHARE = 4
"""The interval is at least this many times what a tick takes: at most a quarter of the time goes into ticks."""

MAX_PAGES = 1_000
"""Most pages for one subscription at once; a client's buffer holds far fewer."""

_MEMORY = Tier.MEMORY
_TICK_BUCKETS = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(slots=True)
class _Member:
    subscription: Subscription
    view: View
    fallen_behind: Callable[[], None]


class Hub:
    """Live subscriptions of one process. Belongs to one event loop."""

    def __init__(self, ring: Ring, limits: ClientLimits, metrics: Metrics) -> None:
        self._ring = ring
        self._limits = limits
        self._members: dict[Subscription, _Member] = {}
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
        self._members[subscription] = _Member(subscription, view, fallen_behind)
        self._note_sizes()
        return True

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscription; nothing if it is no member."""
        member = self._members.pop(subscription, None)
        if member is None:
            return
        self._views.leave(member.view)
        self._note_sizes()

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
        member = self._members.get(subscription)
        if member is None:
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
        sent = sum([self._bring_up(member, MAX_PAGES) for member in list(self._members.values())])
        if sent:
            self._delivered.inc(sent, tier=Tier.MEMORY.value)
        took = loop.time() - started
        self._tick_seconds.observe(took)
        interval = min(max(self._limits.tick_s, LOAD_SHARE * took), max(self._limits.max_tick_s, self._limits.tick_s))
        self._tick_due = started + interval

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
