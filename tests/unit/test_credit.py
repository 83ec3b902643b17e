"""Credit: what a client owes, to the byte and to the page."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashstream.engine.credit import MAX_UNACKNOWLEDGED_PAGES, Credit, Sent


def test_the_window_is_used_up_to_the_byte() -> None:
    credit = Credit(100)
    credit.spend(Sent({0: 1}, 99))
    assert credit.is_open
    credit.spend(Sent({0: 2}, 1))
    assert not credit.is_open
    credit.acknowledge({0: 1})
    assert (credit.is_open, credit.unacknowledged_bytes) == (True, 1)


def test_pages_are_bounded_however_small() -> None:
    credit = Credit(1 << 40)
    for number in range(MAX_UNACKNOWLEDGED_PAGES):
        assert credit.is_open
        credit.spend(Sent({0: number + 1}, 1))
    assert not credit.is_open
    credit.acknowledge({0: 1})
    assert credit.is_open


def test_a_page_is_given_back_when_all_of_it_is_applied() -> None:
    credit = Credit(100)
    credit.spend(Sent({0: 5, 1: 3}, 10))
    for positions in ({0: 5}, {0: 4, 1: 2}, {2: 9}):
        credit.acknowledge(positions)
        assert credit.unacknowledged_bytes == 10
    credit.acknowledge({1: 3})
    assert credit.unacknowledged_bytes == 0, "what was acknowledged before stays so, whatever is said after it"


@given(
    st.lists(
        st.one_of(
            st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=6),
            st.tuples(st.integers(0, 30), st.integers(0, 30)),
        ),
        max_size=20,
    )
)
def test_a_stretch_counts_as_its_pages_do(steps: list[Any]) -> None:
    """Each list is a stretch of pages (partition, how far that goes on, bytes), each tuple an acknowledgement."""
    paged, stretched, heads = Credit(150), Credit(150), {0: 0, 1: 0}
    for step in steps:
        if isinstance(step, list):
            pages, delivered = [], {}
            for partition, further, size in step:
                heads[partition] += further
                delivered[partition] = heads[partition]
                pages.append(Sent({partition: heads[partition]}, size))
                paged.spend(pages[-1])
            stretched.spend(Sent(delivered, sum(page.size for page in pages), pages))
        else:
            for credit in (paged, stretched):
                credit.acknowledge({0: step[0], 1: step[1]})
        for name in ("is_open", "unacknowledged_bytes", "unacknowledged_pages", "acknowledged_pages", "sent_pages"):
            assert getattr(paged, name) == getattr(stretched, name)
