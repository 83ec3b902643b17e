"""The framing examples of docs/specs/telemetry.md are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dashstream.protocol.proto_codec import decode, encode

SPEC = (Path(__file__).resolve().parents[2] / "docs" / "specs" / "telemetry.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json framing\n(.*?)```", SPEC, re.DOTALL)]


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_framing_example(example: dict[str, Any]) -> None:
    value = bytes.fromhex(example["value_hex"])
    decoded = decode(value)
    assert decoded.kind == example["kind"]
    assert (decoded.header.thread_id, decoded.header.sequence) == (example["thread_id"], example["sequence"])
    assert encode(decoded.message) == value
