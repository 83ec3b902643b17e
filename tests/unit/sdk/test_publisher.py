"""The queue is bounded, every loss is counted and said, and nothing ever gets out into the program."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dashstream.engine.items import items_of
from dashstream.engine.run_state import StateFold
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind
from dashstream.sdk.captures import RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Verdict
from dashstream.testing.memory_gateway import MemoryGateway, memory_publisher

FULL = int(pb.LOSS_REASON_QUEUE_FULL)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Makes publishers that are closed at the end."""
    made: list[Publisher] = []

    def publisher(**settings: Any) -> tuple[Publisher, MemoryGateway]:
        pair = memory_publisher(tmp_path, **settings)
        made.append(pair[0])
        return pair

    yield publisher
    for one in made:
        one.close(1.0)


def emitter(publisher: Publisher, thread: str = "t") -> RunEmitter:
    return RunEmitter(publisher, RunContext(run_id=f"run of {thread}", thread_id=thread))


def losses(gateway: MemoryGateway) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for record in gateway.records:
        if record.kind is Kind.LOSS:
            for item in record.message.loss.items:
                found[item.type, item.reason] += item.count
    return found


def assert_no_hole(gateway: MemoryGateway) -> None:
    sequences: dict[tuple[str, str], int] = {}
    for record in gateway.records:
        place = record.header.producer_id, record.header.thread_id
        assert record.header.sequence == sequences.get(place, 0) + 1
        sequences[place] = record.header.sequence


def test_what_does_not_fit_by_count_is_counted_and_said(opened: Any) -> None:
    publisher, gateway = opened(queue_records=10)
    run = emitter(publisher)
    with gateway.hold():
        for number in range(200):
            run.warning("more", str(number))
    assert publisher.flush(10)
    publisher.close(2)
    told = losses(gateway)
    assert set(told) == {(pb.MESSAGE_TYPE_EVENT, FULL)}
    events = sum(record.kind is Kind.EVENT for record in gateway.records)
    assert events + told.total() == 200
    assert told.total() == publisher.dropped == run.run.dropped > 0
    assert_no_hole(gateway)


def test_what_does_not_fit_by_size_is_counted_and_said(opened: Any) -> None:
    publisher, gateway = opened(queue_bytes=65_536, state_depth=10)
    run = emitter(publisher)
    with gateway.hold():
        for number in range(20):
            run.state("", {"text": [f"{number}-{part}" * 50 for part in range(100)]}, number, is_start=number == 0)
    publisher.flush(10)
    run.state("", {"text": "small"}, 99)
    publisher.flush(10)
    publisher.close(2)
    told = losses(gateway)
    assert told[pb.MESSAGE_TYPE_STATE_DIFF, FULL] == publisher.dropped > 0
    fold = StateFold()
    for offset, record in enumerate(gateway.records):
        for item in items_of(record, 0, offset):
            fold.apply(item)
    assert fold.incidents == [], "a state that was dropped breaks no chain"
    assert fold.current
    assert (fold.current.verified, fold.current.value) == (True, {"text": "small"})


def test_the_start_and_the_end_of_a_run_have_a_reserve(opened: Any) -> None:
    publisher, gateway = opened(queue_records=1)
    run = emitter(publisher)
    with gateway.hold():
        for _ in range(30):
            run.warning("noise", "")
        run.start({})
        run.end(int(pb.RUN_STATUS_OK))
    publisher.flush(10)
    publisher.close(2)
    kinds = [record.message.event.event_type for record in gateway.records if record.kind is Kind.EVENT]
    assert pb.EVENT_TYPE_GRAPH_START in kinds
    assert pb.EVENT_TYPE_GRAPH_END in kinds


def test_losses_are_told_to_the_run_that_lost(opened: Any) -> None:
    publisher, gateway = opened(queue_records=1)
    one, two = emitter(publisher, "one"), emitter(publisher, "two")
    with gateway.hold():
        for _ in range(10):
            one.warning("noise", "")
            two.warning("noise", "")
    publisher.flush(10)
    publisher.close(2)
    told = {
        record.header.run_id: sum(item.count for item in record.message.loss.items)
        for record in gateway.records
        if record.kind is Kind.LOSS
    }
    assert told.keys() == {"run of one", "run of two"}
    assert told == {run.run.run_id: run.run.dropped for run in (one, two)}


