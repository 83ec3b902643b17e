"""Whatever a program holds becomes a valid record, and what must not leave the process does not."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import math
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashstream.engine.items import items_of
from dashstream.engine.run_state import StateFold
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind
from dashstream.sdk.captures import RUN_PLACE, Place, RunContext, TokenStream
from dashstream.sdk.emitter import RunEmitter
from dashstream.testing.memory_gateway import memory_publisher

SECRET = "sk-" + "a1B2" * 8
NODE = Place("node", "execution", 1)


class Scene:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.publisher, self.gateway = memory_publisher(folder, **settings)
        self.run = RunEmitter(self.publisher, RunContext(run_id="r", thread_id="t"))
        self._step = -1

    def state(self, value: Any) -> Any:
        """Emit a state and return it as a reader has it, verified."""
        self.run.state("", value, self._step, is_start=self._step < 0)
        self._step += 1
        fold = StateFold()
        for offset, record in enumerate(self.records):
            for item in items_of(record, 0, offset):
                fold.apply(item)
        assert fold.current is not None
        assert fold.current.verified
        return fold.current.value

    @property
    def records(self) -> list[Any]:
        assert self.publisher.flush(10)
        assert self.publisher.dropped == 0
        return self.gateway.records

    @property
    def bytes(self) -> bytes:
        """All that left the process, uncompressed."""
        return b"".join(record.message.SerializeToString() for record in self.records)


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Any]:
    made: list[Scene] = []

    def scene(**settings: Any) -> Scene:
        made.append(Scene(tmp_path, **settings))
        return made[-1]

    yield scene
    for one in made:
        one.publisher.close(1.0)


class Colour(enum.Enum):
    RED = "red"


class Name(str):
    __slots__ = ()


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Pair(NamedTuple):
    left: int
    right: list[int]


class Unreadable:
    @property
    def __dict__(self) -> Any:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Hostile(collections.UserDict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no")

    def __iter__(self) -> Any:
        raise RuntimeError("no")


ODD: list[tuple[Any, Any]] = [
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (2**64 - 1, 2**64 - 1),
    (2**64, str(2**64)),
    (-(2**63) - 1, str(-(2**63) - 1)),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    (-0.0, 0),
    ("\ud800", "?"),
    (Name("n"), "n"),
    (Colour.RED, "red"),
    (Point(1, 2.5), {"x": 1, "y": 2.5}),
    (Pair(1, [2]), {"left": 1, "right": [2]}),
    ((1, 2), [1, 2]),
    ({3, 1, 2}, [1, 2, 3]),
    (collections.deque([1, 2]), [1, 2]),
    (dt.date(2020, 1, 2), "2020-01-02"),
    (decimal.Decimal("1.10"), "1.10"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ({1: "a", None: "b", 2.5: "c", Colour.RED: "d"}, {"1": "a", "null": "b", "2.5": "c", "red": "d"}),
    ({1: "a", "1": "b"}, {"1": "a", "1'": "b"}),
    (b"ab", {"$type": "bytes", "length": 2, "base64": "YWI="}),
    (ValueError("why"), {"$type": "builtins.ValueError", "message": "why"}),
]


@pytest.mark.parametrize(("value", "expected"), ODD, ids=lambda value: type(value).__name__)
def test_an_odd_value_has_one_form_in_json(scenes: Any, value: Any, expected: Any) -> None:
    assert scenes().state({"value": value}) == {"value": expected}


@pytest.mark.parametrize(
    "value", [Unreadable(), Hostile(a=1), object(), lambda: 1, type, open], ids=lambda value: type(value).__name__
)
def test_what_cannot_be_read_says_its_type(scenes: Any, value: Any) -> None:
    assert "$type" in scenes().state({"value": value})["value"]


def test_a_cycle_ends(scenes: Any) -> None:
    cycle: dict[str, Any] = {"name": "c"}
    cycle["self"] = cycle
    items: list[Any] = [1]
    items.append(items)
    assert scenes().state({"cycle": cycle, "items": items}) == {
        "cycle": {"name": "c", "self": {"$type": "cycle"}},
        "items": [1, {"$type": "cycle"}],
    }


def test_depth_is_bounded(scenes: Any) -> None:
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]
    found = scenes(state_depth=10).state({"deep": deep})["deep"]
    levels = 0
    while isinstance(found, list):
        (found,) = found
        levels += 1
    assert found == {"$type": "truncated", "reason": "depth"}
    assert levels < 11


def test_size_is_bounded(scenes: Any) -> None:
    found = scenes(state_values=1_000).state({"rows": [[number] for number in range(10_000)]})
    assert {"$type": "truncated", "reason": "size"} in found["rows"]


def test_a_state_of_many_megabytes_travels_in_chunks(scenes: Any) -> None:
    scene = scenes()
    state = {"text": ["x" * 1_000 + str(number) for number in range(4_000)]}
    assert scene.state(state) == state
    checkpoints = [record for record in scene.records if record.kind is Kind.CHECKPOINT]
    assert len(checkpoints) > 5


def test_small_changes_of_a_large_state_are_small_records(scenes: Any) -> None:
    scene = scenes()
    state: dict[str, Any] = {"rows": [{"number": number} for number in range(1_000)], "tick": 0}
    scene.state(state)
    assert scene.state({**state, "tick": 1})["tick"] == 1
    diff = scene.records[-1]
    assert diff.kind is Kind.STATE_DIFF
    assert diff.message.ByteSize() < 400


def emit_everything(scene: Scene, value: Any, text: str) -> None:
    """Say ``value`` and ``text`` in every way that there is."""
    run = scene.run
    run.start({"graph.name": "g"}, value)
    scene.state(value)
    run.node_started(NODE, 0, (), value)
    run.progress(NODE, 0, {"note": text, "data": value})
    run.llm_started(NODE, 0, "q", model="m", provider="p", messages=[value])
    stream = TokenStream("q", "m")
    run.token(NODE, 0, stream, text)
    run.tokens_ended(NODE, 0, stream, "stop", (1, 1, 2))
    run.llm_ended(NODE, 0, "q", 1, usage=None, finish_reason="stop", output=value)
    run.tool_started(NODE, 0, "c", "tool", value)
    run.tool_ended(NODE, 0, "c", "tool", 1, result=value)
    run.tool_ended(NODE, 0, "d", "tool", 1, error=ValueError(text))
    run.llm_failed(NODE, 0, "q", 1, ValueError(text))
    run.node_failed(NODE, 0, 1, ValueError(text), will_retry=False)
    run.interrupted(NODE, 0, interrupt_id="i", value=value, when="inside")
    run.resumed(value)
    with pytest.raises(ValueError, match=r".*") as caught:
        _raise(text)
    run.failure(caught.value, NODE, 0)
    run.end(int(pb.RUN_STATUS_ERROR), caught.value)


def _raise(text: str) -> None:
    raise ValueError(text)


def test_known_secrets_leave_in_no_record(scenes: Any) -> None:
    scene = scenes()
    emit_everything(scene, {"note": [f"the key is {SECRET}."]}, f"use {SECRET} now")
    assert SECRET.encode() not in scene.bytes
    assert b"[redacted]" in scene.bytes


def test_own_patterns_are_redacted_everywhere(scenes: Any) -> None:
    scene = scenes(redact_patterns=(r"\d{4}-\d{4}",))
    emit_everything(scene, {"card": "1234-5678"}, "card 1234-5678")
    assert b"1234-5678" not in scene.bytes


def test_values_under_named_keys_are_redacted_everywhere(scenes: Any) -> None:
    scene = scenes()
    value = {"user": {"Password": "hunter2", "list": [{"API_KEY": {"deep": "hunter2"}}]}}
    emit_everything(scene, value, "nothing")
    assert b"hunter2" not in scene.bytes


def test_values_at_paths_are_redacted(scenes: Any) -> None:
    scene = scenes(redact_paths=("user.email", "rows.*.name", "**.ssn"))
    state = {
        "user": {"email": "e@x", "age": 3},
        "rows": [{"name": "n", "id": 1}],
        "far": {"away": [{"ssn": 5}]},
        "ssn": 6,
    }
    assert scene.state(state) == {
        "user": {"email": "[redacted]", "age": 3},
        "rows": [{"name": "[redacted]", "id": 1}],
        "far": {"away": [{"ssn": "[redacted]"}]},
        "ssn": "[redacted]",
    }


def test_a_secret_that_changes_is_no_change(scenes: Any) -> None:
    scene = scenes()
    scene.state({"password": "one"})
    scene.state({"password": "two"})
    assert not scene.records[-1].message.state_diff.operations


def test_an_exception_whose_text_is_broken(scenes: Any) -> None:
    class Broken(Exception):  # noqa: N818  # its name does not matter
        def __str__(self) -> str:
            raise RuntimeError("no")

    scene = scenes()
    scene.run.failure(Broken())
    scene.run.end(int(pb.RUN_STATUS_ERROR), Broken())
    error, end = scene.records
    assert error.message.error.exception_type.endswith("Broken")
    assert end.message.event.run_status == pb.RUN_STATUS_ERROR


def test_only_the_first_end_counts(scenes: Any) -> None:
    scene = scenes()
    scene.run.end(int(pb.RUN_STATUS_OK))
    scene.run.end(int(pb.RUN_STATUS_ERROR), ValueError())
    (end,) = scene.records
    assert end.message.event.run_status == pb.RUN_STATUS_OK


def test_text_that_utf_8_cannot_carry_loses_no_record(tmp_path: Path) -> None:
    odd = "\ud800 \udfff"
    publisher, gateway = memory_publisher(tmp_path, tenant=odd)
    run = RunEmitter(publisher, RunContext(run_id=odd, thread_id=odd, parent_run_id=odd))
    place = Place(odd, odd, 1, odd)
    run.start({"graph.name": odd, odd: odd}, odd)
    run.state(odd, {odd: odd}, 0, is_start=True)
    run.node_started(place, 0, (odd,), odd)
    run.edge(place, 0, odd, odd, 1)
    run.llm_started(place, 0, odd, model=odd, provider=odd, messages=[odd])
    stream = TokenStream(odd, odd)
    run.token(place, 0, stream, odd)
    run.tokens_ended(place, 0, stream, odd, (1, 1, 2))
    run.llm_ended(place, 0, odd, 1, usage=None, finish_reason=odd, output=odd)
    run.tool_started(place, 0, odd, odd, odd)
    run.tool_ended(place, 0, odd, odd, 1, error=ValueError(odd))
    run.interrupted(place, 0, interrupt_id=odd, value=odd, when=odd)
    run.failure(ValueError(odd), place, 0)
    run.end(int(pb.RUN_STATUS_ERROR), ValueError(odd))
    assert publisher.flush(10)
    publisher.close(1.0)
    assert publisher.dropped == 0
    sequences = [record.header.sequence for record in gateway.records]
    assert sequences == list(range(1, len(sequences) + 1))
    assert {record.header.thread_id for record in gateway.records} == {"? ?"}
    assert len(sequences) >= 12


def test_odd_numbers_in_attributes(scenes: Any) -> None:
    scene = scenes()
    scene.run.progress(RUN_PLACE, None, {"big": 2**70, "edge": 2**63, "low": -(2**63), "nan": math.nan, "none": None})
    (record,) = scene.records
    attributes = record.message.event.attributes
    assert attributes["big"].string_value == str(2**70)
    assert attributes["edge"].string_value == str(2**63)
    assert attributes["low"].int_value == -(2**63)
    assert math.isnan(attributes["nan"].double_value)
    assert "none" not in attributes


def test_what_triggered_a_node_is_told_and_an_attribute_of_that_name_is_the_programs_own(scenes: Any) -> None:
    scene = scenes()
    scene.run.node_started(NODE, 0, ("branch:to:node", "join"), {"n": 1})
    scene.run.progress(NODE, 0, {"triggers": SECRET, "note": 1})
    started, told = (record.message.event.attributes for record in scene.records)
    assert [value.string_value for value in started["triggers"].array_value.values] == ["branch:to:node", "join"]
    assert started["input"].string_value == '{"n":1}'
    assert told["triggers"].string_value == "[redacted]"
    assert told["note"].int_value == 1


def test_triggers_that_are_equal_but_read_otherwise_stay_apart(scenes: Any) -> None:
    scene = scenes()
    triggers: list[Any] = [1, True, 1.0, [1], Name("join")]  # a framework promises texts; whatever it gives is told
    for trigger in triggers:
        scene.run.node_started(NODE, 0, [trigger])
    told = [record.message.event.attributes["triggers"].array_value.values for record in scene.records]
    assert [[value.string_value for value in values] for values in told] == [[str(trigger)] for trigger in triggers]
