"""Who has more and does not move is mute; who moves, has nothing, or is not known is not."""

from __future__ import annotations

from dashstream.adapters.kafka.hearing import Hearing

PATIENCE_S = 5.0
ENDS = {0: 10, 1: 10}


def test_a_partition_that_stands_still_before_its_end_is_mute_when_the_patience_is_over() -> None:
    hearing = Hearing(PATIENCE_S)
    assert hearing.mute({0: 4, 1: 10}, ENDS, 0) == []
    assert hearing.mute({0: 4, 1: 10}, ENDS, PATIENCE_S - 1) == []
    assert hearing.mute({0: 4, 1: 10}, ENDS, PATIENCE_S) == [0]


def test_a_partition_that_moves_is_not_mute_however_far_behind_it_is() -> None:
    hearing = Hearing(PATIENCE_S)
    looks = [hearing.mute({0: position, 1: 10}, ENDS, PATIENCE_S * position) for position in range(10)]
    assert not any(looks)


def test_its_time_begins_with_the_first_look_that_finds_it_behind() -> None:
    hearing = Hearing(PATIENCE_S)
    assert hearing.mute({0: 10, 1: 10}, ENDS, 0) == []
    assert hearing.mute({0: 10, 1: 10}, {0: 11, 1: 10}, 100) == []
    assert hearing.mute({0: 10, 1: 10}, {}, 101) == []
    assert hearing.mute({0: 10, 1: 10}, {0: 11, 1: 10}, 102) == []
    assert hearing.mute({0: 10, 1: 10}, {0: 11, 1: 10}, 102 + PATIENCE_S) == [0]


def test_what_nobody_asked_for_is_not_held_against_it() -> None:
    hearing = Hearing(PATIENCE_S)
    assert hearing.mute({0: 4, 1: 4}, ENDS, 0) == []
    hearing.forget()
    assert hearing.mute({0: 4, 1: 4}, ENDS, PATIENCE_S) == []
    assert hearing.mute({0: 4, 1: 4}, ENDS, 2 * PATIENCE_S) == [0, 1]


def test_its_patience_doubles_until_everything_moves_so_that_who_is_slow_gets_on() -> None:
    hearing, now, times = Hearing(PATIENCE_S), 0.0, []
    for _ in range(3):
        hearing.forget()
        began = now
        while not hearing.mute({0: 4, 1: 10}, ENDS, now):
            now += 1
        times.append(now - began)
    assert times == [PATIENCE_S, 2 * PATIENCE_S, 4 * PATIENCE_S]
    assert hearing.mute({0: 5, 1: 10}, ENDS, now) == []
    assert hearing.mute({0: 5, 1: 10}, ENDS, now + PATIENCE_S) == [0], "it moved, so it has the first patience again"
