"""Session heads: where each comes from, and which source wins."""

from __future__ import annotations

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.head_finder import LogHeads
from dashstream.engine.heads import Heads
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import NewRecord
from duty_rig import FakeClock, good


def test_a_head_stays_where_the_session_began() -> None:
    heads = Heads(2)
    heads.found_at_start({0: 5})
    heads.found_late({0: 9, 1: 7}, {0: 1, 1: 7})
    assert (heads.get(0), heads.get(1)) == (5, 7)
    assert heads.unresolved(2) == []


@pytest.mark.parametrize(("since", "head"), [({}, None), ({0: 7}, 7), ({0: 4}, 4), ({0: 99}, 7)])
def test_time_can_make_a_record_new_and_never_old(since: dict[int, int], head: int | None) -> None:
    heads = Heads(1)
    heads.found_late({0: 7}, since)
    assert heads.get(0) == head


def test_the_group_s_head_wins() -> None:
    heads = Heads(1)
    heads.found_at_start({0: 5})
    heads.adopt(0, 2)
    heads.found_late({0: 9}, {0: 9})
    assert heads.get(0) == 2


def test_what_grew_during_the_session_is_new_whenever_it_is_asked_for() -> None:
    heads = Heads(1)
    heads.note_growth(3)
    heads.found_late({1: 50, 2: 50}, {1: 50, 2: 50})
    assert [heads.get(partition) for partition in range(3)] == [None, 0, 0]
    assert heads.unresolved(3) == [0]


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(("seconds", "offset"), [(0, 0), (3, 2), (3.5, 4), (5, 5), (99, 6)])
async def test_a_log_without_an_index_by_time_is_searched(dense: bool, seconds: float, offset: int) -> None:
    clock = FakeClock()
    log = MemoryLog(LogLimits(partitions=1), dense=dense)
    for moment in (1, 2, 3, 3, 4, 5):
        await log.append([NewRecord(b"k", good(), clock.now_us() + moment * 1_000_000)])
    found = await LogHeads(log).offsets_at({0: 6}, clock.now_us() + int(seconds * 1e6))
    assert found == {0: offset}
