"""The publisher: a bounded queue that the program's threads fill, and one daemon thread that empties it.

``offer`` takes a lock for a few instructions, never waits for anything else and never raises. What does not fit is
counted by kind and reason and reported in the run's own records (``loss``), and the next state goes out in full.

The thread starts with the first capture. It gathers for ``flush_interval`` seconds, encodes, and hands over to
:class:`Delivery`. At exit the program waits at most ``exit_timeout`` seconds: what the gateway does not take by then
is spooled, what cannot be spooled is counted as lost. A forked child starts as a new producer with an empty queue;
what the parent had queued stays the parent's.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Sequence

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import Capture, LossCapture, TokenCapture
from dashstream.sdk.delivery import Delivery
from dashstream.sdk.encoder import Encoded, Encoder
from dashstream.sdk.losses import Losses
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Transport
from dashstream.sdk.transports import data_dir_of, transport_for

VITAL_RESERVE = 1_000
"""Captures of runs' starts, ends and losses that are taken although the queue is at its bound."""
EXIT_RESERVE_S = 0.25
"""The last part of the exit timeout, kept for writing down what was lost."""
ENCODE_SLICE = 512
YIELD_AFTER = 16
"""Captures encoded before the interpreter is offered to the program's threads: about half a millisecond, where it
would be taken from them for its whole switch interval (5 ms) at a time."""
IDLE_WAIT_S = 30.0

_log = logging.getLogger("dashstream.sdk")

TransportFactory = Callable[[SdkSettings], Transport]


