"""The recorder: each block ends with its true status, and exceptions pass through it unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashstream.engine.items import items_of
from dashstream.engine.runs import Run, RunStatus, fold
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import loads
from dashstream.protocol.proto_codec import Kind
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.recorder import Recorder
from dashstream.testing.memory_gateway import MemoryGateway, memory_publisher


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Recorder, Publisher, MemoryGateway]]:
    publisher, gateway = memory_publisher(tmp_path)
    yield Recorder("agent", publisher=publisher), publisher, gateway
    publisher.close(1.0)


Recorded = tuple[Recorder, Publisher, MemoryGateway]


def folded(recorded: Recorded) -> tuple[Run, list[Any]]:
    _, publisher, gateway = recorded
    assert publisher.flush(10)
    run: Run | None = None
    items = [item for offset, record in enumerate(gateway.records) for item in items_of(record, 0, offset)]
    for item in items:
        run = fold(run, item)
    assert run is not None
    return run, items


def test_a_whole_run(recorded: Recorded) -> None:
    with recorded[0].run(thread_id="t", run_id="r", input={"q": 1}) as run:
        assert run.run_id == "r"
        run.state({"notes": []})
        with run.node("plan", input={"q": 1}) as node:
            node.event(progress=0.5, detail={"of": [1]})
            with node.llm("model", provider="p", prompt=["hello"]) as call:
                call.token("a")
                call.token("b")
                call.usage = (1, 2, 3)
            with node.tool("search", {"q": 1}) as tool:
                tool.result = ["found"]
        run.edge("plan", "write", conditional=True)
        run.state({"notes": ["x"]})
        run.state({"notes": ["x", "y"]})
    summary, items = folded(recorded)
    assert (summary.run_id, summary.thread_id, summary.graph_name) == ("r", "t", "agent")
    assert summary.status is RunStatus.OK
    assert (summary.node_executions, summary.llm_calls, summary.tool_calls, summary.supersteps) == (1, 1, 1, 2)
    assert (summary.prompt_tokens, summary.completion_tokens) == (1, 2)
    assert "".join(item.body.text for item in items if item.kind is Kind.TOKEN_CHUNK) == "ab"
    tool_end = [item.body for item in items if item.kind is Kind.TOOL_EXECUTION][-1]
    assert loads(tool_end.result) == ["found"]
    (edge,) = [item.body.routing for item in items if item.kind is Kind.EVENT and item.body.HasField("routing")]
    assert (edge.source, edge.target, edge.kind) == ("plan", "write", pb.EDGE_KIND_CONDITIONAL)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("x"), RunStatus.ERROR),
        (asyncio.CancelledError(), RunStatus.CANCELLED),
        (KeyboardInterrupt(), RunStatus.CANCELLED),
        (SystemExit(1), RunStatus.CANCELLED),
        (GeneratorExit(), RunStatus.CLOSED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_exception_passes_and_gives_every_block_its_status(
    recorded: Recorded, error: BaseException, status: RunStatus
) -> None:
    def body() -> None:
        with (
            recorded[0].run() as run,
            run.node("n") as node,
            node.tool("t") as tool,
            node.llm("m") as call,
        ):
            call.token("half")
            tool.result = "never"
            raise error

    with pytest.raises(type(error)) as caught:
        body()
    assert caught.value is error
    summary, items = folded(recorded)
    assert summary.status is status
    assert summary.errors == (1 if status is RunStatus.ERROR else 0)
    assert items[-1].body.run_status
    types = [item.type for item in items]
    assert {"NODE_ERROR", "LLM_ERROR", "FAILED"} <= set(types)
    assert [item.body for item in items if item.kind is Kind.TOKEN_CHUNK][-1].is_final


def test_a_run_without_names_has_names_of_its_own(recorded: Recorded) -> None:
    with recorded[0].run() as run:
        pass
    summary, _ = folded(recorded)
    assert summary.run_id == summary.thread_id == run.run_id
    assert summary.duration_us is not None
