"""Histories of several runs for an index to fold, and everything that it can be asked about them."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import NewRecord
from dashstream.engine.run_index import RecordPlace, RecordQuery, RunQuery
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.patch import Op
from run_builder import RunBuilder

KEEP_ALL = LogLimits(partitions=3, retention_age_s=0, retention_bytes=0)


def histories(seed: int, runs: int = 12) -> list[NewRecord]:
    """Records of several runs, mixed, with duplicates and unreadable ones in between."""
    chance = random.Random(seed)
    waiting = []
    for number in range(runs):
        run = RunBuilder(run_id=f"run {number}", thread_id=f"thread {number % 5}", graph=f"graph {number % 2}")
        run.start({"count": 0})
        for step in range(1, chance.randint(2, 6)):
            run.step(step, [Op("replace", ("count",), step)])
            if chance.random() < 0.3:
                run.checkpoint({"count": step})
        if chance.random() < 0.8:
            run.end(chance.choice([pb.RUN_STATUS_OK, pb.RUN_STATUS_ERROR, pb.RUN_STATUS_INTERRUPTED]))
        waiting.append([NewRecord(run.thread_id.encode(), value, 0) for value in run.records])
    mixed: list[NewRecord] = []
    while waiting:
        chosen = chance.choice(waiting)
        mixed.append(chosen.pop(0))
        if chance.random() < 0.1:
            mixed.append(chance.choice([mixed[-1], NewRecord(b"thread 0", b"\xffnonsense", 0)]))
        waiting = [left for left in waiting if left]
    return mixed


async def answers(index: SqliteRunIndex) -> Any:
    """Everything that the index can be asked, as one value."""
    page = await index.runs(RunQuery(limit=500))
    found: dict[str, Any] = {"schemas": await index.schemas(), "resumed": page.resumed_by}
    for run in page.runs:
        namespaces = await index.namespaces(run.run_id)
        found[run.run_id] = (
            msgspec.to_builtins(run),
            await index.records(RecordQuery(run.run_id, RecordPlace(0), limit=10_000)),
            {ns: await index.state_places(run.run_id, ns, None) for ns in namespaces},
            await index.locate(run.run_id),
        )
    return found
