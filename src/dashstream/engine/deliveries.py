"""The subscriptions of one client: each walks the log until it has joined the ring, then the hub feeds it.

A subscription that falls behind the ring walks again from its own cursor; nothing is queued for it meanwhile. The
walk stops whenever the client's buffer is full or its credit is used up, and goes on when either opens.

What a client can take is shared by its subscriptions a page at a time, and those that walk and those that are live go
first in turn: none waits for another to have nothing more to send.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from dashstream.engine.duty_walk import Pause
from dashstream.engine.hub import Hub
from dashstream.engine.lateness import Lateness
from dashstream.engine.limits import ClientLimits
from dashstream.engine.ports import Log, RunLocator
from dashstream.engine.replay import Replay, ReplayPhase, Tier
from dashstream.engine.retained import RetainedReader
from dashstream.engine.ring import Ring
from dashstream.engine.sink import Sink
from dashstream.engine.start import resolve_start
from dashstream.engine.subscription import Subscription
from dashstream.errors import LogError
from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, Delivery, ErrorCode, Outcome
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.framing import Limits

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryServices:
    """What every client's deliveries share."""

    log: Log
    ring: Ring
    hub: Hub
    locator: RunLocator | None
    limits: ClientLimits
    record_limits: Limits
    reads: asyncio.Semaphore
    pauses: Callable[[], Sequence[Pause]] = tuple
    """What stops partitions' duties now, for clients to know; their delivery goes on."""
    retained: RetainedReader | None = None

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Where records can come from here, newest first."""
        return (Tier.MEMORY, Tier.LOG) if self.retained is None else (Tier.MEMORY, Tier.RETAINED, Tier.LOG)


class Deliveries:
    """One client's subscriptions, by id. Belongs to one event loop; ``close`` ends all of them."""

    def __init__(self, services: DeliveryServices, sink: Sink, page_bytes: int) -> None:
        self._services = services
        self._sink = sink
        self._page_bytes = page_bytes
        self._subscriptions: dict[int, Subscription] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._lateness: dict[Subscription, Lateness] = {}
        self._wake = asyncio.Event()
        self._turn = 0

    def open(self, request: SubscribeRequest) -> None:
        """Start a subscription; it answers by frames."""
        self._tasks[request.id] = asyncio.create_task(self._begin(request))

    def credit(self, subscription: int, positions: dict[int, int]) -> None:
        """The client applied everything below these positions."""
        found = self._subscriptions.get(subscription)
        if found is not None:
            self._services.hub.settle(found)
            found.credit.acknowledge(positions)
            self.wake()

    def end(self, subscription: int) -> None:
        """The client wants no more of a subscription."""
        task = self._tasks.pop(subscription, None)
        if task is not None:
            task.cancel()
        found = self._subscriptions.pop(subscription, None)
        if found is not None:
            self._services.hub.leave(found)
            del self._lateness[found]
            found.end()
        elif task is not None:  # it had not begun
            self._sink.send_control(control.nothing_delivered(subscription, Outcome.PARTIAL))

    def wake(self) -> None:
        """The client can take more: bring up what is live, let walks go on."""
        self._turn += 1
        if self._turn % 2:
            self._bring_up()
            self._wake.set()
        else:
            self._wake.set()
            asyncio.get_running_loop().call_soon(self._bring_up)

    def settle(self) -> None:
        """Bring all accounts up to date; to be called before anything else is sent to the client."""
        for subscription in self._subscriptions.values():
            self._services.hub.settle(subscription)

    def hold(self) -> None:
        """The client's bytes wait: what comes for it goes its own way until they have gone."""
        for subscription in self._subscriptions.values():
            self._services.hub.part(subscription)

    def _bring_up(self) -> None:
        """Send what is live, a page for each subscription in turn, for as long as the client takes it."""
        hub = self._services.hub
        pending = deque(subscription for subscription in self._subscriptions.values() if subscription in hub)
        pending.rotate(-(self._turn // 2))
        while pending and self._sink.is_writable:
            subscription = pending.popleft()
            if hub.kick(subscription):
                pending.append(subscription)

    def send_progress(self) -> None:
        """Tell how far filtered records were passed."""
        for subscription in self._subscriptions.values():
            self._services.hub.settle(subscription)
            subscription.send_progress()

    @property
    def apply_lag_s(self) -> float:
        """Seconds that the latest subscription takes to say that it applied what it was sent; as of ``too_late``."""
        return max((lateness.lag_s for lateness in self._lateness.values()), default=0.0)

    def too_late(self, now: float) -> CloseCode | None:
        """Return the code to close with if a subscription is too late to go on with."""
        for found, lateness in self._lateness.items():
            self._services.hub.settle(found)
            code = lateness.judge(found.credit, self._services.limits, now, has_verdict=found.has_verdict)
            if code is not None:
                return code
        return None

    def send_pauses(self) -> None:
        """Tell what is paused now, or that nothing is."""
        for subscription in self._subscriptions.values():
            subscription.send_state()
            subscription.send_pauses(self._services.pauses())

    def close(self) -> None:
        """Release everything; nothing is sent any more."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        for subscription in self._subscriptions.values():
            subscription.is_closed = True
            self._services.hub.leave(subscription)
        self._subscriptions.clear()
        self._lateness.clear()

    async def _begin(self, request: SubscribeRequest) -> None:
        services = self._services
        try:
            start = await resolve_start(request, services.log, services.locator)
        except LogError as error:
            self._refuse(request.id, ErrorCode.REPLAY_FAILED, str(error), {}, retryable=error.retryable)
            return
        faults = {fault: tally.count for fault, tally in start.faults.items()}
        self._sink.note_faults(faults)
        if request.strict and start.epoch_changed:
            self._refuse(request.id, ErrorCode.EPOCH_CHANGED, "the cursor belongs to another log", {})
            return
        if request.strict and faults:
            message = f"{sum(faults.values())} positions cannot be used"
            details = {fault.value: count for fault, count in faults.items()}
            self._refuse(request.id, ErrorCode.BAD_POSITIONS, message, details)
            return
        subscription = Subscription(
            request,
            start,
            self._sink,
            epoch=services.log.epoch,
            page_bytes=self._page_bytes,
            sources=services.tiers,
        )
        self._subscriptions[request.id] = subscription
        self._lateness[subscription] = Lateness(asyncio.get_running_loop().time())
        subscription.begin()
        await self._catch_up(subscription)

    def _refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool = False
    ) -> None:
        self._tasks.pop(subscription, None)
        self._sink.refuse(subscription, code, message, details, retryable=retryable)

    async def _catch_up(self, subscription: Subscription) -> None:
        self._set_state(subscription, Delivery.CATCHING_UP)
        services = self._services
        replay = Replay(
            services.log,
            services.ring,
            subscription.selection,
            subscription.positions,
            page_bytes=subscription.page_bytes,
            record_limits=services.record_limits,
            reads=services.reads,
            delivered=subscription.delivered,
            retained=services.retained,
        )
        try:
            while not subscription.is_closed:
                await self._until_ready(subscription)
                page = await replay.next_page()
                if page is not None:
                    subscription.deliver(page, replay.tier)
                    services.hub.count_delivered(replay.tier, page.count)
                    await asyncio.sleep(0)  # the next page is another subscription's, if one waits
                elif replay.phase is ReplayPhase.LIVE:
                    self._join(subscription)
                    return
                else:
                    await services.hub.grown()
        except LogError as error:
            self._fail(subscription.id, error)

    async def _until_ready(self, subscription: Subscription) -> None:
        while not subscription.is_ready:
            self._wake.clear()
            await self._wake.wait()

    def _join(self, subscription: Subscription) -> None:
        """Follow the ring; must run without awaiting anything since the walk was at its end."""
        self._set_state(subscription, Delivery.LIVE)
        self._services.hub.join(subscription, lambda: self._fallen_behind(subscription))

    def _set_state(self, subscription: Subscription, state: Delivery) -> None:
        if subscription.set_state(state):
            subscription.send_pauses(self._services.pauses())

    def _fallen_behind(self, subscription: Subscription) -> None:
        self._tasks[subscription.id] = asyncio.create_task(self._catch_up(subscription))

    def _fail(self, subscription: int, error: LogError) -> None:
        _log.warning("replay failed", error=str(error))
        self._tasks.pop(subscription, None)
        frame = control.Error(
            code=ErrorCode.REPLAY_FAILED, message=str(error), retryable=error.retryable, id=subscription
        )
        self._sink.send_control(frame)
        self.end(subscription)
        self._sink.release(subscription)
