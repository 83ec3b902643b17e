"""Views by routes: what a filter lets through, found without asking every filter about every record."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dashstream.engine.classify import Unreadable
from dashstream.engine.limits import RingLimits
from dashstream.engine.ports import LogRecord
from dashstream.engine.reading import RecordHead
from dashstream.engine.ring import Hole, Ring
from dashstream.engine.selection import Selection
from dashstream.engine.view import View
from dashstream.engine.views import Views
from dashstream.protocol.batch import decode_frame, encode_frame_lead
from dashstream.protocol.codes import GapReason

NAMES = st.sampled_from(["a", "b", "c"])
SETS = st.none() | st.frozensets(NAMES, min_size=1)
SELECTIONS = st.builds(Selection, tenants=SETS, threads=SETS, runs=SETS, graphs=SETS, kinds=SETS)
ONES = st.builds(RecordHead, NAMES, NAMES, NAMES, NAMES, NAMES)
BATCHES = st.builds(RecordHead, NAMES, NAMES, NAMES, NAMES, NAMES, st.lists(ONES, max_size=3).map(tuple))
UNREADABLE = st.builds(Unreadable, st.just("decode"), NAMES)
NEWER = st.builds(Unreadable, st.just("schema_mismatch"), NAMES, ONES | BATCHES)
HEADS = st.lists(ONES | BATCHES | UNREADABLE | NEWER, max_size=30)


def ring_of(*, max_records: int = 1_000) -> Ring:
    ring = Ring(RingLimits(max_records=max_records))
    ring.start({0: 0}, {})
    return ring


def append(ring: Ring, head: RecordHead | Unreadable, value: bytes = b"v") -> None:
    ring.extend([(LogRecord(0, ring.positions[0], 0, b"k", value), head)])


def offsets(views: Views, view: View, arrival: int) -> list[int]:
    page = views.page(view, arrival, 1 << 20)
    return [entry.offset for entry in decode_frame(encode_frame_lead(1, 1) + page.body).entries] if page.count else []


@settings(max_examples=300)
@given(st.lists(SELECTIONS, min_size=1, max_size=6), HEADS, HEADS)
def test_each_view_has_what_its_selection_lets_through_and_nothing_else(
    selections: list[Selection], first: list[RecordHead | Unreadable], second: list[RecordHead | Unreadable]
) -> None:
    ring = ring_of()
    views = Views(ring)
    entered = [views.enter(selection) for selection in selections]
    for heads in (first, second):
        begin = ring.end
        for head in heads:
            append(ring, head)
        views.extend()
        for view in entered:
            expected = [begin + place for place, head in enumerate(heads) if view.selection.passes(head)]
            assert offsets(views, view, begin) == expected
            page = views.page(view, begin, 1 << 20)
            if heads:
                assert (page.arrival, page.advance) == (ring.end, {0: ring.end})


def head(run: str) -> RecordHead:
    return RecordHead("t", "thread", run, "g", "event")


def test_views_that_see_nothing_share_one_page() -> None:
    ring = ring_of()
    views = Views(ring)
    mine, other = (views.enter(Selection(runs=frozenset({run}))) for run in ("mine", "other"))
    append(ring, head("nobody"))
    views.extend()
    assert views.page(mine, 0, 100) is views.page(other, 0, 1_000)


def test_a_hole_is_told_to_all() -> None:
    ring = ring_of()
    views = Views(ring)
    entered = [views.enter(Selection(runs=frozenset({"mine"}))), views.enter(Selection())]
    hole = Hole(0, 0, 5, GapReason.LOST, 5)
    ring.append_hole(hole)
    views.extend()
    assert [views.page(view, 0, 100).hole for view in entered] == [hole, hole]


def test_what_left_the_ring_is_let_go_of_at_once() -> None:
    ring = ring_of(max_records=10)
    views = Views(ring)
    view = views.enter(Selection(runs=frozenset({"mine"})))
    for number in range(50):
        append(ring, head("mine" if number % 2 else "other"))
        views.extend()
        assert all(arrival >= ring.begin for arrival, _, _ in view._picked)
    for _ in range(10):
        append(ring, head("other"))
    views.extend()
    assert view._picked == []


def test_nothing_is_left_of_filters_that_nobody_has() -> None:
    ring = ring_of()
    views = Views(ring)
    for number in range(1_000):
        view = views.enter(Selection(runs=frozenset({f"run-{number}", "all"})))
        append(ring, head("all"))
        views.extend()
        views.leave(view)
    assert len(views) == 0
    assert views._routes == {}
    kept = views.enter(Selection(runs=frozenset({"all"})))
    assert views.enter(Selection(runs=frozenset({"all"}))) is kept
    views.leave(kept)
    assert len(views) == 1


def test_a_hole_at_the_end_brings_a_subscriber_over_what_did_not_pass_before_it() -> None:
    ring = Ring(RingLimits())
    ring.start({0: 0, 1: 0}, {})
    views = Views(ring)
    view = views.enter(Selection(runs=frozenset({"mine"})))
    append(ring, head("other"))
    ring.append_hole(Hole(1, 0, 5, GapReason.LOST, 5))
    views.extend()
    page = views.page(view, 0, 100)
    assert (page.arrival, page.advance) == (2, {0: 1, 1: 5})
