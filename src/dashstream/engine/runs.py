"""The run fold: items of the log in, a summary of each run out.

Pure and incremental: folding a log in any chunking gives the same summaries. It expects little of the log:

- an item at or before the last folded place is ignored, so a replay changes nothing;
- a run is in one partition, its thread's: an item elsewhere is another producer's mistake and is ignored;
- a run is one tenant's, that of its first item: what another one says of it is ignored;
- an item whose sequence its producer has used before is counted as a duplicate and ignored;
- a run may begin anywhere (retention has removed its start): what is not known stays absent, never zero;
- what comes after the end is counted, but the end status stays.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from dashstream.engine.items import Item, int_attribute, text_attribute
from dashstream.engine.reading import DEFAULT_TENANT
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind

MAX_INTERRUPTS = 100
"""Interrupts kept per run; a run ends at its first, so more than a few means a broken producer."""


MAX_TOTAL = (1 << 53) - 1
"""Totals that a producer claims stop here: every JSON reader has them exactly."""


class RunStatus(StrEnum):
    """Where a run stands; all but ``RUNNING`` are ends."""

    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    RECURSION_LIMIT = "recursion_limit"
    CLOSED = "closed"
    TIMED_OUT = "timed_out"


class Interrupt(msgspec.Struct, frozen=True):
    """A pause for a human: what is asked, by which node, and when; ``value`` is JSON text."""

    id: str
    node_id: str
    value: str
    when: str


class Run(msgspec.Struct):
    """Summary of one run. Times are microseconds of the producer's clock; None means not known."""

    run_id: str
    thread_id: str
    partition: int
    first_offset: int
    last_offset: int
    last_index: int = 0
    tenant_id: str = ""
    graph_id: str = ""
    graph_name: str = ""
    status: RunStatus = RunStatus.RUNNING
    started_us: int = 0
    ended_us: int | None = None
    last_us: int = 0
    supersteps: int = 0
    records: int = 0
    duplicates: int = 0
    node_executions: int = 0
    llm_calls: int = 0
    tool_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    errors: int = 0
    losses: int = 0
    dropped: int = 0
    interrupts: list[Interrupt] = []
    resumes: str | None = None
    first_sequence: int | None = None
    last_sequence: int | None = None
    producer_id: str = ""
    producer_epoch: int = 0
    program: str | None = None
    truth_edges: str | None = None
    has_start: bool = False

    @property
    def duration_us(self) -> int | None:
        """Time from start to end, or None while it runs or when its start is not retained."""
        return self.ended_us - self.started_us if self.ended_us is not None and self.has_start else None


def fold(run: Run | None, item: Item) -> Run:
    """Fold one item into its run's summary, which is created by the first item and then updated in place."""
    if run is None:
        run = _first_sight(item)
    elif not _belongs(run, item):
        return run
    run.last_offset, run.last_index = item.offset, item.index
    if _is_duplicate(run, item.header):
        run.duplicates += 1
        return run
    _count(run, item)
    if fold_kind := _FOLDS.get(item.kind):
        fold_kind(run, item)
    return run


def _belongs(run: Run, item: Item) -> bool:
    """Whether an item is the run's next one: of its partition, its tenant, and after what was folded."""
    is_ours = item.partition == run.partition and (item.header.tenant_id or DEFAULT_TENANT) == tenant_of(run)
    return is_ours and (item.offset, item.index) > (run.last_offset, run.last_index)


def tenant_of(run: Run) -> str:
    """Return the tenant that a run belongs to: that of its first record."""
    return run.tenant_id or DEFAULT_TENANT


def _first_sight(item: Item) -> Run:
    header = item.header
    return Run(
        run_id=item.run_id,
        thread_id=header.thread_id,
        partition=item.partition,
        first_offset=item.offset,
        last_offset=item.offset,
        last_index=item.index,
        tenant_id=header.tenant_id,
        started_us=header.timestamp_us,
        last_us=header.timestamp_us,
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
    )


def _is_duplicate(run: Run, header: pb.Header) -> bool:
    if run.last_sequence is None or not 0 < header.sequence <= run.last_sequence:
        return False
    return (header.producer_id, header.producer_epoch) == (run.producer_id, run.producer_epoch)


def _count(run: Run, item: Item) -> None:
    header = item.header
    run.records += 1
    if (timestamp_us := header.timestamp_us) > run.last_us:
        run.last_us = timestamp_us
    if not run.graph_id:
        run.graph_id = header.graph_id
    if sequence := header.sequence:
        if run.first_sequence is None:
            run.first_sequence = sequence
        run.last_sequence = sequence
        run.producer_id, run.producer_epoch = header.producer_id, header.producer_epoch


def _fold_event(run: Run, item: Item) -> None:
    if fold_event := _EVENT_FOLDS.get(item.body.event_type):
        fold_event(run, item)


