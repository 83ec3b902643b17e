"""Carries dead letters to their sink: a bounded queue, batches with a timeout, one after the other.

Two modes. *fail_closed*: a letter stays until it is written; while the sink fails no letter is lost, and partitions
that need room wait. *best_effort*: a letter that fails once, or finds no room, is lost and counted, and nothing waits.
Either way the queue is bounded in number and bytes, the trouble can be seen, and live delivery knows nothing of it.
A batch that the sink has not answered in time is not sent a second time beside the first: while it is kept, its answer
is waited for again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from dashstream.engine.backoff import Backoff
from dashstream.engine.dead_letter import DeadLetter, Place, encode
from dashstream.engine.duty_limits import DeadLetterLimits, Mode
from dashstream.engine.ports import Metrics
from dashstream.errors import LogError

FAILURES = ("timeout", "refused", "backpressure")
RESULTS = ("written", "lost")


class LetterSink(Protocol):
    """Where letters go."""

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Write letters durably.

        Raises:
            LogError: they could not be written.
        """


class LetterSender:
    """The queue in front of a sink. ``on_settled`` is called for each letter that is written or lost."""

    def __init__(self, sink: LetterSink, limits: DeadLetterLimits, metrics: Metrics) -> None:
        self._sink = sink
        self._limits = limits
        self._mode = Mode(limits.mode)
        self._queue: deque[tuple[DeadLetter, int]] = deque()
        self._bytes = 0
        self._offered = asyncio.Event()
        self._sending = asyncio.Lock()
        self._under_way: tuple[Sequence[DeadLetter], asyncio.Future[None]] | None = None
        self.on_settled: Callable[[Place], None] = lambda _: None
        self.error: str | None = None
        self.totals = dict.fromkeys(RESULTS, 0)
        self._results = metrics.counter(
            "dashstream_dead_letters_total", "Dead letters, by whether they were written", {"result": RESULTS}
        )
        self._failures = metrics.counter(
            "dashstream_dead_letters_failed_total",
            "Times that a dead letter could not be written, or found the queue full",
            {"reason": FAILURES},
        )
        self._waiting = metrics.gauge("dashstream_dead_letters_waiting", "Dead letters waiting to be written")
        self._waiting.set(0)

    @property
    def waiting(self) -> int:
        """Letters in the queue."""
        return len(self._queue)

    @property
    def has_room(self) -> bool:
        """Whether one more letter may be offered."""
        return len(self._queue) < self._limits.queue and self._bytes < self._limits.queue_bytes

    @property
    def waits_for_room(self) -> bool:
        """Whether a letter without room is to be waited for; otherwise it is to be given up by ``refuse``."""
        return self._mode is Mode.FAIL_CLOSED

    def offer(self, letter: DeadLetter) -> None:
        """Take a letter; there must be room."""
        size = len(encode(letter))
        self._queue.append((letter, size))
        self._bytes += size
        self._waiting.set(len(self._queue))
        self._offered.set()

    def refuse(self) -> None:
        """Note that a letter found no room."""
        self._failures.inc(reason="backpressure")
        if not self.waits_for_room:
            self._count("lost", 1)

    async def run(self) -> None:
        """Send until cancelled."""
        backoff = Backoff()
        while True:
            await self._offered.wait()
            if await self.send_batch():
                backoff.reset()
            else:
                await asyncio.sleep(backoff.next_delay())

    async def flush(self) -> None:
        """Return when the queue is empty; does not return while a sink that must be waited for fails."""
        backoff = Backoff()
        while self._queue:
            if not await self.send_batch():
                await asyncio.sleep(backoff.next_delay())

    async def send_batch(self) -> bool:
        """Try to send the oldest letters; return whether the sink took them."""
        async with self._sending:
            batch, failure = await self._attempt() if self._queue else ((), None)
            if failure is None:
                self.error = None
                self._settle(batch, "written")
                return True
            self._failures.inc(len(batch), reason=failure)
            if self._mode is Mode.BEST_EFFORT:
                self._settle(batch, "lost")
            return False

    async def _attempt(self) -> tuple[Sequence[DeadLetter], str | None]:
        """Wait for the answer about the oldest letters; return them, and why they are not written."""
        batch, answer = self._under_way or self._begin()
        self._under_way = batch, answer
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                await asyncio.shield(answer)  # a stop does not undo it
        except TimeoutError:
            self.error = f"no answer within {self._limits.timeout_s:g} s"
            if self._mode is Mode.BEST_EFFORT:
                answer.cancel()  # the letters are given up
                self._under_way = None
            return batch, "timeout"
        except LogError as error:
            self.error = str(error)
            self._under_way = None
            return batch, "refused"
        self._under_way = None
        return batch, None

    def _begin(self) -> tuple[Sequence[DeadLetter], asyncio.Future[None]]:
        batch = [letter for letter, _ in islice(self._queue, self._limits.batch)]
        answer = asyncio.ensure_future(self._sink.send(batch))
        # An answer that nobody waits for any more must not count as unhandled.
        answer.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return batch, answer

    def _settle(self, batch: Sequence[DeadLetter], result: str) -> None:
        for letter in batch:
            self._bytes -= self._queue.popleft()[1]
            self.on_settled(letter.place)
        if not self._queue:
            self._offered.clear()
        self._waiting.set(len(self._queue))
        self._count(result, len(batch))

    def _count(self, result: str, amount: int) -> None:
        self.totals[result] += amount
        self._results.inc(amount, result=result)
