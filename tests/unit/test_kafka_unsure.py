"""What became of records whose acknowledgement was lost is found on the log."""

from __future__ import annotations

from dashstream.adapters.kafka.dedupes import Dedupes
from dashstream.adapters.kafka.producer import Placed
from dashstream.adapters.kafka.unsure import Unsure
from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import LogPage, NewRecord
from dashstream.testing.log_conformance import new_record, sequenced


async def settled(log: MemoryLog, records: list[NewRecord], start: int) -> Dedupes:
    async def read(partition: int, offset: int) -> LogPage:
        return await log.read(partition, offset, max_records=2, max_bytes=1_000)

    dedupes, unsure = Dedupes(10), Unsure()
    for record in records:
        unsure.add(Placed(record, 0), start)
    await unsure.settle(read, dedupes)
    assert not unsure.records
    return dedupes


def known(dedupes: Dedupes, count: int) -> list[bool]:
    return [one.dedupe is not None and dedupes.has(one.dedupe) for one in map(sequenced, range(1, count + 1))]


def one_partition() -> MemoryLog:
    return MemoryLog(LogLimits(partitions=1), dense=False)


async def test_what_is_on_the_log_is_known_and_what_is_not_may_come_again() -> None:
    log = one_partition()
    await log.append([new_record(b"before"), sequenced(1), new_record(b"another's"), sequenced(3)])
    dedupes = await settled(log, [sequenced(sequence) for sequence in (1, 2, 3, 4)], 1)
    assert known(dedupes, 4) == [True, False, True, False]


async def test_what_lies_before_the_start_is_not_looked_at() -> None:
    log = one_partition()
    await log.append([sequenced(1)])
    assert known(await settled(log, [sequenced(1)], 1), 1) == [False]


async def test_retention_during_the_look_is_passed() -> None:
    log = one_partition()
    await log.append([sequenced(1), sequenced(2), sequenced(3)])
    log.trim(0, 1)
    assert known(await settled(log, [sequenced(2), sequenced(3)], 0), 3) == [True, True, True]
