"""The walk of a partition's duties by its first law, whatever comes in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashstream.engine.duty_walk import DutyWalk

OFFSETS = st.integers(0, 20)


@given(st.lists(st.tuples(st.sampled_from(["expect", "settle", "advance"]), OFFSETS), max_size=40))
def test_what_is_settled_only_rises_and_never_passes_a_letter_that_is_on_its_way(moves: list[tuple[str, int]]) -> None:
    walk = DutyWalk(0, "epoch", position=0, head=10)
    pending: set[int] = set()
    for move, offset in moves:
        before = walk.settled
        if move == "expect":
            if offset < walk.position or (pending and offset <= max(pending)):
                continue  # letters are about the record that the walk is at, and its position rises
            walk.expect(offset)
            walk.advance(offset + 1)
            pending.add(offset)
        elif move == "settle":
            walk.settle(offset)
            pending.discard(offset)
        else:
            walk.advance(offset)
        assert walk.settled == min(pending, default=walk.position)
        assert walk.settled >= before
        assert walk.is_catching_up == (walk.position < 10)
