"""The examples of docs/specs/state.md are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dashstream.protocol.json_value import json_equal, loads
from dashstream.protocol.patch import Op, apply
from dashstream.protocol.state_hash import state_hash

SPEC = (Path(__file__).resolve().parents[2] / "docs" / "specs" / "state.md").read_text(encoding="utf-8")


def examples(label: str) -> list[Any]:
    found = [loads(text.encode()) for text in re.findall(rf"```json {label}\n(.*?)```", SPEC, re.DOTALL)]
    assert found, f"the specification has no example labelled {label}"
    return found


@pytest.mark.parametrize("example", examples("patch"))
def test_patch_example(example: Any) -> None:
    ops = [Op.from_json(operation) for operation in example["operations"]]
    assert json_equal(apply(example["before"], ops), example["after"])


@pytest.mark.parametrize("example", [example for block in examples("hash") for example in block])
def test_hash_example(example: Any) -> None:
    value = state_hash(example["value"])
    if "hash" in example:
        assert value.hex() == example["hash"]
    elif "same_as" in example:
        assert value == state_hash(example["same_as"])
    else:
        assert value != state_hash(example["differs_from"])
