"""The pump takes from every partition in turn."""

from __future__ import annotations

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.ring import Ring
from duty_rig import key_for

PARTITIONS = 3
PAGE = 4


async def test_no_partition_waits_behind_a_busy_one() -> None:
    log = MemoryLog(LogLimits(partitions=PARTITIONS))
    ring = Ring(RingLimits())
    pump = IngestPump(log, ring, Hub(ring, ClientLimits(), NoMetrics()), IngestLimits(page_records=PAGE), NoMetrics())
    await pump.start()
    for partition, records in enumerate((100, 1, 1)):
        await log.append([NewRecord(key_for(partition, PARTITIONS), b"value", 1)] * records)
    for _ in range(PARTITIONS):
        await pump.pump_once()
    assert ring.positions[1] == ring.positions[2] == 1
    assert 0 < ring.positions[0] < 100
