"""Sequences as read from the log: gaps, repeats, late ones and restarts are four different things."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.reading import reading_of
from dashstream.engine.sequence_audit import SequenceAudit
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import decode, encode
from duty_rig import good


def audit_of(*values: bytes, counters: int = 100) -> SequenceAudit:
    audit = SequenceAudit(counters, PrometheusMetrics())
    for value in values:
        audit.observe(reading_of(decode(value)))
    return audit


def found(audit: SequenceAudit) -> dict[str, int]:
    return {name: count for name, count in audit.totals.items() if count}


def test_the_first_sequence_seen_is_where_it_begins() -> None:
    audit = audit_of(good("t", 500), good("t", 501), good("u", 7))
    assert found(audit) == {"in_order": 3}


def test_a_gap_counts_once_with_what_is_missing() -> None:
    audit = audit_of(good("t", 1), good("t", 5), good("t", 6))
    assert (found(audit), audit.missing) == ({"in_order": 2, "gap": 1}, 3)


def test_ten_repeats_and_one_late_record() -> None:
    block = [good("t", number) for number in range(1, 11)]
    late = [good("u", 1), good("u", 3), good("u", 2)]
    assert found(audit_of(*block, *block, *late)) == {"in_order": 11, "duplicate": 10, "gap": 1, "reordered": 1}


def test_a_restart_begins_at_one_and_is_told() -> None:
    audit = audit_of(good("t", 1, epoch=1), good("t", 2, epoch=1), good("t", 1, epoch=2), good("t", 3, epoch=1))
    assert found(audit) == {"in_order": 4, "restart": 1}
    audit = audit_of(good("t", 1, epoch=1), good("t", 4, epoch=2))
    assert (found(audit), audit.missing) == ({"in_order": 1, "restart": 1, "gap": 1}, 3)


def test_a_batch_counts_for_each_thread_inside_and_makes_no_gap() -> None:
    def batch(*inside: tuple[str, int]) -> bytes:
        events = [
            pb.Event(header=pb.Header(thread_id=thread, sequence=number, producer_id="p", producer_epoch=1))
            for thread, number in inside
        ]
        return encode(pb.DashStreamMessage(event_batch=pb.EventBatch(header=pb.Header(), events=events)))

    audit = audit_of(
        good("a", 4), good("b", 4), batch(("a", 5), ("b", 5), ("c", 5)), batch(("a", 6), ("c", 6)), good("a", 7)
    )
    assert found(audit) == {"in_order": 8}
    assert audit.mixed_batches == 2
    assert audit_of(batch(("a", 1)), batch(("a", 3))).missing == 1


def batch(*inside: tuple[str, int, int]) -> bytes:
    headers = [
        pb.Header(thread_id=t, sequence=number, producer_id="p", producer_epoch=epoch) for t, epoch, number in inside
    ]
    events = [pb.Event(header=header) for header in headers]
    outer = pb.Header(thread_id="a", sequence=2, producer_id="p", producer_epoch=1)
    return encode(pb.DashStreamMessage(event_batch=pb.EventBatch(header=outer, events=events)))


messages = st.tuples(st.sampled_from("abc"), st.integers(1, 2), st.integers(0, 5))
any_record = st.one_of(
    messages.map(lambda each: good(each[0], each[2], epoch=each[1])),
    st.lists(messages, max_size=3).map(lambda inside: batch(*inside)),
)
pages = st.lists(st.lists(any_record, max_size=12), max_size=4)


@example([[good("a", 1), good("b", 1), good("c", 1), good("a", 2), good("b", 5)]], 2)
@given(pages, st.sampled_from((2, 100)))
def test_pages_are_judged_as_record_by_record(given_pages: list[list[bytes]], counters: int) -> None:
    """Whether nothing is forgotten, or all but two: with more of them, which was idle longest is told by pages."""
    by_page = SequenceAudit(counters, PrometheusMetrics())
    for page in given_pages:
        by_page.observe_page([reading_of(decode(value)) for value in page])
    one_by_one = audit_of(*[value for page in given_pages for value in page], counters=counters)
    assert by_page.totals == one_by_one.totals
    assert (by_page.missing, by_page.mixed_batches) == (one_by_one.missing, one_by_one.mixed_batches)


def test_bookkeeping_is_bounded_and_what_was_forgotten_begins_anew() -> None:
    values = [good(f"t{number}", 1) for number in range(1000)]
    audit = audit_of(*values, good("t0", 9), counters=10)
    assert found(audit) == {"in_order": 1001}
    assert len(audit._epochs) == len(audit._tracker._seen) == 10


def test_unsequenced_messages_are_counted_apart() -> None:
    assert found(audit_of(good("t", 0), good("t", 0))) == {"unsequenced": 2}
