"""The kept hash: persistent values, bounded bookkeeping, nothing changed by a failure."""

from __future__ import annotations

import pytest

from dashstream.errors import PatchError
from dashstream.protocol.patch import Op, OpKind, diff
from dashstream.protocol.state_hash import HashedState, state_hash


def test_an_old_root_stays_what_it_was() -> None:
    hashed = HashedState({"a": {"b": [1, 2]}, "c": {}})
    root = hashed.value
    hashed.apply([Op(OpKind.ADD, ("a", "b", "-"), 3)])
    assert root == {"a": {"b": [1, 2]}, "c": {}}
    assert hashed.value == {"a": {"b": [1, 2, 3]}, "c": {}}
    assert isinstance(root, dict)
    assert isinstance(hashed.value, dict)
    assert hashed.value["c"] is root["c"], "what did not change is shared"


def test_the_same_object_at_two_places_is_two_values() -> None:
    shared: dict[str, int] = {"x": 1}
    hashed = HashedState({"a": shared, "b": shared, "l": [shared, shared]})
    hashed.apply([Op(OpKind.REPLACE, ("a", "x"), 2), Op(OpKind.REMOVE, ("l", "0"))])
    expected = {"a": {"x": 2}, "b": {"x": 1}, "l": [{"x": 1}]}
    assert hashed.value == expected
    assert hashed.hash == state_hash(expected)
    hashed.apply([Op(OpKind.REMOVE, ("b",)), Op(OpKind.REPLACE, ("l", "0", "x"), 3)])
    assert hashed.hash == state_hash({"a": {"x": 2}, "l": [{"x": 3}]})


def test_a_failing_patch_changes_nothing() -> None:
    hashed = HashedState({"a": [1]})
    before = hashed.value, hashed.hash
    with pytest.raises(PatchError):
        hashed.apply([Op(OpKind.ADD, ("a", "-"), 2), Op(OpKind.REMOVE, ("missing",))])
    assert (hashed.value, hashed.hash) == before
    hashed.apply([Op(OpKind.ADD, ("a", "-"), 2)])
    assert hashed.hash == state_hash({"a": [1, 2]})


def test_bookkeeping_does_not_grow_with_the_number_of_patches() -> None:
    state = {"rows": [{"id": n, "cells": [n]} for n in range(50)], "turn": 0}
    hashed = HashedState(state)
    kept = len(hashed._accumulators)
    for turn in range(300):
        rows = [*state["rows"][1:], {"id": turn, "cells": [turn]}]  # type: ignore[index]  # a list
        after = {"rows": rows, "turn": turn}
        hashed.apply(diff(state, after))  # type: ignore[arg-type]  # JSON
        state = after
    assert hashed.hash == state_hash(state)  # type: ignore[arg-type]  # JSON
    assert len(hashed._accumulators) <= kept + 2
