"""Write the vectors of a run: records as the SDK encodes them, and what the gateway's folds make of them.

The page folds the same records in TypeScript and must come to the same summary, the same events and the same state
at every step. With ``--check`` nothing is written and a stale file fails the run.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from dashstream.adapters.http.runs_routes import run_view
from dashstream.engine.event_view import summary_of
from dashstream.engine.items import Item, items_of
from dashstream.engine.run_state import StateFold
from dashstream.engine.runs import Run, fold
from dashstream.protocol.framing import Limits, frame
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import dumps
from dashstream.protocol.proto_codec import decode
from dashstream.protocol.run_file import RunFileWriter
from dashstream.sdk import captures as cap
from dashstream.sdk.captures import Place, RunContext, TokenStream
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.encoder import Encoder
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings

PATH = Path(__file__).resolve().parents[1] / "vectors" / "run" / "runs.json"
START_US = 1_700_000_000_000_000
TICK_US = 1_000
PARTITION = 3


class Tape:
    """Stands in for a publisher: encodes at once, with a clock and identities that are the same every time."""

    def __init__(self) -> None:
        self.settings = SdkSettings()
        self.values: list[bytes] = []
        self.now_us = START_US
        self.encoder = Encoder(self.settings, "vectors", 1)
        self.encoder._id_prefix = bytes(8)  # random outside of vectors

    def offer(self, capture: cap.Capture) -> None:
        self.now_us += TICK_US
        capture.timestamp_us = self.now_us
        if isinstance(capture, cap.EventCapture) and capture.status:
            capture.duration_us = self.now_us - START_US
        records, reason = self.encoder.encode(capture)
        if reason:
            raise SystemExit(f"a capture was lost: {reason}")
        self.values += [settled(record.value) for record in records]


def settled(value: bytes) -> bytes:
    """Return a record with the attributes of an event in order: a map's order is not the same every time."""
    message = decode(value, Limits()).message
    if message.WhichOneof("message") != "event" or len(message.event.attributes) < 2:
        return value
    return frame(message.SerializeToString(deterministic=True))


def begin(tape: Tape, run_id: str, attributes: dict[str, Any], given: Any = None) -> RunEmitter:
    context = RunContext(run_id=run_id, thread_id="thread-1", graph_id="graph-1")
    emitter = RunEmitter(cast("Publisher", tape), context)
    described = {"graph.name": "newsroom", "framework": "langgraph", "program": "newsroom.py", "pid": 4711}
    emitter.start({**described, "truth.edges": "observed", **attributes}, given)
    return emitter


def declare(emitter: RunEmitter) -> None:
    """A graph with a fan-out, a subgraph and a loop."""
    schema = pb.GraphSchema(graph_id="graph-1", name="newsroom")
    for node_id, kind, parent in (
        ("__start__", "start", ""),
        ("plan", "node", ""),
        ("research", "subgraph", ""),
        ("research:__start__", "start", "research"),
        ("research:search", "tools", "research"),
        ("research:__end__", "end", "research"),
        ("write", "node", ""),
        ("__end__", "end", ""),
    ):
        schema.nodes.add(id=node_id, name=node_id.rpartition(":")[2], kind=kind, parent=parent)
    for source, target, conditional in (
        ("__start__", "plan", False),
        ("plan", "research", True),
        ("research:__start__", "research:search", False),
        ("research:search", "research:__end__", False),
        ("research", "write", False),
        ("write", "plan", True),
        ("write", "__end__", True),
    ):
        schema.edges.add(source=source, target=target, conditional=conditional)
    emitter.schema(schema.SerializeToString())


