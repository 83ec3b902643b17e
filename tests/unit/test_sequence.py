"""Sequences per (thread, producer, epoch)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.protocol.sequence import Counter, Order, SequenceTracker, Verdict

ONE = Counter("t", "p", 1)


def orders(tracker: SequenceTracker, *sequences: int) -> list[Order]:
    return [tracker.observe(ONE, sequence).order for sequence in sequences]


def test_in_order_gap_reordered_duplicate() -> None:
    tracker = SequenceTracker()
    assert orders(tracker, 1, 2, 5, 3, 3, 2) == [
        Order.IN_ORDER, Order.IN_ORDER, Order.GAP, Order.REORDERED, Order.DUPLICATE, Order.DUPLICATE,
    ]  # fmt: skip


def test_a_gap_says_how_many_are_missing_also_before_the_first() -> None:
    tracker = SequenceTracker()
    assert tracker.observe(ONE, 4) == Verdict(Order.GAP, 3)
    assert tracker.observe(ONE, 10) == Verdict(Order.GAP, 5)


def test_a_restarted_producer_is_a_new_counter() -> None:
    tracker = SequenceTracker()
    orders(tracker, 1, 2, 3)
    assert tracker.observe(ONE._replace(producer_epoch=2), 1) == Verdict(Order.IN_ORDER)


def test_unsequenced_records_are_not_judged() -> None:
    assert orders(SequenceTracker(), 0, 0) == [Order.UNSEQUENCED] * 2


def test_counters_are_bounded_and_the_oldest_is_forgotten() -> None:
    tracker = SequenceTracker(max_counters=2)
    for name in "abc":
        tracker.observe(ONE._replace(thread_id=name), 1)
    assert tracker.observe(ONE._replace(thread_id="c"), 1).order is Order.DUPLICATE
    assert tracker.observe(ONE._replace(thread_id="a"), 1).order is Order.IN_ORDER


@pytest.mark.parametrize("judge", ["observe", "follows"])
def test_who_was_heard_of_last_is_remembered_longest(judge: str) -> None:
    tracker = SequenceTracker(max_counters=2)
    first, second, third = (ONE._replace(thread_id=name) for name in "abc")
    tracker.observe(first, 1)
    tracker.observe(second, 1)
    getattr(tracker, judge)(first, 2)
    tracker.observe(third, 1)
    assert [tracker.knows(counter) for counter in (first, second, third)] == [True, False, True]


@given(st.lists(st.integers(1, 30), max_size=60))
def test_each_sequence_is_new_once_and_a_duplicate_ever_after(sequences: list[int]) -> None:
    tracker, seen, start = SequenceTracker(), set[int](), sequences[0] if sequences else 0
    for sequence in sequences:
        verdict = tracker.observe(ONE, sequence)
        is_new = sequence not in seen and sequence >= start
        assert (verdict.order is not Order.DUPLICATE) is is_new
        seen.add(sequence)
