"""A message as people and JSON readers see it: one line of summary, and its fields as plain values.

64-bit integers of the contract are decimal strings, as everywhere in the HTTP API. One view is bounded: long
texts are cut and whole states are named by their size, with ``truncated`` set; the record itself is in the
export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashstream.engine.items import Item, attribute_value, enum_name
from dashstream.errors import StateValueError
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import loads
from dashstream.protocol.proto_codec import Kind

VIEW_BYTES = 32 << 10
"""Text of one view; what is above it is cut."""
SUMMARY_CHARACTERS = 160
MAX_OPERATIONS = 200
_EXACT = 1 << 53
"""Above it, JSON readers that use doubles lose integers."""


class _Budget:
    """Cuts texts so that a whole view stays small."""

    def __init__(self) -> None:
        self.left = VIEW_BYTES
        self.truncated = False

    def text(self, value: str) -> str:
        kept = value[: max(self.left, 0)]
        self.left -= len(kept)
        self.truncated |= len(kept) < len(value)
        return kept

    def json(self, value: bytes) -> Any:
        """Return JSON bytes as their value; as text when they are not JSON or too long."""
        if len(value) > self.left:
            return self.text(value[: max(self.left, 0) + 1].decode("utf-8", "replace"))
        self.left -= len(value)
        try:
            return loads(value)
        except StateValueError:
            return value.decode("utf-8", "replace")

    def plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value[: self.left + 1].hex())
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return value if abs(value) < _EXACT else str(value)
        if isinstance(value, float):
            return value if value - value == 0 else str(value)
        if isinstance(value, list):
            return [self.plain(element) for element in value[: self.left]]
        return {self.text(key): self.plain(element) for key, element in value.items()}


def data_of(item: Item) -> dict[str, Any]:
    """Return a message's own fields (without its header) as JSON values, bounded."""
    budget = _Budget()
    view = _DATA.get(item.kind, _nothing)(item.body, budget)
    if budget.truncated:
        view["truncated"] = True
    return view


def summary_of(item: Item) -> str:
    """Return one line that says what the message is about."""
    describe = _SUMMARY.get(item.kind)
    text = describe(item) if describe else ""
    return text if len(text) <= SUMMARY_CHARACTERS else text[: SUMMARY_CHARACTERS - 1] + "…"


def _nothing(_body: Any, _budget: _Budget) -> dict[str, Any]:
    return {}


def _event(event: pb.Event, budget: _Budget) -> dict[str, Any]:
    view: dict[str, Any] = {}
    if event.duration_us:
        view["duration_us"] = str(event.duration_us)
    if event.llm_request_id:
        view["llm_request_id"] = budget.text(event.llm_request_id)
    if event.run_status:
        view["run_status"] = enum_name(pb.RunStatus, event.run_status).removeprefix("RUN_STATUS_").lower()
    if event.HasField("routing"):
        routing = event.routing
        view["routing"] = {
            "source": budget.text(routing.source),
            "target": budget.text(routing.target),
            "kind": enum_name(pb.EdgeKind, routing.kind).removeprefix("EDGE_KIND_").lower(),
            "source_execution_id": budget.text(routing.source_execution_id),
            "count": routing.count,
        }
    view["attributes"] = {
        budget.text(key): budget.plain(attribute_value(value)) for key, value in sorted(event.attributes.items())
    }
    return view


def _state_diff(diff: pb.StateDiff, budget: _Budget) -> dict[str, Any]:
    operations = []
    for operation in diff.operations[:MAX_OPERATIONS]:
        view: dict[str, Any] = {
            "op": enum_name(pb.DiffOperation.OpType, operation.op).lower(),
            "path": budget.text(operation.path),
        }
        if operation.value:
            view["value"] = budget.json(operation.value)
        operations.append(view)
    budget.truncated |= len(diff.operations) > MAX_OPERATIONS
    return {
        "operations": operations,
        "operation_count": len(diff.operations),
        "state_hash": diff.state_hash.hex(),
        "base_state_hash": diff.base_state_hash.hex(),
    }


def _token_chunk(chunk: pb.TokenChunk, budget: _Budget) -> dict[str, Any]:
    view = {
        "request_id": budget.text(chunk.request_id),
        "chunk_index": chunk.chunk_index,
        "text": budget.text(chunk.text),
        "is_final": chunk.is_final,
    }
    if chunk.is_final:
        view["finish_reason"] = budget.text(chunk.finish_reason)
        view["model"] = budget.text(chunk.model)
    return view