class Publisher:
    """One producer. ``offer``, ``flush``, ``close`` are thread-safe and never raise."""

    def __init__(
        self,
        settings: SdkSettings,
        *,
        transport_factory: TransportFactory = transport_for,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._transport_factory = transport_factory
        self._clock = clock
        self.before_exit: list[Callable[[], None]] = []
        """Called once at exit, before the queue is closed: ends runs that are still open."""
        self._begin()
        _LIVING.add(self)

    def _begin(self) -> None:
        self.producer_id = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._flushed = threading.Condition(self._lock)
        self._queue: deque[Capture] = deque()
        self._count = 0
        self._bytes = 0
        self._accepted = 0
        self._settled = 0
        self._losses = Losses()
        self._thread: threading.Thread | None = None
        self._deadline = float("inf")
        self._is_closed = False
        self._encoder = Encoder(self.settings, self.producer_id, time.time_ns())
        self._delivery = Delivery(
            self.settings,
            self._transport_factory(self.settings),
            data_dir_of(self.settings) / "spool",
            self.producer_id,
            on_lost=self._lost,
            on_rejected=self._rejected,
            clock=self._clock,
        )

    @property
    def dropped(self) -> int:
        """Captures and records lost since the start, all reasons together."""
        return self._losses.total

    @property
    def is_gateway_up(self) -> bool:
        return self._delivery.delivered > 0 and self._delivery.is_up

    @property
    def spooled(self) -> int:
        """Records written to the disk spool since the start."""
        return self._delivery.spooled

    def offer(self, capture: Capture) -> bool:
        """Queue a capture; return False if it was dropped (and counted). Takes microseconds, never raises."""
        settings = self.settings
        with self._lock:
            reserve = VITAL_RESERVE if capture.is_vital else 0
            if (
                self._is_closed
                or self._count >= settings.queue_records + reserve
                or self._bytes + capture.size > settings.queue_bytes + reserve * 1_000
            ):
                reason = pb.LOSS_REASON_EXIT if self._is_closed else pb.LOSS_REASON_QUEUE_FULL
                self._count_loss(capture, int(reason))
                return False
            self._queue.append(capture)
            self._count += 1
            self._bytes += capture.size
            self._accepted += 1
            is_first = self._count == 1
        if is_first:
            if self._thread is None:
                self._start()
            self._wake.set()
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything offered so far was delivered or spooled; False when the time was not enough."""
        deadline = time.monotonic() + timeout_s
        with self._flushed:
            target = self._accepted
            self._wake.set()
            while self._settled < target:
                left = deadline - time.monotonic()
                if left <= 0 or not self._flushed.wait(left):
                    return self._settled >= target
        return True

    def close(self, timeout_s: float | None = None) -> None:
        """Deliver or spool what is queued within ``timeout_s`` (default: the exit timeout), count the rest."""
        limit = self.settings.exit_timeout if timeout_s is None else timeout_s
        for callback in self.before_exit:
            with contextlib.suppress(Exception):
                callback()
        self._deadline = self._clock() + limit
        thread = self._thread
        with self._lock:
            self._is_closed = thread is None
        self._closing.set()
        self._wake.set()
        if thread is None or not thread.is_alive():
            return
        thread.join(limit * 0.4)
        if thread.is_alive():
            self._delivery.abort()
            thread.join(limit * 0.6)

    def after_fork_in_child(self) -> None:
        """Become a new producer; the parent's queue, spool and connection stay the parent's."""
        self._delivery.abandon()
        self._begin()

    # ---- the background thread -------------------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="dashstream-publisher", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down: what is queued is counted by nobody any more
            self._thread = None

    def _run(self) -> None:
        while True:
            try:
                if self._cycle():
                    return
            except Exception:  # noqa: BLE001  # the program must not lose its telemetry thread to one bad cycle
                _log.warning("publisher cycle failed", exc_info=True)
                self._closing.wait(0.1)

    def _cycle(self) -> bool:
        """Wait for work, do it; return True when the publisher is closed and done."""
        due = self._delivery.due_in()
        self._wake.wait(IDLE_WAIT_S if due is None else due)
        if not self._closing.is_set():
            self._closing.wait(self.settings.flush_interval)
        is_closing = self._closing.is_set()
        self._delivery.is_closing = is_closing
        self._wake.clear()
        captures = self._take(is_last=is_closing)
        count = len(captures)
        try:
            self._publish(captures)
            if not is_closing:
                self._delivery.pump()
        finally:
            for capture in captures:  # only after an error
                self._lose(capture, int(pb.LOSS_REASON_ENCODE_FAILED))
            self._settle(count)
        if is_closing:
            self._finish()
        return is_closing

    def _take(self, *, is_last: bool) -> deque[Capture]:
        with self._lock:
            captures, self._queue = self._queue, deque()
            self._count = 0
            self._bytes = 0
            self._is_closed = is_last
            return captures

    def _settle(self, count: int) -> None:
        with self._flushed:
            self._settled += count
            self._flushed.notify_all()

    def _publish(self, captures: deque[Capture]) -> None:
        records = self._encode_losses()
        while captures:
            if self._clock() > self._deadline - EXIT_RESERVE_S:
                for capture in captures:
                    self._lose(capture, int(pb.LOSS_REASON_EXIT))
                captures.clear()
                break
            for number in range(1, min(ENCODE_SLICE, len(captures)) + 1):
                self._encode(captures.popleft(), records)
                if number % YIELD_AFTER == 0:
                    time.sleep(0)  # allowed: it yields and does not wait
            self._delivery.deliver(records)
            records = []
        records += self._encode_losses()
        if records:
            self._delivery.deliver(records)

    def _encode(self, capture: Capture, into: list[Encoded]) -> None:
        records, reason = self._encoder.encode(capture)
        into.extend(records)
        if reason:
            self._lose(capture, reason)

    def _encode_losses(self) -> list[Encoded]:
        with self._lock:
            pending = self._losses.take()
        records: list[Encoded] = []
        now = time.time_ns() // 1000
        for run, items in pending:
            self._encode(LossCapture(run, now, items), records)
        return records

    def _finish(self) -> None:
        try:
            if self._clock() < self._deadline - EXIT_RESERVE_S:
                self._delivery.pump()
            self._delivery.say_last(self._encode_losses())
        finally:
            self._delivery.close()
            untold = self._losses.untold
            if untold:
                _log.warning("%d telemetry records were lost, and there was no room to record it", untold)

    # ---- losses ----------------------------------------------------------------------------------------------

    def _lose(self, capture: Capture, reason: int) -> None:
        with self._lock:
            self._count_loss(capture, reason)

    def _count_loss(self, capture: Capture, reason: int) -> None:
        if isinstance(capture, LossCapture):
            self._losses.restore(capture)
        else:
            self._losses.add(capture.run, capture.kind, reason, capture.timestamp_us)
        if isinstance(capture, TokenCapture):
            capture.stream.is_queued = False
            capture.stream.parts = []
        self._encoder.distrust()

    def _lost(self, records: Sequence[Encoded], reason: int, *, never_left: bool) -> None:
        with self._lock:
            for record in records:
                if record.loss is not None:
                    self._losses.restore(record.loss)
                else:
                    self._losses.add(record.run, record.kind, reason, record.timestamp_us)
            self._encoder.distrust()
            if never_left:
                self._encoder.rewind(records)

    def _rejected(self, values: Sequence[bytes]) -> None:
        if not values:
            return
        with self._lock:
            for value in values:
                self._losses.add_value(value, int(pb.LOSS_REASON_REJECTED), self.settings)
            self._encoder.distrust()


_LIVING: weakref.WeakSet[Publisher] = weakref.WeakSet()


def _close_all() -> None:
    for publisher in list(_LIVING):
        publisher.close()


def _after_fork() -> None:
    for publisher in list(_LIVING):
        with contextlib.suppress(Exception):
            publisher.after_fork_in_child()
    workers = sys.modules.get("multiprocessing.util")
    if workers is not None:  # its workers end without atexit, and forget finalizers of before the fork
        workers.register_after_fork(_LIVING, lambda _: workers.Finalize(None, _close_all, exitpriority=0))


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