def plan(emitter: RunEmitter, place: Place, superstep: int) -> None:
    """A model is asked and streams its answer."""
    emitter.node_started(place, superstep, ("branch:to:plan",))
    request, stream = f"llm-{superstep}", TokenStream(f"llm-{superstep}", "small-1")
    messages = [{"type": "system", "content": "You plan."}, {"type": "human", "content": "Tides 🌊"}]
    emitter.llm_started(place, superstep, request, model="small-1", provider="test", messages=messages[:superstep])
    for word in ("First ", "the ", "moon."):
        emitter.token(place, superstep, stream, word)
    emitter.tokens_ended(place, superstep, stream, "stop", (11, 3, 14))
    emitter.llm_ended(place, superstep, request, 2_500, usage=(11, 3, 14), finish_reason="stop")
    emitter.edge(place, superstep, "plan", "research", int(pb.EDGE_KIND_SEND), 2)
    emitter.node_ended(place, superstep, 5_000)


def research(emitter: RunEmitter, task: str, superstep: int, *, fails: bool) -> None:
    """A subgraph with a state of its own and a tool, which may fail once and is tried again."""
    place, ns = Place("research", task, 1), f"research:{task}"
    emitter.node_started(place, superstep, ("__pregel_push",), {"topic": task})
    emitter.state(ns, {"topic": task}, -1, is_start=True)
    for attempt in (1, 2) if fails else (1,):
        inner = Place("research:search", f"{task}-search", attempt, ns)
        emitter.node_started(inner, 0)
        emitter.tool_started(inner, 0, f"call-{task}-{attempt}", "search", {"query": task})
        if fails and attempt == 1:
            error = TimeoutError("no answer")
            emitter.tool_ended(inner, 0, f"call-{task}-{attempt}", "search", 900, error=error)
            emitter.node_failed(inner, 0, 1_000, error, will_retry=True)
            continue
        emitter.tool_ended(inner, 0, f"call-{task}-{attempt}", "search", 700, result=["a", "b"])
        emitter.node_ended(inner, 0, 1_100)
    emitter.state(ns, {"topic": task, "facts": ["a", "b"]}, 0)
    emitter.edge(place, superstep, "research", "write", int(pb.EDGE_KIND_STATIC))
    emitter.node_ended(place, superstep, 4_000)


def first_run(tape: Tape) -> None:
    """A loop of two rounds that ends well; states with large integers, floats and text beyond ASCII."""
    state: dict[str, Any] = {"topic": "tides 🌊", "draft": "", "notes": [], "big": 9007199254740993, "score": 0.5}
    emitter = begin(tape, "run-1", {}, {"topic": "tides 🌊"})
    declare(emitter)
    emitter.state("", state, 0, is_start=True)
    emitter.edge(Place("__start__"), 1, "__start__", "plan", int(pb.EDGE_KIND_STATIC))
    for round_number in (1, 2):
        base = 3 * round_number - 2
        plan(emitter, Place("plan", f"plan-{round_number}", 1), base)
        state = {**state, "plan": ["moon", "sun"][:round_number]}
        emitter.state("", state, base)
        for number in (1, 2):
            task = f"task-{round_number}-{number}"
            research(emitter, task, base + 1, fails=number == 2)
            state = {**state, "notes": [*state["notes"], {"task": task, "facts": ["a", "b"]}]}
        emitter.state("", state, base + 1)
        place = Place("write", f"write-{round_number}", 1)
        emitter.node_started(place, base + 2)
        attributes = {"cached": True} if round_number == 2 else None
        emitter.node_ended(place, base + 2, 3_000, attributes)
        target, kind = ("plan", "__end__")[round_number - 1], int(pb.EDGE_KIND_CONDITIONAL)
        emitter.edge(place, base + 2, "write", target, kind)
        state = {**state, "draft": state["draft"] + "A paragraph on tides. " * 40, "score": float(round_number)}
        emitter.state("", state, base + 2)
    emitter.warning("in_place_mutation", "parts of the state were changed in place", place, 6)
    emitter.end(int(pb.RUN_STATUS_OK))


