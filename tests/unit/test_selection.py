"""Which records pass a filter: those that can be read, and those whose header says whom they concern."""

from __future__ import annotations

import pytest

from dashstream.engine.classify import Unreadable, classify
from dashstream.engine.ports import LogRecord
from dashstream.engine.selection import Selection
from dashstream.protocol.control import Filter
from dashstream.protocol.framing import Limits
from dashstream.protocol.proto_codec import SCHEMA_VERSION
from run_builder import RunBuilder


def record_of(value: bytes) -> LogRecord:
    return LogRecord(0, 0, 0, b"thread", value)


@pytest.mark.parametrize("in_batch", [False, True])
def test_a_record_of_a_newer_schema_reaches_whoever_asked_for_its_run(in_batch: bool) -> None:
    run = RunBuilder(run_id="mine", thread_id="thread")
    run.schema_version = SCHEMA_VERSION + 1
    if in_batch:
        run.batch([{"node_id": "work"}])
    else:
        run.progress()
    head = classify(record_of(run.records[0]), Limits())
    assert isinstance(head, Unreadable)
    assert head.reason == "schema_mismatch"
    assert Selection.of(Filter(runs=["mine"])).passes(head)
    assert not Selection.of(Filter(runs=["other"])).passes(head)
    assert not Selection.of(Filter(runs=["mine"], tenants=["other"])).passes(head)


def test_what_cannot_be_read_at_all_reaches_whoever_asked_for_everything() -> None:
    head = classify(record_of(b"\xff"), Limits())
    assert Selection().passes(head)
    assert not Selection.of(Filter(runs=["mine"])).passes(head)
