"""Records of a run, made by hand: for runs that are too large, too odd or too broken for a real program."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Iterable
from typing import Any

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import JSON, dumps
from dashstream.protocol.patch import Op, ops_to_proto
from dashstream.protocol.proto_codec import SCHEMA_VERSION, encode
from dashstream.protocol.state_hash import HashedState

CHUNK_BYTES = 512 * 1024
START_US = 1_700_000_000_000_000


class RunBuilder:
    """Makes the records of one run, in order, with one millisecond between two of them."""

    def __init__(
        self, *, run_id: str = "", thread_id: str = "built", graph: str = "built", counted: bool = False
    ) -> None:
        self.run_id = run_id or uuid.uuid4().hex
        self.thread_id = thread_id
        self.graph = graph
        self.counted = counted
        """Number the run's records as well as the thread's, as the SDK does."""
        self.records: list[bytes] = []
        self._sequence = itertools.count(1)
        self._producer = uuid.uuid4().hex
        self._state = HashedState(None)
        self.schema_version = SCHEMA_VERSION
        """Of the records to come."""

    @property
    def state(self) -> JSON:
        return self._state.value

    def start(self, state: JSON, structure: pb.GraphSchema | None = None) -> None:
        """The first records: the start, the structure, the whole state."""
        self._event(pb.EVENT_TYPE_GRAPH_START, attributes={"graph.name": self.graph, "framework": "langgraph"})
        schema = structure or self._small_structure()
        self._add("graph_schema", schema, pb.MESSAGE_TYPE_GRAPH_SCHEMA)
        self.checkpoint(state)

    def _small_structure(self) -> pb.GraphSchema:
        return pb.GraphSchema(
            graph_id="built",
            name=self.graph,
            nodes=[
                pb.GraphSchema.Node(id="__start__", name="__start__", kind="start"),
                pb.GraphSchema.Node(id="work", name="work", kind="node"),
                pb.GraphSchema.Node(id="__end__", name="__end__", kind="end"),
            ],
            edges=[
                pb.GraphSchema.Edge(source="__start__", target="work"),
                pb.GraphSchema.Edge(source="work", target="work", conditional=True),
                pb.GraphSchema.Edge(source="work", target="__end__", conditional=True),
            ],
        )

    def checkpoint(self, state: JSON) -> None:
        """A whole state, in chunks when it is large."""
        self._state.reset(state)
        text = dumps(state)
        chunks = [text[at : at + CHUNK_BYTES] for at in range(0, len(text), CHUNK_BYTES)]
        identity = uuid.uuid4().bytes
        for index, chunk in enumerate(chunks):
            last = index == len(chunks) - 1
            checkpoint = pb.Checkpoint(
                checkpoint_id=identity,
                state=chunk,
                state_type="application/json",
                hash_algorithm=pb.HASH_ALGORITHM_TREE_1,
                chunk_index=index,
                chunk_count=len(chunks),
            )
            if last:
                checkpoint.state_hash = self._state.hash
                checkpoint.checksum = hashlib.sha256(text).digest()
            self._add("checkpoint", checkpoint, pb.MESSAGE_TYPE_CHECKPOINT, superstep=0)

    def step(self, superstep: int, ops: list[Op]) -> None:
        """One visit of the node: start, edge, end and the state's change: four records."""
        execution = {"node_id": "work", "node_execution_id": f"task-{superstep}", "attempt": 1, "superstep": superstep}
        self._event(pb.EVENT_TYPE_NODE_START, **execution)
        routing = pb.Routing(source="work", target="work", kind=pb.EDGE_KIND_CONDITIONAL, count=1)
        self._event(pb.EVENT_TYPE_EDGE_TRAVERSAL, routing=routing, **execution)
        self._event(pb.EVENT_TYPE_NODE_END, duration_us=900, **execution)
        before = self._state.hash
        self._state.apply(ops)
        diff = pb.StateDiff(
            operations=ops_to_proto(ops),
            state_hash=self._state.hash,
            base_state_hash=before,
            hash_algorithm=pb.HASH_ALGORITHM_TREE_1,
        )
        self._add("state_diff", diff, pb.MESSAGE_TYPE_STATE_DIFF, superstep=superstep)

    def full_state(self, superstep: int, state: JSON) -> None:
        """The whole state in one record, however large."""
        self._state.reset(state)
        diff = pb.StateDiff(
            full_state=dumps(state), state_hash=self._state.hash, hash_algorithm=pb.HASH_ALGORITHM_TREE_1
        )
        self._add("state_diff", diff, pb.MESSAGE_TYPE_STATE_DIFF, superstep=superstep)

    def progress(self, node_id: str = "work") -> None:
        """One event that changes no state."""
        self._event(pb.EVENT_TYPE_NODE_PROGRESS, node_id=node_id)

    def batch(self, events: Iterable[dict[str, Any]]) -> None:
        """Many events in one record."""
        batch = pb.EventBatch()
        for fields in events:
            batch.events.append(pb.Event(**fields, header=self._header(pb.MESSAGE_TYPE_EVENT)))
        batch.header.CopyFrom(self._header(pb.MESSAGE_TYPE_EVENT_BATCH, sequence=0))
        self.records.append(encode(pb.DashStreamMessage(event_batch=batch)))

    def end(self, status: int = pb.RUN_STATUS_OK) -> None:
        self._event(pb.EVENT_TYPE_GRAPH_END, run_status=status)

    def _event(self, kind: int, *, attributes: dict[str, str] | None = None, **fields: Any) -> None:
        own = {name: fields.pop(name) for name in ("routing", "run_status", "duration_us") if name in fields}
        event = pb.Event(event_type=kind, node_id=fields.get("node_id", ""), **own)
        for name, value in (attributes or {}).items():
            event.attributes[name].string_value = value
        self._add("event", event, pb.MESSAGE_TYPE_EVENT, **fields)

    def _add(self, name: str, inner: Any, kind: int, **fields: Any) -> None:
        inner.header.CopyFrom(self._header(kind, **fields))
        self.records.append(encode(pb.DashStreamMessage(**{name: inner})))

    def _header(self, kind: int, *, sequence: int | None = None, **fields: Any) -> pb.Header:
        own = next(self._sequence) if sequence is None else sequence
        return pb.Header(
            message_id=uuid.uuid4().bytes,
            timestamp_us=START_US + own * 1000,
            tenant_id="default",
            thread_id=self.thread_id,
            sequence=own,
            run_sequence=own if self.counted else 0,
            type=kind,
            schema_version=self.schema_version,
            run_id=self.run_id,
            graph_id="built",
            producer_id=self._producer,
            producer_epoch=1,
            **fields,
        )
