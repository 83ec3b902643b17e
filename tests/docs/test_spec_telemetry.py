"""docs/specs/telemetry.md is true: its examples, its tables against the contract, its words against real runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import DASHSTREAM
from dashstream.adapters.spool import adopt_orphans
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import LOG_FILE, SPOOL_DIR
from dashstream.engine.items import Item, items_of
from dashstream.errors import RecordError
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind, decode, encode
from dashstream.sdk.plain_values import Shape
from dashstream.sdk.settings import SdkSettings
from spec_pages import SPECS, examples

PAGE = SPECS / "telemetry.md"
TEXT = PAGE.read_text(encoding="utf-8")
TIMEOUT_S = 60.0
OF_THE_PREDECESSOR = {"parent_id", "compression"}

PROGRAM = """
from typing import TypedDict
from langgraph.graph import END, START, StateGraph

class State(TypedDict):
    count: int

graph = StateGraph(State)
graph.add_node("work", lambda state: {"count": state["count"] + 1})
graph.add_edge(START, "work")
graph.add_edge("work", END)
graph.compile().invoke({"count": 1})
"""


@pytest.mark.parametrize("example", examples(PAGE, "framing"))
def test_framing_example(example: dict[str, Any]) -> None:
    value = bytes.fromhex(example["value_hex"])
    decoded = decode(value)
    assert decoded.kind == example["kind"]
    assert (decoded.header.thread_id, decoded.header.sequence) == (example["thread_id"], example["sequence"])
    assert encode(decoded.message) == value


def test_every_refusal_has_its_code() -> None:
    codes = {error.code for error in [RecordError, *_below(RecordError)]} - {"record_invalid"}
    assert [code for code in sorted(codes) if f"`{code}`" not in TEXT] == []


def _below(error: type[RecordError]) -> list[type[RecordError]]:
    return [found for child in error.__subclasses__() for found in [child, *_below(child)]]


def test_every_header_field_status_and_reason_is_explained() -> None:
    fields = {field.name for field in pb.Header.DESCRIPTOR.fields} - OF_THE_PREDECESSOR
    prefixes = {pb.RunStatus: "RUN_STATUS_", pb.LossReason: "LOSS_REASON_", pb.EdgeKind: "EDGE_KIND_"}
    words = {
        name.removeprefix(prefix)
        for enum, prefix in prefixes.items()
        for name in enum.DESCRIPTOR.values_by_name  # type: ignore[attr-defined]  # the stubs leave it out
    }
    words = fields | words - {"UNSPECIFIED"}
    assert [word for word in sorted(words) if not re.search(rf"`(Header\.)?{word}`", TEXT)] == []


async def _run(*arguments: str | Path, folder: Path, **env: str) -> None:
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "DASHSTREAM_DATA_DIR": str(folder), **env},
    )
    _, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode == 0, err.decode()


async def _logged(folder: Path) -> list[Item]:
    log = SqliteLog.open(folder / LOG_FILE, read_only=True)
    items: list[Item] = []
    try:
        for partition, mark in (await log.watermarks()).items():
            for record in await log.read(partition, mark.low, max_records=100_000, max_bytes=1 << 30):
                assert record.value is not None
                items += items_of(decode(record.value), partition, record.offset)
    finally:
        await log.close()
    return items


async def test_a_small_run_emits_what_the_page_shows(tmp_path: Path) -> None:
    """Without a gateway: the records are in the spool, as they will be on the log."""
    (tmp_path / "app.py").write_text(PROGRAM)
    await _run("run", tmp_path / "app.py", folder=tmp_path / "data")
    (spool,) = list(adopt_orphans(tmp_path / "data" / SPOOL_DIR))
    with spool:
        values = spool.read(1 << 20)
    items = [item for value in values for item in items_of(decode(value), 0, 0)]
    (shown,) = examples(PAGE, "order")
    assert [item.type or item.kind.value for item in items] == shown
    assert [item.header.sequence for item in items] == list(range(1, len(items) + 1))
    assert len({item.run_id for item in items}) == 1


async def test_every_attribute_of_real_runs_is_explained(tmp_path: Path) -> None:
    await _run("demo", "--runs", "4", "--no-browser", "--pace", "0", "--data-dir", tmp_path, folder=tmp_path)
    items = await _logged(tmp_path)
    rows = dict(re.findall(r"^\| (`[A-Z_`, ]+`) \| (.*) \|$", TEXT, re.MULTILINE))
    explained = {
        event: set(re.findall(r"`([a-z_.]+)`", text)) for events, text in rows.items() for event in events.split(", ")
    }
    seen: set[str] = set()
    for item in items:
        if item.kind is Kind.EVENT and item.type not in {"NODE_PROGRESS", "EDGE_TRAVERSAL"}:
            seen.add(item.type)
            assert set(item.body.attributes) <= explained[f"`{item.type}`"], item.type
    assert {"GRAPH_START", "GRAPH_END", "GRAPH_ERROR", "LLM_START", "LLM_END", "HUMAN_INTERRUPT"} <= seen
    ends = [item for item in items if item.type in {"GRAPH_END", "GRAPH_ERROR"} and not item.header.checkpoint_ns]
    assert len(ends) == len({item.run_id for item in items})
    assert all(item.body.run_status for item in ends)


def test_live_values_become_what_the_page_says() -> None:
    from dashstream.sdk.normalise import Normaliser
    from dashstream.sdk.redaction import Redactor

    loop: list[Any] = []
    loop.append(loop)
    made = Normaliser(Redactor(SdkSettings())).json(
        {
            "nan": float("nan"),
            "large": 2**70,
            "bytes": b"ab",
            "set": {2, 1},
            "kind": Shape.MAPPING,
            "path": Path("a/b"),
            "error": ValueError("no"),
            "loop": loop,
            "text": "\ud800",
            "password": "hunter2",
        }
    )
    assert made["nan"] == "NaN"
    assert made["large"] == str(2**70)
    assert made["bytes"] == {"$type": "bytes", "length": 2, "base64": "YWI="}
    assert made["set"] == [1, 2]
    assert made["kind"] == Shape.MAPPING.value
    assert made["path"] == "a/b"
    assert made["error"] == {"$type": "builtins.ValueError", "message": "no"}
    assert made["loop"] == [{"$type": "cycle"}]
    assert made["text"] == "?"
    assert made["password"] == "[redacted]"
    assert json.dumps(made)
