"""The golden cases, as the Python side sees them; the page's suite runs the same files."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dashstream.errors import RecordError, StateError
from dashstream.protocol.framing import unframe
from dashstream.protocol.json_value import dumps, json_equal, loads
from dashstream.protocol.patch import Op, apply
from dashstream.protocol.state_hash import HashedState, state_hash

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
TOPICS = {"batch", "control", "framing", "patch", "run", "state_hash"}


def cases(topic: str) -> Any:
    return json.loads((VECTORS / topic / "cases.json").read_text(encoding="utf-8"))


def by_name(items: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(item, id=item["name"]) for item in items]


def test_every_topic_is_known_to_a_suite() -> None:
    assert {path.name for path in VECTORS.iterdir()} == TOPICS


@pytest.mark.parametrize("case", by_name(cases("state_hash")["values"]))
def test_hash(case: dict[str, str]) -> None:
    value = loads(case["json"].encode())
    assert state_hash(value).hex() == case["hash"]
    assert state_hash(loads(dumps(value))).hex() == case["hash"]


@pytest.mark.parametrize("case", by_name(cases("state_hash")["refused"]))
def test_hash_refuses(case: dict[str, str]) -> None:
    with pytest.raises(StateError):
        state_hash(loads(case["json"].encode()))


def test_hash_of_ten_megabytes() -> None:
    value: Any = [{"id": n, "text": "x" * 1000, "even": n % 2 == 0} for n in range(10_000)]
    assert state_hash(value).hex() == cases("state_hash")["generated"]["hash"]


@pytest.mark.parametrize("case", by_name(cases("patch")))
def test_patch(case: dict[str, Any]) -> None:
    before = loads(case["before"].encode())
    operations = json.loads(case["operations"])
    if case["after"] is None:
        hashed = HashedState(before)
        with pytest.raises(StateError):
            hashed.apply([Op.from_json(operation) for operation in operations])
        assert hashed.hash == state_hash(before), "a failing patch changes nothing"
    else:
        ops = [Op.from_json(operation) for operation in operations]
        assert json_equal(apply(before, ops), loads(case["after"].encode()))
        hashed = HashedState(before)
        hashed.apply(ops)
        assert hashed.hash.hex() == case["hash"]
        assert [op.to_json() for op in ops] == operations
    assert json_equal(before, loads(case["before"].encode()))


@pytest.mark.parametrize("case", by_name(cases("framing")))
def test_framing(case: dict[str, Any]) -> None:
    value = base64.b64decode(case["value"])
    if case["error"] is None:
        assert unframe(value, max_record_bytes=case["limit"]) == base64.b64decode(case["payload"])
        return
    with pytest.raises(RecordError) as caught:
        unframe(value, max_record_bytes=case["limit"])
    assert caught.value.code == case["error"]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), 2**64, -(2**63) - 1, "\ud800", {"\udfff": 1}, {"a": object()}],
)
def test_values_outside_the_model_are_refused(value: Any) -> None:
    with pytest.raises(StateError):
        state_hash(value)
    with pytest.raises(StateError):
        HashedState({"kept": 1}).apply([Op.from_json({"op": "add", "path": "/new", "value": value})])
