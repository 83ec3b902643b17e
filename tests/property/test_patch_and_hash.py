"""Patches and hashes on random states: apply(diff(a, b), a) is b, and the incremental hash is the full hash."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashstream.protocol.json_value import dumps, json_equal, loads
from dashstream.protocol.patch import apply, diff, ops_from_proto, ops_to_proto
from dashstream.protocol.state_hash import HashedState, state_hash

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.text("abcé🌊", min_size=60, max_size=140)
)
STATES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT | st.sampled_from("abc~/"), inner, max_size=5),
    max_leaves=25,
)


def edited(draw: st.DrawFn, value: Any) -> Any:  # noqa: PLR0911  # one return per way to edit
    """Draw a near copy of a value, sharing what it does not change, as programs do."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: edited(draw, value[key])}
    if isinstance(value, list) and value:
        at = draw(st.integers(0, len(value) - 1))
        match draw(st.sampled_from(["append", "shift", "edit", "drop", "insert", "window"])):
            case "append":
                return [*value, draw(SCALARS)]
            case "shift":
                return value[at:]
            case "edit":
                return [*value[:at], edited(draw, value[at]), *value[at + 1 :]]
            case "drop":
                return [*value[:at], *value[at + 1 :]]
            case "insert":
                return [*value[:at], draw(STATES), *value[at:]]
            case _:
                return [*value[at:], draw(SCALARS), draw(SCALARS)]
    if isinstance(value, str) and len(value) > 2:
        at = draw(st.integers(0, len(value)))
        return value[:at] + draw(TEXT) + value[at:]
    return draw(STATES)


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    states = [draw(STATES)]
    for _ in range(draw(st.integers(1, 4))):
        states.append(edited(draw, states[-1]) if draw(st.booleans()) else draw(STATES))
    return states


@given(histories())
def test_a_patch_makes_the_second_state_of_the_first_and_changes_neither(states: list[Any]) -> None:
    for before, after in itertools.pairwise(states):
        kept = copy.deepcopy(before), copy.deepcopy(after)
        ops = ops_from_proto(ops_to_proto(diff(before, after)))
        assert json_equal(apply(before, ops), after)
        assert (before, after) == kept


@given(histories())
def test_the_hash_kept_through_patches_is_the_hash_of_the_state(states: list[Any]) -> None:
    hashed = HashedState(states[0])
    for after in states[1:]:
        root = hashed.value
        frozen = dumps(root)
        hashed.apply(diff(root, after))
        assert json_equal(hashed.value, after)
        assert hashed.hash == state_hash(after)
        assert dumps(root) == frozen, "a root taken before stays what it was"


@given(STATES, STATES)
def test_states_are_equal_exactly_when_their_hashes_are(left: Any, right: Any) -> None:
    assert (state_hash(left) == state_hash(right)) is json_equal(left, right)


@given(STATES)
def test_a_state_survives_json_with_its_hash(state: Any) -> None:
    assert state_hash(loads(dumps(state))) == state_hash(state)


@given(STATES)
def test_the_patch_between_equal_states_is_empty(state: Any) -> None:
    assert diff(state, copy.deepcopy(state)) == []
