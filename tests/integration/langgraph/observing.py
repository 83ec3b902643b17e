"""Run a graph while it is observed, and fold what the records say into facts that a test can compare.

The records go the whole way: observer, encoder, frames, decoder, and then the folds that the gateway uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashstream.engine.items import Item, items_of, text_attribute
from dashstream.engine.run_state import StateFold
from dashstream.engine.runs import Run, fold
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import loads
from dashstream.protocol.proto_codec import Decoded, Kind
from dashstream.sdk.integrations.langgraph import install, observe_here
from dashstream.sdk.normalise import Normaliser
from dashstream.sdk.redaction import Redactor
from dashstream.sdk.settings import SdkSettings
from dashstream.testing.memory_gateway import memory_publisher

Edge = tuple[str, str, str]

_OUTCOME = {
    pb.EVENT_TYPE_NODE_START: "start",
    pb.EVENT_TYPE_NODE_END: "end",
    pb.EVENT_TYPE_NODE_ERROR: "error",
}


@dataclass
class Seen:
    """What the records of one run say."""

    run: Run
    edges: Counter[Edge] = field(default_factory=Counter)
    """(source, target, kind) -> how often."""
    tries: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Execution id -> (what happened, attempt) in order."""
    node_of: dict[str, str] = field(default_factory=dict)
    states: dict[str, list[tuple[int | None, Any]]] = field(default_factory=dict)
    """Namespace -> (superstep, state) after each state record."""
    folds: dict[str, StateFold] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def nodes(self) -> Counter[tuple[str, ...]]:
        """(node, what happened in order) -> how many executions went that way; ``error2`` is a failed second try."""
        found: Counter[tuple[str, ...]] = Counter()
        for execution, story in self.tries.items():
            words = [word if attempt == 1 else f"{word}{attempt}" for word, attempt in story if word != "start"]
            found[self.node_of[execution], *(words or ["open"])] += 1
        return found

    @property
    def root_states(self) -> list[tuple[int | None, Any]]:
        return self.states.get("", [])

    def values(self, ns: str = "") -> list[Any]:
        """The states of a namespace without repetitions."""
        found: list[Any] = []
        for _, value in self.states.get(ns, []):
            if not found or found[-1] != value:
                found.append(value)
        return found

    def text(self, name: str) -> str | None:
        """A text attribute of the run's start or end."""
        for item in self.items:
            if item.kind is Kind.EVENT and (value := text_attribute(item.body, name)) is not None:
                return value
        return None

    def of_kind(self, kind: Kind) -> list[Any]:
        return [item.body for item in self.items if item.kind is kind]

    def assert_sound(self) -> None:
        """What holds of every run: it ended, nothing is missing or unverified, and its end is its last record."""
        assert self.run.ended_us is not None, "the run has no end"
        assert self.run.losses == self.run.dropped == self.run.duplicates == 0
        for ns, state in self.folds.items():
            assert state.incidents == [], ns
            assert state.current is not None
            assert state.current.verified
            assert state.verified_transitions == state.transitions
        last = self.items[-1]
        assert last.kind is Kind.EVENT
        assert last.body.run_status, "something came after the end"
        for story in self.tries.values():
            assert [attempt for word, attempt in story if word == "start"] == list(range(1, story[-1][1] + 1))


class Watch:
    """Observes what is run inside its block; ``runs`` are the runs it saw, in order of their starts."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.publisher, self.gateway = memory_publisher(folder, **settings)

    @contextmanager
    def here(self) -> Iterator[None]:
        assert install() == "", "the full observer does not work with this LangGraph"
        with observe_here(self.publisher):
            yield

    @property
    def runs(self) -> list[Seen]:
        assert self.publisher.flush(10)
        assert self.publisher.dropped == 0
        return runs_of((0, offset, record) for offset, record in enumerate(self.gateway.records))

    @property
    def only(self) -> Seen:
        """The one run; sound."""
        (run,) = self.runs
        run.assert_sound()
        return run

    def close(self) -> None:
        self.publisher.close(1.0)


def runs_of(records: Iterable[tuple[int, int, Decoded]]) -> list[Seen]:
    """Fold records, given with partition and offset, into what they say of each run."""
    seen: dict[str, Seen] = {}
    for partition, offset, record in records:
        for item in items_of(record, partition, offset):
            known = seen.get(item.run_id)
            run = fold(known.run if known else None, item)
            _add(seen.setdefault(item.run_id, Seen(run)), item)
    return list(seen.values())


def _add(seen: Seen, item: Item) -> None:
    seen.items.append(item)
    if item.kind is Kind.EVENT:
        _add_event(seen, item)
    elif item.kind in {Kind.STATE_DIFF, Kind.CHECKPOINT}:
        state = seen.folds.setdefault(item.header.checkpoint_ns, StateFold())
        before = state.transitions
        state.apply(item)
        assert state.current is not None
        entry = (state.current.superstep, state.current.value)
        states = seen.states.setdefault(item.header.checkpoint_ns, [])
        if state.transitions > before or not states:
            states.append(entry)


def _add_event(seen: Seen, item: Item) -> None:
    event: pb.Event = item.body
    header = item.header
    if event.HasField("routing"):
        kind = pb.EdgeKind.Name(event.routing.kind).removeprefix("EDGE_KIND_").lower()
        seen.edges[event.routing.source, event.routing.target, kind] += event.routing.count
    if event.event_type in _OUTCOME:
        seen.node_of[header.node_execution_id] = item.node_id
        word = _OUTCOME[event.event_type]
        if "cached" in event.attributes:
            word = "cached"
        seen.tries.setdefault(header.node_execution_id, []).append((word, header.attempt))
    if event.event_type == pb.EVENT_TYPE_NODE_WARNING:
        seen.warnings.append(text_attribute(event, "code") or "")


def as_json(value: Any) -> Any:
    """What a live state is in records, made by a walk of its own."""
    settings = SdkSettings()
    return Normaliser(Redactor(settings)).json(value, whole=True)


def json_attribute(event: pb.Event, name: str) -> Any:
    return loads(event.attributes[name].string_value.encode())
