"""Sequences as read from the log: gaps, repeats, late ones and restarts are four different things."""

from __future__ import annotations

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


def test_bookkeeping_is_bounded_and_what_was_forgotten_begins_anew() -> None:
    values = [good(f"t{number}", 1) for number in range(1000)]
    audit = audit_of(*values, good("t0", 9), counters=10)
    assert found(audit) == {"in_order": 1001}
    assert len(audit._epochs) == len(audit._tracker._seen) == 10


def test_unsequenced_messages_are_counted_apart() -> None:
    assert found(audit_of(good("t", 0), good("t", 0))) == {"unsequenced": 2}