def second_run(tape: Tape) -> None:
    """Another run of the thread: fails in one node, loses records, and waits for a human in another."""
    emitter = begin(tape, "run-2", {"resumes": "run-1"})
    emitter.resumed({"approved": True})
    emitter.state("", {"topic": "tides"}, 6, is_start=True)
    place = Place("plan", "plan-3", 1)
    emitter.node_started(place, 7)
    emitter.node_failed(place, 7, 10, ValueError("bad plan"), will_retry=False)
    emitter.failure(ValueError("bad plan"), place, 7)
    lost = {(int(pb.MESSAGE_TYPE_TOKEN_CHUNK), int(pb.LOSS_REASON_QUEUE_FULL)): [5, START_US, START_US + 9]}
    tape.offer(cap.LossCapture(emitter.run, START_US, lost))
    asks = Place("write", "write-3", 1)
    emitter.node_started(asks, 7)
    emitter.interrupted(asks, 7, interrupt_id="int-1", value={"question": "Publish?"}, when="inside")
    emitter.state("", {"topic": "tides", "plan": None}, 7)
    emitter.end(int(pb.RUN_STATUS_INTERRUPTED))


def batch_of(values: Iterable[bytes]) -> bytes:
    """Return the events of some records as one batch record: repeats of what came before."""
    batch = pb.EventBatch()
    for value in values:
        message = decode(value, Limits()).message
        if message.WhichOneof("message") == "event":
            batch.events.append(message.event)
    batch.header.thread_id = "thread-1"
    return frame(pb.DashStreamMessage(event_batch=batch).SerializeToString(deterministic=True))


def run_file(values: Iterable[bytes]) -> bytes:
    """Return the records as a ``.dsrun`` file."""
    writer = RunFileWriter()
    return b"".join([*(writer.add(value) for value in values), writer.end()])


def expected(run_id: str, values: list[bytes]) -> dict[str, Any]:
    """Return what the gateway's folds make of a run among these records."""
    run: Run | None = None
    states: dict[str, StateFold] = {}
    steps: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for offset, value in enumerate(values):
        for item in items_of(decode(value, Limits()), PARTITION, offset):
            if item.run_id != run_id:
                continue
            before = run.records if run else 0
            run = fold(run, item)
            if run.records == before:
                continue
            events.append(_event(item))
            if step := _state(states, item):
                steps.append(step)
    if run is None:
        raise SystemExit(f"no run {run_id}")
    return {"run_id": run_id, "summary": run_view(run, None), "events": events, "states": steps}


def _event(item: Item) -> dict[str, Any]:
    header = item.header
    return {
        "sequence": str(header.sequence),
        "kind": item.kind.value,
        "type": item.type.lower(),
        "node_id": item.node_id,
        "summary": summary_of(item),
    }


def _state(states: dict[str, StateFold], item: Item) -> dict[str, Any] | None:
    """Return the state after an item that made one."""
    ns = item.header.checkpoint_ns
    state = states.setdefault(ns, StateFold())
    before = state.current
    state.apply(item)
    now = state.current
    if now is None or (before is not None and now.sequence == before.sequence):
        return None
    return {
        "ns": ns,
        "sequence": str(now.sequence),
        "superstep": None if now.superstep is None else str(now.superstep),
        "hash": now.hash.hex(),
        "verified": now.verified,
        "json": dumps(now.value).decode(),
    }


def vectors() -> dict[str, Any]:
    """Return the records and what is expected of each run in them."""
    tape = Tape()
    first_run(tape)
    values = list(tape.values)
    tape.values = []
    second_run(tape)
    values += [values[4], *tape.values, batch_of(values[:12])]
    return {
        "partition": PARTITION,
        "records": [base64.b64encode(value).decode() for value in values],
        "file": base64.b64encode(run_file(values)).decode(),
        "runs": [expected("run-1", values), expected("run-2", values)],
    }


def main() -> int:
    """Write or check the file; return the exit code."""
    text = json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"
    if "--check" in sys.argv:
        if not PATH.exists() or PATH.read_text() != text:
            print("stale:", PATH.name)
            return 1
        return 0
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
