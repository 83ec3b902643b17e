"""The JSON model that states, inputs and results live in (docs/specs/state.md).

Integers are exact in [-2**63, 2**64-1]; other numbers are finite IEEE-754 doubles; strings hold no lone surrogate;
nesting is at most :data:`MAX_DEPTH`. A value is treated as immutable once it is a state: edits share what they do
not change.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import orjson

from dashstream.errors import StateValueError

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

MAX_DEPTH = 200
"""Deepest nesting of containers: what every JSON reader in use accepts."""


def dumps(value: JSON) -> bytes:
    """Return compact UTF-8 JSON.

    Raises:
        StateValueError: the value is outside the model.
    """
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise StateValueError(str(error)) from error


def loads(data: bytes, *, max_depth: int = MAX_DEPTH) -> JSON:
    """Parse JSON text; integers of the model stay exact.

    Raises:
        StateValueError: not JSON, NaN or infinite, or nested deeper than ``max_depth``.
    """
    try:
        value: JSON = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StateValueError(f"not JSON: {error.msg}") from error
    # Counting brackets bounds the depth cheaply; only texts with that many are walked.
    if data.count(b"[") + data.count(b"{") > max_depth and _depth(value) > max_depth:
        raise StateValueError(f"nested deeper than {max_depth}")
    return value


def json_equal(left: JSON, right: JSON) -> bool:
    """Whether two values are the same JSON value: ``1`` equals ``1.0``, and neither equals ``true``."""
    if left is right:
        return True
    if isinstance(left, dict):
        if not isinstance(right, dict) or len(left) != len(right):
            return False
        return all(key in right and json_equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        if not isinstance(right, list) or len(left) != len(right):
            return False
        return all(map(json_equal, left, right))
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def size_of(value: JSON) -> int:
    """Return the length of the value's JSON text in bytes."""
    return len(dumps(value))


def _depth(value: JSON) -> int:
    deepest, level = 0, [value]
    while level:
        below: list[JSON] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if any(isinstance(item, dict | list) for item in level):
            deepest += 1
        level = below
    return deepest


def pretty(value: JSON) -> str:
    """Return indented JSON text for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)
