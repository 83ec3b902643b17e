"""All open WebSocket connections of a gateway, and the one sweeper that enforces their deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Protocol

from dashstream.adapters.websocket.entrance import Entrance
from dashstream.adapters.websocket.native import Lanes
from dashstream.adapters.websocket.refusals import Refusals
from dashstream.engine.admission import Admission
from dashstream.engine.deliveries import DeliveryServices
from dashstream.engine.limits import ClientLimits
from dashstream.engine.ports import Metrics
from dashstream.engine.sends import Sends
from dashstream.protocol.effects import ServerIdentity, SessionLimits

SWEEPS_PER_TIMEOUT = 50
"""A stalled client is closed within a fiftieth of the send timeout."""
SLOWEST_SWEEP_S = 0.1
CALM_SWEEP_S = 1.0
"""How often a connection is looked at that nothing is the matter with: thousands of them must cost next to nothing."""
CALM_SWEEPS_PER_TIMEOUT = 4


class Swept(Protocol):
    """What the sweeper needs of a connection."""

    @property
    def is_slow(self) -> bool: ...

    @property
    def is_hurried(self) -> bool: ...

    @property
    def apply_lag_s(self) -> float: ...

    def sweep(self, now: float) -> None: ...

    def send_progress(self, now: float) -> None: ...

    def send_pauses(self) -> None: ...

    def drain(self, retry_after_ms: int) -> None: ...

    def abort(self) -> None: ...


class Connections:
    """The open connections, and what they share."""

    def __init__(
        self,
        services: DeliveryServices,
        admission: Admission,
        identity: ServerIdentity,
        *,
        max_record_bytes: int,
        allowed_hosts: Iterable[str],
        metrics: Metrics,
        sends: Sends,
        lanes: Lanes,
    ) -> None:
        self.services = services
        self.allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        self.admission = admission
        self.identity = identity
        self.limits: ClientLimits = services.limits
        self.session_limits = session_limits(services.limits, max_record_bytes)
        self._calm_pause = min(
            CALM_SWEEP_S, min(self.limits.ping_interval_s, self.limits.ping_timeout_s) / CALM_SWEEPS_PER_TIMEOUT
        )
        self._calm_due = self._progress_due = 0.0
        self._open: set[Swept] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._gauge = metrics.gauge("dashstream_connections", "Open WebSocket connections")
        self._slow = metrics.gauge("dashstream_connections_slow", "Connections whose client does not keep up now")
        self._apply_lag = metrics.gauge(
            "dashstream_client_apply_lag_seconds",
            "The longest that a connected client takes now from being sent records to saying that it applied them",
        )
        self.sends = sends
        self.lanes = lanes
        metrics.gauge(
            "dashstream_native_writes", "1 if many clients are written to by native code, 0 if one by one in Python"
        ).set(lanes.is_native)
        self.refusals = Refusals(metrics)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Swept]:
        return iter(tuple(self._open))

    def entrance_for(self, peer: object) -> Entrance:
        """Return the entrance of a connection; ``peer``: its other end as the socket names it."""
        address = str(peer[0]) if isinstance(peer, tuple) else None
        return Entrance(self.admission, self.allowed_hosts, self.limits.allowed_origins, address)

    def add(self, connection: Swept) -> None:
        self._open.add(connection)
        self._nobody.clear()
        self._gauge.set(len(self._open))

    def discard(self, connection: Swept) -> None:
        self._open.discard(connection)
        if not self._open:
            self._nobody.set()
        self._gauge.set(len(self._open))

    @property
    def slow(self) -> int:
        """Connections whose client does not keep up now."""
        return sum(connection.is_slow for connection in self._open)

    @property
    def apply_lag_s(self) -> float:
        """The longest that a client takes now from being sent records to saying that it applied them, in seconds."""
        return max((connection.apply_lag_s for connection in self), default=0.0)

    def send_pauses(self) -> None:
        """Tell every client which partitions are paused now."""
        for connection in self:
            connection.send_pauses()

    def drain(self) -> None:
        """Tell every client when to come back, and close: each a moment after the one before, so that they do not
        come back at once.
        """
        for number, connection in enumerate(self):
            connection.drain(self.limits.drain_retry_ms + round(number * 1_000 / self.limits.drain_returns_per_s))

    def abort(self) -> None:
        """Drop whoever is still here."""
        for connection in self:
            connection.abort()

    async def gone(self) -> None:
        """Return when no connection is open."""
        await self._nobody.wait()

    async def sweep_forever(self) -> None:
        """Enforce deadlines until cancelled."""
        loop = asyncio.get_running_loop()
        pause = min(SLOWEST_SWEEP_S, self.limits.send_timeout_s / SWEEPS_PER_TIMEOUT)
        while True:
            await asyncio.sleep(pause)
            self.sweep(loop.time())

    def sweep(self, now: float) -> None:
        """Look at the connections whose deadlines may be near, and now and then at all; ``now``: monotonic seconds."""
        is_calm = now >= self._calm_due
        if is_calm:
            self._calm_due = now + self._calm_pause
        looked_at = [connection for connection in self._open if is_calm or connection.is_hurried]
        for connection in looked_at:
            connection.sweep(now)
        self._slow.set(sum(connection.is_slow for connection in looked_at))  # who is slow is hurried
        if now >= self._progress_due:
            self._progress_due = now + self.limits.progress_interval_s
            self._tell_progress(now)

    def _tell_progress(self, now: float) -> None:
        self.services.hub.settle_all()
        for connection in self:
            connection.send_progress(now)
        self._apply_lag.set(self.apply_lag_s)


def session_limits(limits: ClientLimits, max_record_bytes: int) -> SessionLimits:
    """Return what a session holds its client to."""
    return SessionLimits(
        max_frame_bytes=limits.max_frame_bytes,
        max_record_bytes=max_record_bytes,
        max_batch_bytes=limits.max_batch_bytes,
        max_window_bytes=limits.max_window_bytes,
        max_subscriptions=limits.max_subscriptions,
        max_resume_partitions=limits.max_resume_partitions,
        max_resume_threads=limits.max_resume_threads,
        max_filter_values=limits.max_filter_values,
        hello_timeout_s=limits.hello_timeout_s,
        bad_frames=limits.bad_frames,
        token_warning_s=limits.token_warning_s,
        token_grace_s=limits.token_grace_s,
    )
