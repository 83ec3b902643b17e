"""Appends: batches that wait together are written together, duplicates left out, and each caller told its part.

Kafka writes a batch record by record. When some of it was not written, the caller is told that the batch failed, and
what was written is remembered: a repeat writes the rest only. Where it is not known what was written, the log is looked
at before anything more is (``Unsure``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from dashstream.adapters.kafka.dedupes import Dedupes
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.kafka.producer import Placed, RecordProducer
from dashstream.adapters.kafka.unsure import Read, Unsure
from dashstream.engine.ports import Appended, NewRecord, partition_of
from dashstream.errors import LogClosedError, LogError
from dashstream.protocol.sequence import Counter

Outcome = Appended | LogError


@dataclass(slots=True)
class _Batch:
    records: Sequence[NewRecord]
    answer: asyncio.Future[list[Appended]]
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(record.key) + len(record.value) for record in self.records)

    def settle(self) -> None:
        """Tell the caller, who may have gone."""
        if self.answer.done():
            return
        if not self.outcomes:
            self.answer.set_exception(LogClosedError("the log was closed before the write"))
            return
        failures = [outcome for outcome in self.outcomes if isinstance(outcome, LogError)]
        if failures:
            # What the broker refuses makes a repeat useless, whatever else failed.
            self.answer.set_exception(min(failures, key=lambda failure: failure.retryable))
        else:
            self.answer.set_result([outcome for outcome in self.outcomes if isinstance(outcome, Appended)])


class Appends:
    """The way to the log of one process. Belongs to the event loop; the client has a thread."""

    def __init__(
        self,
        options: KafkaOptions,
        producer: RecordProducer,
        ends: Callable[[], Mapping[int, int]],
        read: Read,
        on_written: Callable[[Mapping[int, int]], None],
    ) -> None:
        """``ends`` gives for every partition an offset that the log has reached, ``read`` reads it exactly.

        ``on_written`` is told the next offset of each partition after every group.
        """
        self._max_bytes = options.append_bytes
        self._ends = ends
        self._read = read
        self._unsure = Unsure()
        self._on_written = on_written
        self._producer = producer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dashstream-kafka-producer")
        self._waiting: deque[_Batch] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.dedupes = Dedupes(options.remembered_producers)

    async def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """See ``Log.append``. A cancelled caller does not undo its batch."""
        if not records:
            return []
        batch = _Batch(records, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_waiting(), name="dashstream-kafka-appends")
        return await batch.answer

    async def close(self, timeout_s: float) -> None:
        """Finish what was accepted, within a time; refuse the rest."""
        writer = self._writer
        if writer is not None:
            await asyncio.wait({writer}, timeout=timeout_s)
            refused, self._waiting = self._waiting, deque()
            self._producer.give_up()
            await asyncio.wait({writer}, timeout=timeout_s)
            for batch in refused:
                batch.settle()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._producer.close)
        self._thread.shutdown(wait=False)

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                await self._write(self._next_group())
        finally:
            self._writer = None

    def _next_group(self) -> list[_Batch]:
        group = [self._waiting.popleft()]
        size = group[0].size
        while self._waiting and (size := size + self._waiting[0].size) <= self._max_bytes:
            group.append(self._waiting.popleft())
        return group

    async def _write(self, group: Sequence[_Batch]) -> None:
        try:
            if self._unsure.records:
                await self._unsure.settle(self._read, self.dedupes)
            ends = self._ends()
            plan = _Plan(self.dedupes, len(ends))
            for batch in group:
                plan.add(batch)
            written = await asyncio.get_running_loop().run_in_executor(self._thread, self._producer.write, plan.placed)
            self._note(plan.placed, written, ends)
            plan.resolve(written)
        except LogError as error:
            for batch in group:
                batch.outcomes.append(error)
        finally:
            for batch in group:
                batch.settle()

    def _note(self, placed: Sequence[Placed], written: Sequence[int | LogError], ends: Mapping[int, int]) -> None:
        """Take note of what was written, what was not, and what may have been."""
        self.dedupes.note_batch(
            (one.record.dedupe, not isinstance(outcome, LogError))
            for one, outcome in zip(placed, written, strict=True)
            if one.record.dedupe is not None
        )
        new_ends: dict[int, int] = {}
        for one, outcome in zip(placed, written, strict=True):
            if not isinstance(outcome, LogError):
                new_ends[one.partition] = max(new_ends.get(one.partition, 0), outcome + 1)
            elif outcome.retryable:
                self._unsure.add(one, ends[one.partition])
        self._on_written(new_ends)


class _Plan:
    """What to write of a group, and where each record's outcome comes from."""

    def __init__(self, dedupes: Dedupes, partition_count: int) -> None:
        self._dedupes = dedupes
        self._partition_count = partition_count
        self._planned: dict[Counter, tuple[int, int]] = {}
        self._sources: list[tuple[_Batch, int, int, bool]] = []
        self.placed: list[Placed] = []

    def add(self, batch: _Batch) -> None:
        """Plan a batch."""
        for record in batch.records:
            partition = partition_of(record.key, self._partition_count)
            source, is_duplicate = self._source(record, partition)
            self._sources.append((batch, partition, source, is_duplicate))

    def resolve(self, written: Sequence[int | LogError]) -> None:
        """Give each batch the outcomes of its records; a duplicate of what failed has failed too."""
        for batch, partition, source, is_duplicate in self._sources:
            outcome = written[source] if source >= 0 else -1
            if isinstance(outcome, LogError):
                batch.outcomes.append(outcome)
            else:
                batch.outcomes.append(Appended(partition, -1 if is_duplicate else outcome, duplicate=is_duplicate))

    def _source(self, record: NewRecord, partition: int) -> tuple[int, bool]:
        """Return the index of what is written for a record, -1 if it is on the log, and whether it is a duplicate."""
        dedupe = record.dedupe
        if dedupe is not None:
            sequence, index = self._planned.get(dedupe.counter, (0, -1))
            if dedupe.sequence <= sequence:
                return index, True
            if self._dedupes.has(dedupe):
                return -1, True
            self._planned[dedupe.counter] = dedupe.sequence, len(self.placed)
        self.placed.append(Placed(record, partition))
        return len(self.placed) - 1, False
