"""Where records go: to the gateway, or what takes its place, or to the disk spool while there is none, always in order.

One thread drives it. Rules:

- Records reach the gateway in the order of their sequences: while the spool holds anything, new records go behind it.
- A batch whose fate is unknown goes to the spool and is sent again; gateways drop what they already have.
- While the gateway is known to be away, nothing is sent between attempts; attempts back off with jitter and honour
  Retry-After.
- What fits neither is reported as lost. Records that certainly never left this process give their sequences back, so
  that no reader sees a hole where there is none.
- When all is delivered, spools of producers that are gone are adopted and forwarded, oldest first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from dashstream.adapters.spool import SpoolDirectory, adopt_orphans
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.encoder import Encoded
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Transport, Verdict

BACKOFF_FIRST_S = 0.1
BACKOFF_FACTOR = 1.7
ABSENT_PAUSE_S = 0.5
ORPHAN_PAUSE_S = 30.0

OnRejected = Callable[[Sequence[bytes]], None]


class OnLost(Protocol):
    """Hears of records that are lost, and why; ``never_left``: none of them ever left this process."""

    def __call__(self, records: Sequence[Encoded], reason: int, /, *, never_left: bool) -> None: ...


class Delivery:
    """Delivers batches of one producer. Not thread-safe, apart from :meth:`abort`."""

    def __init__(
        self,
        settings: SdkSettings,
        transport: Transport,
        spool_root: Path,
        producer_id: str,
        *,
        on_lost: OnLost,
        on_rejected: OnRejected,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._spool_root = spool_root
        self._producer_id = producer_id
        self._on_lost = on_lost
        self._on_rejected = on_rejected
        self._clock = clock
        self._spool: SpoolDirectory | None = None
        self._orphan: SpoolDirectory | None = None
        self._orphans_after = 0.0
        self._failures = 0
        self._try_after = 0.0
        self._last_verdict = Verdict.DELIVERED
        self.is_closing = False
        self.delivered = 0
        self.spooled = 0
        self.last_failure = ""

    @property
    def is_up(self) -> bool:
        """Tell whether the last attempt succeeded, or none was made yet."""
        return self._failures == 0

    @property
    def spool_bytes(self) -> int:
        return self._spool.size if self._spool is not None else 0

    def deliver(self, records: Sequence[Encoded]) -> None:
        """Send or spool records; they are in the order of their sequences and follow all earlier ones."""
        pending = list(records)
        while pending:
            batch = self._cut(pending)
            pending = pending[len(batch) :]
            never_left = True
            if self._may_send():
                if self._send(batch):
                    continue
                never_left = self._last_verdict is Verdict.ABSENT
            if not self._keep(batch):
                self._lose(batch, pending, never_left=never_left)
                return

    def say_last(self, records: Sequence[Encoded]) -> None:
        """Keep what says what was lost, in the room that the spool holds back for it; the last call before the end."""
        for index, record in enumerate(records):
            try:
                self._own_spool().append_last(record.value)
            except OSError as error:
                self.last_failure = str(error)
                self._lose(records[index:], (), never_left=True)
                return
            self.spooled += 1

    def pump(self) -> None:
        """Forward from the spool if an attempt is due; then, when all is delivered, adopt an orphan.

        At the end of the program there is no later attempt, so one is always due.
        """
        self._transport.tend()
        if self._clock() < self._try_after and not self.is_closing:
            return
        if self._spool is not None and not self._forward(self._spool):
            return
        if self.is_up and self.delivered and not self.is_closing:
            self._forward_orphan()

    def due_in(self) -> float | None:
        """Return the seconds until :meth:`pump` has something to do; None when it has nothing."""
        waits: list[float] = []
        if self._spool is not None and not self._spool.is_empty:
            waits.append(self._try_after)
        if self._orphan is not None:
            waits.append(self._try_after)
        elif self.is_up and self.delivered:
            waits.append(self._orphans_after)
        return max(0.0, min(waits) - self._clock()) if waits else None

    def abort(self) -> None:
        """End a request in flight; its batch goes to the spool. May be called from another thread."""
        self._transport.abort()

    def close(self) -> None:
        """Close files and the connection; what is spooled stays for the next producer or gateway."""
        for spool in (self._orphan, self._spool):
            if spool is not None:
                spool.close()
        self._orphan = self._spool = None
        self._transport.close()

    def abandon(self) -> None:
        """Drop what a forked child inherited."""
        for spool in (self._orphan, self._spool):
            if spool is not None:
                spool.abandon()
        self._orphan = self._spool = None
        self._transport.forget()

    def _cut(self, pending: Sequence[Encoded]) -> list[Encoded]:
        size = 0
        for index, record in enumerate(pending):
            size += len(record.value)
            if size > self._settings.batch_bytes and index:
                return list(pending[:index])
        return list(pending)

    def _may_send(self) -> bool:
        if self.is_closing and self._failures:
            return False
        return (self._spool is None or self._spool.is_empty) and self._clock() >= self._try_after

    def _send(self, batch: Sequence[Encoded]) -> bool:
        outcome = self._exchange([record.value for record in batch])
        if outcome.verdict is Verdict.DELIVERED:
            if outcome.rejected:
                lost = [batch[index] for index in outcome.rejected]
                self._on_lost(lost, int(pb.LOSS_REASON_REJECTED), never_left=False)
            return True
        if outcome.verdict is Verdict.REFUSED:
            self._on_lost(batch, int(pb.LOSS_REASON_REJECTED), never_left=False)
            return True
        return False

    def _exchange(self, values: Sequence[bytes]) -> Outcome:
        outcome = self._transport.send(values, self._settings.request_timeout)
        self._last_verdict = outcome.verdict
        if outcome.verdict in {Verdict.DELIVERED, Verdict.REFUSED}:
            self._failures = 0
            self._try_after = 0.0
            self.delivered += len(values)
        else:
            self.last_failure = outcome.reason
            self._failures += 1
            self._try_after = self._clock() + self._pause(outcome)
        return outcome

    def _pause(self, outcome: Outcome) -> float:
        if outcome.retry_after_s is not None:
            return outcome.retry_after_s + random.uniform(0.0, 0.1)  # noqa: S311  # jitter
        if outcome.verdict is Verdict.ABSENT:
            return min(ABSENT_PAUSE_S, self._settings.backoff_cap) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
        ceiling = min(self._settings.backoff_cap, BACKOFF_FIRST_S * BACKOFF_FACTOR ** min(self._failures, 20))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311  # jitter

    def _keep(self, batch: Sequence[Encoded]) -> bool:
        try:
            self._own_spool().append([record.value for record in batch])
        except OSError as error:
            self.last_failure = str(error)
            return False
        self.spooled += len(batch)
        return True

    def _own_spool(self) -> SpoolDirectory:
        if self._spool is None:
            self._spool = SpoolDirectory.create(self._spool_root, self._producer_id, self._settings.spool_bytes)
        return self._spool

    def _lose(self, batch: Sequence[Encoded], rest: Sequence[Encoded], *, never_left: bool) -> None:
        """Give up a batch and all that follows it: kept records must not overtake lost ones."""
        reason = int(pb.LOSS_REASON_SPOOL_FULL)
        if never_left:
            self._on_lost([*batch, *rest], reason, never_left=True)
            return
        self._on_lost(batch, reason, never_left=False)
        if rest:
            self._on_lost(rest, reason, never_left=True)

    def _forward(self, spool: SpoolDirectory) -> bool:
        """Send what a spool holds, for at most about one second; tell whether it is empty now."""
        until = self._clock() + 1.0
        while self._clock() < until:
            try:
                values = spool.read(self._settings.batch_bytes)
            except OSError as error:
                self.last_failure = str(error)
                self._try_after = self._clock() + self._settings.backoff_cap
                return False
            if not values:
                return True
            outcome = self._exchange(values)
            if outcome.verdict is Verdict.DELIVERED:
                self._on_rejected([values[index] for index in outcome.rejected])
            elif outcome.verdict is Verdict.REFUSED:
                self._on_rejected(values)
            else:
                return False
            spool.advance()
        return spool.is_empty

    def _forward_orphan(self) -> None:
        if self._orphan is None:
            if self._clock() < self._orphans_after:
                return
            self._orphan = next(adopt_orphans(self._spool_root), None)
            if self._orphan is None:
                self._orphans_after = self._clock() + ORPHAN_PAUSE_S
                return
        if self._forward(self._orphan):
            self._orphan.close()
            self._orphan = None