def test_refused_records_are_counted_and_said(opened: Any) -> None:
    publisher, gateway = opened()
    gateway.answers.append(Outcome(Verdict.REFUSED))
    run = emitter(publisher)
    run.warning("refused", "")
    assert publisher.flush(10)
    run.warning("taken", "")
    assert publisher.flush(10)
    assert losses(gateway) == {(pb.MESSAGE_TYPE_EVENT, int(pb.LOSS_REASON_REJECTED)): 1}


def test_a_record_above_the_limit_is_counted_and_the_rest_goes_on(opened: Any) -> None:
    publisher, gateway = opened(max_record_bytes=65_536, attribute_bytes=60_000)
    run = emitter(publisher)
    run.progress(run_place(), None, {f"field {number}": "x" * 8_000 for number in range(9)})
    run.warning("after", "")
    assert publisher.flush(10)
    publisher.close(2)
    assert losses(gateway) == {(pb.MESSAGE_TYPE_EVENT, int(pb.LOSS_REASON_TOO_LARGE)): 1}
    assert_no_hole(gateway)


def run_place() -> Any:
    from dashstream.sdk.captures import RUN_PLACE

    return RUN_PLACE


def test_while_the_gateway_is_away_nothing_is_lost(opened: Any) -> None:
    publisher, gateway = opened()
    gateway.is_absent = True
    run = emitter(publisher)
    for number in range(100):
        run.warning("n", str(number))
    assert publisher.flush(10), "spooled counts as safe"
    assert publisher.spooled == 100
    gateway.is_absent = False
    assert gateway.wait_for(lambda: len(gateway.values) == 100)
    assert_no_hole(gateway)
    assert publisher.dropped == 0


def test_a_new_producer_forwards_what_an_earlier_one_left(opened: Any) -> None:
    first, gone = opened()
    gone.is_absent = True
    emitter(first, "old").warning("left behind", "")
    first.close(2)
    second, gateway = opened()
    emitter(second, "new").warning("here", "")
    assert gateway.wait_for(lambda: len(gateway.values) == 2)
    assert [record.header.thread_id for record in gateway.records] == ["new", "old"]


def test_closing_is_quick_although_the_gateway_hangs_and_all_is_kept(opened: Any) -> None:
    publisher, gateway = opened(request_timeout=60.0)
    run = emitter(publisher)
    gateway._open.clear()
    for number in range(1_000):
        run.warning("n", str(number))
    assert not publisher.flush(0.05)
    finished = threading.Event()

    def close() -> None:
        publisher.close()
        finished.set()

    threading.Thread(target=close).start()
    assert finished.wait(2.0)
    assert publisher.dropped == 0
    assert publisher.spooled + len(gateway.values) >= 1_000


def test_after_the_end_everything_is_refused_and_counted(opened: Any) -> None:
    publisher, _ = opened()
    run = emitter(publisher)
    run.warning("in time", "")
    publisher.close(2)
    run.warning("too late", "")
    assert publisher.dropped == 1
    assert publisher.flush(0.1)
    publisher.close(2)


def test_without_any_capture_there_is_no_thread_and_no_file(opened: Any, tmp_path: Path) -> None:
    before = threading.active_count()
    publisher, _ = opened()
    assert publisher.flush(1)
    publisher.close(1)
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


class Broken:
    """A transport that breaks its promise and raises."""

    def __init__(self) -> None:
        self.is_broken = True
        self.sent: list[bytes] = []

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        if self.is_broken:
            self.is_broken = False
            raise RuntimeError("broken")
        self.sent += values
        return Outcome(Verdict.DELIVERED)

    def abort(self) -> None: ...

    def tend(self) -> None: ...

    def close(self) -> None: ...

    def forget(self) -> None: ...


def test_an_error_in_the_background_thread_does_not_end_it(tmp_path: Path) -> None:
    transport = Broken()
    publisher = Publisher(SdkSettings(data_dir=tmp_path, flush_interval=0.001), transport_factory=lambda _: transport)
    run = emitter(publisher)
    run.warning("breaks", "")
    assert publisher.flush(10)
    run.warning("works", "")
    assert publisher.flush(10)
    assert transport.sent
    publisher.close(2)


def test_many_threads_offer_at_once(opened: Any) -> None:
    publisher, gateway = opened()
    gate = threading.Barrier(8)

    def offer(number: int) -> None:
        run = emitter(publisher, f"t{number}")
        gate.wait(10)
        for _ in range(200):
            run.warning("n", "")

    threads = [threading.Thread(target=offer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert publisher.flush(10)
    assert len(gateway.values) == 1_600
    assert_no_hole(gateway)
