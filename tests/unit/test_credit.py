"""Credit: what a client owes, to the byte and to the page."""

from __future__ import annotations

from dashstream.engine.credit import MAX_UNACKNOWLEDGED_PAGES, Credit


def test_the_window_is_used_up_to_the_byte() -> None:
    credit = Credit(100)
    credit.spend({0: 1}, 99)
    assert credit.is_open
    credit.spend({0: 2}, 1)
    assert not credit.is_open
    credit.acknowledge({0: 1})
    assert (credit.is_open, credit.unacknowledged_bytes) == (True, 1)


def test_pages_are_bounded_however_small() -> None:
    credit = Credit(1 << 40)
    for number in range(MAX_UNACKNOWLEDGED_PAGES):
        assert credit.is_open
        credit.spend({0: number + 1}, 1)
    assert not credit.is_open
    credit.acknowledge({0: 1})
    assert credit.is_open


def test_a_page_is_given_back_when_all_of_it_is_applied() -> None:
    credit = Credit(100)
    credit.spend({0: 5, 1: 3}, 10)
    for positions in ({0: 5}, {0: 4, 1: 2}, {2: 9}):
        credit.acknowledge(positions)
        assert credit.unacknowledged_bytes == 10
    credit.acknowledge({1: 3})
    assert credit.unacknowledged_bytes == 0, "what was acknowledged before stays so, whatever is said after it"
