"""What is known of a record on its way is what its messages' headers say, however many are read at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.engine import reading as module
from dashstream.engine.reading import Dedupe, Reading, RecordHead, read_all, reading_of, tenants_of
from dashstream.errors import RecordError
from dashstream.protocol.framing import Limits, frame
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import MAX_COUNT, Kind, decode, encode
from dashstream.protocol.sequence import Counter

LIMITS = Limits(max_record_bytes=100_000)
names = st.sampled_from(("", "a", "bé"))
counts = st.integers(0, 3) | st.sampled_from((MAX_COUNT, MAX_COUNT + 1))
headers = st.builds(
    pb.Header,
    tenant_id=names,
    thread_id=names,
    run_id=names,
    graph_id=names,
    producer_id=names,
    producer_epoch=counts,
    sequence=counts,
    schema_version=st.integers(0, 2),
    timestamp_us=st.integers(-1, 5),
)
messages = st.one_of(
    st.builds(lambda header: pb.DashStreamMessage(event=pb.Event(header=header)), headers),
    st.builds(lambda header: pb.DashStreamMessage(loss=pb.Loss(header=header)), headers),
    st.builds(
        lambda header, inner: pb.DashStreamMessage(
            event_batch=pb.EventBatch(header=header, events=[pb.Event(header=each) for each in inner])
        ),
        headers,
        st.lists(headers, max_size=3),
    ),
    st.just(pb.DashStreamMessage()),
)
values = st.one_of(
    messages.map(encode),
    messages.map(lambda message: frame(message.SerializeToString() + b"\xfa\x3f" + b"\x04" + b"more")),
    st.sampled_from((b"", b"\x00\xff", b"\x02", b"\x00" + bytes(LIMITS.max_record_bytes))),
)


@pytest.fixture(autouse=True)
def nothing_is_shared() -> Iterator[None]:
    module._shared.clear()
    yield
    module._shared.clear()


def head(header: pb.Header, kind: Kind) -> RecordHead:
    return RecordHead(header.tenant_id or "default", header.thread_id, header.run_id, header.graph_id, kind)


def counter(header: pb.Header) -> Counter:
    return Counter(header.thread_id, header.producer_id, header.producer_epoch)


def plainly_read(value: bytes) -> tuple[object, ...]:
    """Return what is known of a record, by asking its messages field by field."""
    try:
        decoded = decode(value, LIMITS)
    except RecordError as error:
        return type(error), str(error)
    header = decoded.header
    inner = [event.header for event in decoded.body.events] if decoded.kind is Kind.EVENT_BATCH else []
    whole = head(header, decoded.kind)
    whole = RecordHead(whole.tenant, whole.thread, whole.run, whole.graph, whole.kind, tuple(map(_event_head, inner)))
    counted = tuple((counter(each), each.sequence) for each in inner)
    return whole, counter(header), header.thread_id.encode(), header.sequence, header.timestamp_us, counted


def _event_head(header: pb.Header) -> RecordHead:
    return head(header, Kind.EVENT)


def told(found: Reading | RecordError) -> tuple[object, ...]:
    if isinstance(found, RecordError):
        return type(found), str(found)
    origin = found.origin
    return found.head, origin.counter, origin.key, found.sequence, found.timestamp_us, found.counted


@given(st.lists(values, max_size=6))
def test_many_are_read_as_each_alone(given_values: list[bytes]) -> None:
    assert [told(found) for found in read_all(given_values, LIMITS)] == [plainly_read(each) for each in given_values]


def read_one(**names: str | int) -> Reading:
    message = pb.DashStreamMessage(event=pb.Event(header=pb.Header(**names)))  # type: ignore[arg-type]  # as given
    return reading_of(decode(encode(message)))


def test_a_record_is_known_again_by_its_producers_count_if_it_has_one() -> None:
    counted = read_one(thread_id="t", producer_id="p", producer_epoch=2, sequence=3)
    assert counted.dedupe == Dedupe(Counter("t", "p", 2), 3)
    assert read_one(thread_id="t", producer_id="p", producer_epoch=2).dedupe is None
    assert read_one(thread_id="t", sequence=3).dedupe is None


def test_a_batch_holds_something_of_each_tenant() -> None:
    inner = [pb.Event(header=pb.Header(tenant_id=name)) for name in ("a", "b", "")]
    batch = pb.DashStreamMessage(event_batch=pb.EventBatch(header=pb.Header(tenant_id="c"), events=inner))
    assert tenants_of(reading_of(decode(encode(batch))).head) == {"a", "b", "c", "default"}


def test_records_of_one_origin_share_it() -> None:
    first, second = (read_one(thread_id="t", run_id="r", sequence=sequence) for sequence in (1, 2))
    assert first.origin is second.origin
    assert read_one(thread_id="t", run_id="other").origin is not first.origin


def test_what_is_shared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ORIGINS", 2)
    kept = [read_one(thread_id=thread).head.thread for thread in "abcab"]
    assert kept == list("abcab")
    assert len(module._shared[Kind.EVENT]) <= 2
    long = "x" * module.MAX_SHARED_CHARS
    assert read_one(thread_id=long).origin is read_one(thread_id=long).origin
    assert read_one(thread_id=long, run_id="r").origin is not read_one(thread_id=long, run_id="r").origin
