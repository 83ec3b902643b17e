"""Whose commits are written while partitions change hands."""

from __future__ import annotations

from duty_rig import Rig, good


async def test_nothing_is_committed_for_a_partition_that_was_just_lost() -> None:
    rig = Rig(partitions=2)
    await rig.settle()
    before = dict(rig.commits.kept)
    await rig.append(good())
    assert await rig.duties.turn() == 1
    rig.ownership.owned = frozenset({1})
    await rig.duties.commit()
    assert rig.commits.kept == before
    rig.ownership.owned = frozenset({0, 1})
    await rig.duties.commit()
    assert rig.commits.kept[0].position == 1
