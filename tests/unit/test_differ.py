"""Patches are small where programs make small changes."""

from __future__ import annotations

from typing import Any

import pytest

from dashstream.protocol.json_value import JSON, json_equal, size_of
from dashstream.protocol.patch import Op, OpKind, apply, diff, ops_to_proto


def wire_bytes(ops: list[Op]) -> int:
    return sum(op.ByteSize() for op in ops_to_proto(ops))


def patched(before: JSON, after: JSON) -> list[Op]:
    ops = diff(before, after)
    assert json_equal(apply(before, ops), after)
    return ops


def messages(count: int, size: int = 500) -> list[JSON]:
    return [{"role": "user", "content": f"{n} " + "x" * size, "n": n} for n in range(count)]


def test_appending_to_five_megabytes_costs_less_than_two_kilobytes() -> None:
    before: dict[str, Any] = {"messages": messages(9_500)}
    assert size_of(before) > 5_000_000
    after = {"messages": [*before["messages"], {"role": "assistant", "content": "y" * 1_000, "n": -1}]}
    assert wire_bytes(patched(before, after)) < 2_000


def test_a_window_that_moves_costs_what_left_and_what_came() -> None:
    log = messages(60)
    assert [op.kind for op in patched(log[:50], log[3:53])] == [OpKind.REMOVE] * 3 + [OpKind.ADD] * 3
    assert [op.kind for op in patched(log[3:53], log[:50])] == [OpKind.ADD] * 3 + [OpKind.REMOVE] * 3


def test_one_element_in_the_middle() -> None:
    log = messages(50)
    assert len(patched(log, [*log[:20], *log[21:]])) == 1
    assert len(patched(log, [*log[:20], {"new": True}, *log[20:]])) == 1
    assert len(patched(log, [*log[:20], {**log[20], "n": -1}, *log[21:]])) == 1  # type: ignore[dict-item]  # an object


@pytest.mark.parametrize("text", ["word " * 2_000, "wörd🌊 " * 2_000])
def test_editing_a_long_text_costs_the_edit(text: str) -> None:
    for after in (text + "and more", "so " + text, text[:5_000] + "inserted" + text[5_000:], text[:100] + text[150:]):
        (op,) = patched({"t": text}, {"t": after})
        assert op.kind is OpKind.TEXT_SPLICE
        assert wire_bytes([op]) < 100


def test_equal_values_of_other_types_need_no_patch() -> None:
    assert diff({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}) == []
    assert len(diff({"a": 1}, {"a": True})) == 1
    assert len(diff([0], [False])) == 1


def test_a_state_that_is_all_new_is_replaced_and_not_edited_to_death() -> None:
    before = {f"k{n}": n for n in range(100)}
    after = {f"j{n}": n for n in range(100)}
    assert [op.kind for op in patched(before, after)] == [OpKind.REPLACE]


def test_shared_parts_are_not_looked_at() -> None:
    class Untouchable(dict[str, JSON]):
        def items(self) -> Any:
            raise AssertionError("looked into a shared part")

    shared = Untouchable(a=1)
    assert len(diff({"s": shared, "l": [shared, 1]}, {"s": shared, "l": [shared, 2]})) == 1