def _graph_start(run: Run, item: Item) -> None:
    if run.has_start or item.header.checkpoint_ns:
        return
    event: pb.Event = item.body
    run.has_start = True
    run.started_us = item.header.timestamp_us
    run.graph_name = text_attribute(event, "graph.name") or run.graph_name
    run.program = text_attribute(event, "program")
    run.truth_edges = text_attribute(event, "truth.edges")
    run.resumes = text_attribute(event, "resumes")


def _graph_end(run: Run, item: Item) -> None:
    if run.ended_us is not None or item.header.checkpoint_ns:
        return
    event: pb.Event = item.body
    run.ended_us = item.header.timestamp_us
    run.status = _END_STATUS.get(event.run_status) or (
        RunStatus.ERROR if event.event_type == pb.EVENT_TYPE_GRAPH_ERROR else RunStatus.OK
    )
    run.dropped = _sum(0, int_attribute(event, "dropped"))


def _sum(total: int, more: int) -> int:
    """Add what a producer claims; a claim cannot lower a total or push it out of range."""
    return min(total + max(more, 0), MAX_TOTAL)


def _node_start(run: Run, item: Item) -> None:
    if item.header.attempt <= 1:
        run.node_executions += 1


def _llm_start(run: Run, _: Item) -> None:
    run.llm_calls += 1


def _llm_end(run: Run, item: Item) -> None:
    run.prompt_tokens = _sum(run.prompt_tokens, int_attribute(item.body, "llm.prompt_tokens"))
    run.completion_tokens = _sum(run.completion_tokens, int_attribute(item.body, "llm.completion_tokens"))


def _human_interrupt(run: Run, item: Item) -> None:
    if len(run.interrupts) >= MAX_INTERRUPTS:
        return
    event: pb.Event = item.body
    interrupt = Interrupt(
        id=text_attribute(event, "interrupt.id") or "",
        node_id=item.node_id,
        value=text_attribute(event, "interrupt.value") or "null",
        when=text_attribute(event, "interrupt.when") or "inside",
    )
    run.interrupts.append(interrupt)


def _fold_tool(run: Run, item: Item) -> None:
    if item.body.stage == pb.ToolExecution.STARTED:
        run.tool_calls += 1


def _fold_diff(run: Run, item: Item) -> None:
    if not item.header.checkpoint_ns:
        run.supersteps += 1


def _fold_checkpoint(run: Run, item: Item) -> None:
    if item.body.is_transition and item.body.chunk_index == 0 and not item.header.checkpoint_ns:
        run.supersteps += 1


def _fold_error(run: Run, item: Item) -> None:
    if item.body.severity >= pb.Error.ERROR:
        run.errors += 1


def _fold_loss(run: Run, item: Item) -> None:
    for loss in item.body.items:
        run.losses = _sum(run.losses, loss.count)


def _fold_schema(run: Run, item: Item) -> None:
    run.graph_id = item.body.graph_id or run.graph_id
    run.graph_name = run.graph_name or item.body.name


_END_STATUS = {
    pb.RUN_STATUS_OK: RunStatus.OK,
    pb.RUN_STATUS_ERROR: RunStatus.ERROR,
    pb.RUN_STATUS_CANCELLED: RunStatus.CANCELLED,
    pb.RUN_STATUS_INTERRUPTED: RunStatus.INTERRUPTED,
    pb.RUN_STATUS_RECURSION_LIMIT: RunStatus.RECURSION_LIMIT,
    pb.RUN_STATUS_CLOSED: RunStatus.CLOSED,
    pb.RUN_STATUS_TIMED_OUT: RunStatus.TIMED_OUT,
}

_EVENT_FOLDS: dict[int, Callable[[Run, Item], None]] = {
    pb.EVENT_TYPE_GRAPH_START: _graph_start,
    pb.EVENT_TYPE_GRAPH_END: _graph_end,
    pb.EVENT_TYPE_GRAPH_ERROR: _graph_end,
    pb.EVENT_TYPE_NODE_START: _node_start,
    pb.EVENT_TYPE_LLM_START: _llm_start,
    pb.EVENT_TYPE_LLM_END: _llm_end,
    pb.EVENT_TYPE_HUMAN_INTERRUPT: _human_interrupt,
}

_FOLDS: dict[Kind, Callable[[Run, Item], None]] = {
    Kind.EVENT: _fold_event,
    Kind.TOOL_EXECUTION: _fold_tool,
    Kind.STATE_DIFF: _fold_diff,
    Kind.CHECKPOINT: _fold_checkpoint,
    Kind.ERROR: _fold_error,
    Kind.LOSS: _fold_loss,
    Kind.GRAPH_SCHEMA: _fold_schema,
}