def _tool_execution(tool: pb.ToolExecution, budget: _Budget) -> dict[str, Any]:
    view: dict[str, Any] = {
        "call_id": budget.text(tool.call_id),
        "tool_name": budget.text(tool.tool_name),
    }
    if tool.arguments:
        view["arguments"] = budget.json(tool.arguments)
    if tool.result:
        view["result"] = budget.json(tool.result)
    if tool.error:
        view["error"] = budget.text(tool.error)
    if tool.duration_us:
        view["duration_us"] = str(tool.duration_us)
    return view


def _checkpoint(checkpoint: pb.Checkpoint, _budget: _Budget) -> dict[str, Any]:
    return {
        "checkpoint_id": checkpoint.checkpoint_id.hex(),
        "state_bytes": len(checkpoint.state),
        "state_hash": checkpoint.state_hash.hex(),
        "chunk_index": checkpoint.chunk_index,
        "chunk_count": max(1, checkpoint.chunk_count),
        "is_transition": checkpoint.is_transition,
    }


def _metrics(metrics: pb.Metrics, budget: _Budget) -> dict[str, Any]:
    values = {}
    for name, metric in sorted(metrics.metrics.items()):
        which = metric.WhichOneof("value")
        values[budget.text(name)] = budget.plain(getattr(metric, which) if which else None)
    return {"scope": budget.text(metrics.scope), "metrics": values}


def _error(error: pb.Error, budget: _Budget) -> dict[str, Any]:
    return {
        "severity": enum_name(pb.Error.Severity, error.severity).lower(),
        "exception_type": budget.text(error.exception_type),
        "error_code": budget.text(error.error_code),
        "message": budget.text(error.message),
        "stack_trace": budget.text(error.stack_trace),
    }


def _loss(loss: pb.Loss, _budget: _Budget) -> dict[str, Any]:
    return {
        "items": [
            {
                "type": enum_name(pb.MessageType, lost.type).removeprefix("MESSAGE_TYPE_").lower(),
                "reason": enum_name(pb.LossReason, lost.reason).removeprefix("LOSS_REASON_").lower(),
                "count": str(lost.count),
                "first_timestamp_us": str(lost.first_timestamp_us),
                "last_timestamp_us": str(lost.last_timestamp_us),
            }
            for lost in loss.items[:MAX_OPERATIONS]
        ]
    }


def _graph_schema(schema: pb.GraphSchema, budget: _Budget) -> dict[str, Any]:
    return {
        "graph_id": budget.text(schema.graph_id),
        "name": budget.text(schema.name),
        "node_count": len(schema.nodes),
        "edge_count": len(schema.edges),
    }


def _event_summary(item: Item) -> str:
    event: pb.Event = item.body
    if event.HasField("routing"):
        return f"{event.routing.source} → {event.routing.target}"
    words = item.type.replace("_", " ").lower()
    return f"{words} {item.node_id}".strip()


def _tool_summary(item: Item) -> str:
    return f"{item.body.tool_name} {item.type.lower()}"


def _checkpoint_summary(item: Item) -> str:
    return f"state of {len(item.body.state)} bytes"


def _loss_summary(item: Item) -> str:
    return f"{sum(lost.count for lost in item.body.items)} records were dropped"


_DATA: dict[Kind, Callable[[Any, _Budget], dict[str, Any]]] = {
    Kind.EVENT: _event,
    Kind.STATE_DIFF: _state_diff,
    Kind.TOKEN_CHUNK: _token_chunk,
    Kind.TOOL_EXECUTION: _tool_execution,
    Kind.CHECKPOINT: _checkpoint,
    Kind.METRICS: _metrics,
    Kind.ERROR: _error,
    Kind.LOSS: _loss,
    Kind.GRAPH_SCHEMA: _graph_schema,
}

_SUMMARY: dict[Kind, Callable[[Item], str]] = {
    Kind.EVENT: _event_summary,
    Kind.STATE_DIFF: lambda item: f"{len(item.body.operations)} operations",
    Kind.TOKEN_CHUNK: lambda item: item.body.text,
    Kind.TOOL_EXECUTION: _tool_summary,
    Kind.CHECKPOINT: _checkpoint_summary,
    Kind.METRICS: lambda item: item.body.scope,
    Kind.ERROR: lambda item: item.body.message,
    Kind.LOSS: _loss_summary,
    Kind.GRAPH_SCHEMA: lambda item: item.body.name,
}
