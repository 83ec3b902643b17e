"""What a gateway has to know of a record on its way: who it belongs to, whose counter it carries, and when it was made.

It is read once, where a record comes in or is first read from the log, and goes with the record from there on: of
protobuf's messages each question for a field makes a new object, and each record is asked by all that it passes.
The records of a run have nearly all of it in common, which so is one object for them all (``Origin``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from dashstream.errors import RecordError
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import (
    EVENT,
    EVENT_BATCH,
    MAX_COUNT,
    SCHEMA_VERSION,
    Decoded,
    Kind,
    body_of,
    check,
    parse_all,
)
from dashstream.protocol.sequence import Counter

DEFAULT_TENANT = "default"

MAX_ORIGINS = 1_000
"""Origins of one kind that are shared; above it all are let go of, and made anew as they come."""
MAX_SHARED_CHARS = 1_000
"""Names longer than this altogether are not kept for others to share."""


class RecordHead(msgspec.Struct, frozen=True, gc=False):
    """Who a readable record belongs to. ``inner``: the heads of a batch's events."""

    tenant: str
    thread: str
    run: str
    graph: str
    kind: str
    inner: tuple[RecordHead, ...] = ()


class Origin(msgspec.Struct, frozen=True, gc=False):
    """What records of one kind, run and producer have in common. ``key``: the thread's, as the log has it."""

    head: RecordHead
    counter: Counter
    key: bytes


class Dedupe(msgspec.Struct, frozen=True, gc=False):
    """Identity of a record given by its producer: its own counter, and what that was at."""

    counter: Counter
    sequence: int


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What is known of a record that can be read. ``counted``: the counter and sequence of each of a batch's events."""

    head: RecordHead
    origin: Origin
    sequence: int
    timestamp_us: int
    counted: tuple[tuple[Counter, int], ...] = ()

    @property
    def is_batch(self) -> bool:
        """Whether it holds several messages, each with a counter of its own."""
        return self.origin.head.kind == EVENT_BATCH

    @property
    def dedupe(self) -> Dedupe | None:
        """The identity that its producer gave the record, if it did."""
        counter = self.origin.counter
        return Dedupe(counter, self.sequence) if self.sequence and counter.producer_id else None


_Names = tuple[str, str, str, str, str, int]
_names_of = attrgetter("tenant_id", "thread_id", "run_id", "graph_id", "producer_id", "producer_epoch")
_kind_of = pb.DashStreamMessage.WhichOneof
"""Looked up once: a method of a message is made anew each time that it is asked for."""
_BATCH = EVENT_BATCH.value
_shared: defaultdict[str, dict[_Names, Origin]] = defaultdict(dict)
"""Origins by kind."""


def reading_of(decoded: Decoded) -> Reading:
    """Return what has to be known of a decoded record."""
    header = decoded.header
    origin = _origin_of(decoded.kind, header)
    if decoded.kind is EVENT_BATCH:
        return _reading_of_batch(origin, decoded.body)
    return Reading(origin.head, origin, header.sequence, header.timestamp_us)


def read_all(values: Sequence[bytes], limits: Limits) -> list[Reading | RecordError]:
    """Return of each value what is to be known, or why it cannot be read; together they cost less than one by one."""
    return [
        message if isinstance(message, RecordError) else _reading_or_error(message)
        for message in parse_all(values, limits)
    ]


def tenants_of(head: RecordHead) -> frozenset[str]:
    """Return every tenant that a record holds something of: more than one only in a batch."""
    return frozenset(each.tenant for each in (head, *head.inner))


def _reading_or_error(message: pb.DashStreamMessage) -> Reading | RecordError:
    """Return what ``body_of``, ``check`` and ``reading_of`` make of a message, at less than the cost of all three."""
    name = _kind_of(message, "message")
    if name is None or name == _BATCH:
        return _reading_with_care(message)
    header = getattr(message, name).header
    names: _Names = _names_of(header)
    sequence = header.sequence
    if sequence > MAX_COUNT or names[-1] > MAX_COUNT or header.schema_version > SCHEMA_VERSION:
        return _reading_with_care(message)
    origin = _shared[name].get(names) or _new_origin(name, names)
    return Reading(origin.head, origin, sequence, header.timestamp_us)


def _reading_with_care(message: pb.DashStreamMessage) -> Reading | RecordError:
    try:
        kind, body = body_of(message)
        check(kind, body)
    except RecordError as error:
        return error
    return reading_of(Decoded(message, body.header, kind, body))


def _reading_of_batch(origin: Origin, batch: pb.EventBatch) -> Reading:
    header = batch.header
    events = [(_origin_of(EVENT, event.header), event.header.sequence) for event in batch.events]
    head = msgspec.structs.replace(origin.head, inner=tuple([inner.head for inner, _ in events]))
    counted = tuple([(inner.counter, sequence) for inner, sequence in events])
    return Reading(head, origin, header.sequence, header.timestamp_us, counted)


def _origin_of(kind: Kind, header: pb.Header) -> Origin:
    names: _Names = _names_of(header)
    return _shared[kind].get(names) or _new_origin(kind, names)


def _new_origin(kind: str, names: _Names) -> Origin:
    tenant, thread, run, graph, producer_id, producer_epoch = names
    head = RecordHead(tenant or DEFAULT_TENANT, thread, run, graph, Kind(kind))
    origin = Origin(head, Counter(thread, producer_id, producer_epoch), thread.encode())
    shared = _shared[kind]
    if sum(map(len, names[:-1])) <= MAX_SHARED_CHARS:
        if len(shared) >= MAX_ORIGINS:
            shared.clear()
        shared[names] = origin
    return origin
