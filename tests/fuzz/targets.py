"""What bytes from outside reach, one function each: only documented errors may escape, and every bound must hold.

A target takes any bytes and returns nothing; it fails by raising what its parser does not document, or by an
assertion about a bound. ``python -m fuzz`` drives them with atheris, the tests with seeds and mutations.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator

import msgspec

from dashstream.adapters import spool
from dashstream.engine.classify import classify
from dashstream.engine.items import items_of
from dashstream.engine.ports import LogRecord
from dashstream.errors import FrameError, PatchError, ProtocolError, RecordError, StateError
from dashstream.protocol import control
from dashstream.protocol.batch import decode_frame
from dashstream.protocol.codes import CloseCode
from dashstream.protocol.effects import Authenticate, Close, Effect, Open, Send, ServerIdentity, SessionLimits
from dashstream.protocol.framing import Limits, decompress, unframe
from dashstream.protocol.json_value import JSON, dumps, loads
from dashstream.protocol.patch import MAX_COPIED, Op, apply
from dashstream.protocol.position import MAX_EXAMPLES, MAX_OFFSET, Cursor, parse_positions
from dashstream.protocol.proto_codec import decode
from dashstream.protocol.record_batch import unpack_records
from dashstream.protocol.run_file import RunFileReader
from dashstream.protocol.session import ServerSession
from dashstream.protocol.state_hash import HashedState, state_hash

MOST = 1 << 16
"""Size budget of a record here: small, so that a bound that does not hold is soon passed."""
RUN_FILE_BUFFER = 20 * 1024 * 1024
LARGEST_ANSWER = 8 * 1024
SESSION_LIMITS = SessionLimits(
    max_frame_bytes=MOST,
    max_record_bytes=MOST,
    max_batch_bytes=MOST,
    max_window_bytes=MOST,
    max_subscriptions=3,
    max_resume_partitions=4,
    max_resume_threads=4,
    max_filter_values=5,
    hello_timeout_s=10.0,
    bad_frames=3,
)
IDENTITY = ServerIdentity(version="0", instance="i", epoch="e", topic="t", schema_version=1, partition_count=4)


def framing(data: bytes) -> None:
    """A record's value is unframed within the budget, or refused."""
    with contextlib.suppress(RecordError):
        assert len(unframe(data, max_record_bytes=MOST)) <= MOST


def records(data: bytes) -> None:
    """A record's value is decoded or refused; what it is about can always be told."""
    classify(LogRecord(partition=0, offset=0, key=data[:16], value=data, timestamp_us=0), Limits(MOST))
    with contextlib.suppress(RecordError):
        for item in items_of(decode(data, Limits(MOST)), 0, 0):
            assert isinstance(item.type, str)
    with contextlib.suppress(FrameError):
        assert sum(map(len, unpack_records(data, max_records=100))) <= len(data)


def data_frames(data: bytes) -> None:
    """A data frame of a gateway is decoded or refused, also one that is packed."""
    with contextlib.suppress(ProtocolError, RecordError):
        decode_frame(data, decompress=lambda packed: decompress(packed, limit=MOST))


def control_frames(data: bytes) -> None:
    """A control frame of either side is decoded, and then encodes, or refused."""
    for decoder in (control.decode_client, control.decode_server):
        with contextlib.suppress(ProtocolError):
            control.encode(decoder(data))


def session(data: bytes) -> None:
    """A session takes any frames, one per line; answers are small, subscribes few, and nothing follows its end."""
    held = ServerSession(SESSION_LIMITS, IDENTITY, "s", now=0.0)
    ended = False
    opened: set[int] = set()
    for number, line in enumerate(data.split(b"\n")):
        now = float(number)
        effects = held.receive(line, now) if line[:1] != b"\x00" else held.receive_binary(now)
        for effect in _performed(held, effects, now):
            assert not ended, "something follows the end"
            if isinstance(effect, Open):
                opened.add(effect.request.id)
                assert effect.request.positions.keys() <= set(range(IDENTITY.partition_count))
            ended = isinstance(effect, Close)
            assert not ended or effect.code >= CloseCode.BAD_REQUEST


def _performed(held: ServerSession, effects: list[Effect], now: float) -> Iterator[Effect]:
    for effect in effects:
        if isinstance(effect, Send):
            assert len(control.encode(effect.frame)) <= LARGEST_ANSWER
        yield effect
        if isinstance(effect, Authenticate):
            yield from _performed(held, held.welcome(None, [], now), now)


def positions(data: bytes) -> None:
    """Positions are sorted into usable ones and faults, all of them; a cursor's text is read or refused."""
    with contextlib.suppress(ValueError):
        assert all(0 <= offset <= MAX_OFFSET for offset in Cursor.from_text(data.decode()).positions.values())
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = msgspec.json.decode(data, type=dict[str, object])
        parsed = parse_positions(raw, partition_count=4)
        faults = parsed.faults.values()
        assert len(parsed.positions) + sum(tally.count for tally in faults) == len(raw)
        assert all(len(tally.examples) <= MAX_EXAMPLES for tally in faults)


def patches(data: bytes) -> None:
    """A patch, the second line, leaves the state of the first line as it was, and the hash follows the change."""
    lines = data.split(b"\n", 1)
    try:
        before = loads(lines[0])
        digest = state_hash(before)
        ops = _operations(loads(lines[-1]))
    except StateError:
        return
    size = len(dumps(before)) + len(data)
    after = hashed = None
    with contextlib.suppress(StateError):
        after = apply(before, ops)
        assert len(dumps(after)) <= size + 10 * MAX_COPIED
    with contextlib.suppress(StateError):
        followed = HashedState(before)
        followed.apply(ops)
        hashed = followed
    assert state_hash(before) == digest, "a state was changed in place"
    if hashed is not None:
        with contextlib.suppress(StateError):
            assert hashed.hash == state_hash(hashed.value)


def _operations(shown: JSON) -> list[Op]:
    if not isinstance(shown, list) or not all(isinstance(item, dict) for item in shown):
        raise PatchError("not a list of operations")
    return [Op.from_json(item) for item in shown if isinstance(item, dict)]


def run_files(data: bytes) -> None:
    """A run file, in pieces of a size that its first byte says, yields its records or is refused; little is held."""
    size = (data[0] + 1) * 256 if data else 1
    reader = RunFileReader(MOST)
    with contextlib.suppress(RecordError):
        for start in range(1, len(data), size):
            for value in reader.feed(data[start : start + size]):
                assert len(value) <= MOST
                assert len(reader._rest) <= MOST + RUN_FILE_BUFFER
        reader.end()


def spool_frames(data: bytes) -> None:
    """A spool's segment yields whole values up to the first damage."""
    values = list(spool.frames(io.BytesIO(data)))
    assert b"".join(map(spool.frame, values)) == data[: sum(len(spool.frame(value)) for value in values)]


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        framing,
        records,
        data_frames,
        control_frames,
        session,
        positions,
        patches,
        run_files,
        spool_frames,
    )
}
