"""From captures to record bytes: the one place that knows how records look on the wire.

Runs in the background thread only. It owns what must follow the order of sending: sequences, and for each namespace
of a run the state that readers hold (to diff against) with its hash. What cannot become a record is returned as a
loss with its reason; nothing raises.

A header is written in three parts so that the constant ones are encoded once: what the run says, what the node
execution says, and what the record says. Protobuf fields may come in any order, so the parts are simply joined.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dashstream.protocol import patch
from dashstream.protocol.differ import Differ
from dashstream.protocol.framing import frame
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import dumps
from dashstream.protocol.state_hash import HashedState
from dashstream.sdk import captures as cap
from dashstream.sdk.bounding import bounded_text
from dashstream.sdk.counters import Counters, Number
from dashstream.sdk.plain_values import INT_MIN, int_of, text_of
from dashstream.sdk.redaction import Redactor
from dashstream.sdk.settings import SdkSettings

SCHEMA_VERSION = 1
CHUNK_BYTES = 512 * 1024
HEADER_ROOM = 4_096
TOKEN_CHUNK_CHARS = 2_048
MAX_MESSAGE_CHARS = 8_192
MAX_STACK_CHARS = 32_768
INT64_MAX = 2**63 - 1
TRIGGERS = "triggers"
_DURATION_TAG = b"\x28"

_TREE_1 = pb.HASH_ALGORITHM_TREE_1


@dataclass(slots=True)
class Encoded:
    """One record on its way: its bytes, and what is needed to account for it if it is lost."""

    value: bytes
    kind: int
    run: cap.RunContext
    timestamp_us: int
    number: Number
    loss: cap.LossCapture | None = None


class RecordTooLarge(Exception):  # noqa: N818  # a signal inside this module, not an error
    """The record would be above ``max_record_bytes``; no sequence was taken."""


class Encoder:
    """Turn captures into records, in order. One instance per life of a producer."""

    def __init__(self, settings: SdkSettings, producer_id: str, epoch: int) -> None:
        self._settings = settings
        self._redactor = Redactor(settings)
        self.producer_id = producer_id
        self.generation = 0
        self._counters = Counters(epoch)
        self._id_prefix = os.urandom(8)
        self._id = 0
        self._max = settings.max_record_bytes
        self._head = pb.Header()
        self._builders: dict[int, Callable[[Any], Iterable[Encoded]]] = {
            cap.EVENT: self._event,
            cap.STATE_DIFF: self._state,
            cap.TOKEN_CHUNK: self._tokens,
            cap.TOOL_EXECUTION: self._tool,
            cap.ERROR: self._error,
            cap.GRAPH_SCHEMA: self._schema,
            cap.LOSS: self._loss,
        }

    def encode(self, capture: cap.Capture) -> tuple[list[Encoded], int]:
        """Return the records of a capture and the loss reason, 0 for none. Never raises."""
        out: list[Encoded] = []
        try:
            for record in self._builders[capture.kind](capture):
                out.append(record)  # noqa: PERF402  # what was made before a failure keeps its sequence
        except RecordTooLarge:
            return out, int(pb.LOSS_REASON_TOO_LARGE)
        except Exception:  # noqa: BLE001  # a value that defeats the codec is a counted loss, never an error
            return out, int(pb.LOSS_REASON_ENCODE_FAILED)
        return out, 0

    def distrust(self) -> None:
        """Records were lost: the next state of every namespace goes out in full."""
        self.generation += 1

    def rewind(self, unsent: Iterable[Encoded]) -> None:
        """Take back the sequences of the newest records, none of which has left this process."""
        for record in unsent:
            self._counters.take_back(record.run, record.number)

    def _seal(self, capture: cap.Capture, kind: int, tag: bytes, body: bytes) -> Encoded:
        if len(body) + HEADER_ROOM > self._max:
            raise RecordTooLarge
        run = capture.run
        place = capture.place
        number = self._counters.next(run)
        self._id += 1
        head = self._head  # every field that it has is set again each time
        head.message_id = self._id_prefix + struct.pack(">Q", self._id)
        head.timestamp_us = capture.timestamp_us
        head.sequence = number.sequence
        head.run_sequence = number.run_sequence
        head.type = kind  # type: ignore[assignment]  # an open enum: an int on the wire
        if capture.superstep is not None:
            head.superstep = capture.superstep
        else:
            head.ClearField("superstep")
        place_bytes = place.encoded
        if place_bytes is None:
            place_bytes = place.encoded = _place_bytes(place)
        header = self._run_prefix(run, number.epoch) + place_bytes + head.SerializeToString()
        inner = b"\x0a" + _length(len(header)) + header + body
        payload = tag + _length(len(inner)) + inner
        return Encoded(frame(payload), kind, run, capture.timestamp_us, number)

    def _run_prefix(self, run: cap.RunContext, epoch: int) -> bytes:
        owner = (self.producer_id, epoch, run.graph_id)
        if run.prefix_owner != owner:
            run.prefix = pb.Header(
                tenant_id=text_of(run.tenant),
                thread_id=text_of(run.thread_id),
                run_id=text_of(run.run_id),
                parent_run_id=text_of(run.parent_run_id),
                graph_id=run.graph_id,
                producer_id=self.producer_id,
                producer_epoch=epoch,
                schema_version=SCHEMA_VERSION,
            ).SerializeToString()
            run.prefix_owner = owner
        return run.prefix

    def _event(self, capture: cap.EventCapture) -> Iterable[Encoded]:
        attributes = capture.attributes or {}
        triggers = attributes.get(TRIGGERS, ())
        if type(triggers) is tuple:
            attributes = {key: value for key, value in attributes.items() if key != TRIGGERS}
        else:  # an attribute of the program's own
            triggers = ()
        fixed = _fixed_part(capture.event_type, capture.place.node_id, triggers)
        if capture.duration_us:
            fixed += _DURATION_TAG + _length(capture.duration_us)
        return (self._seal(capture, cap.EVENT, b"\x0a", fixed + self._varying_part(capture, attributes)),)

    def _varying_part(self, capture: cap.EventCapture, attributes: Mapping[str, Any]) -> bytes:
        if not (attributes or capture.routing or capture.request_id or capture.status):
            return b""
        event = pb.Event()
        if capture.request_id:
            event.llm_request_id = text_of(capture.request_id)
        if capture.status:
            event.run_status = capture.status  # type: ignore[assignment]  # an open enum: an int on the wire
            event.attributes["dropped"].int_value = capture.run.dropped
            event.attributes["observer.us"].int_value = capture.run.observer_ns // 1000
        if capture.routing is not None:
            source, target, kind, execution_id, count = capture.routing
            routing = event.routing
            routing.source = text_of(source)
            routing.target = text_of(target)
            routing.kind = kind  # type: ignore[assignment]  # an open enum: an int on the wire
            routing.source_execution_id = text_of(execution_id)
            routing.count = count
        for key, value in attributes.items():
            self._attribute(event, text_of(key), value)
        return event.SerializeToString()

    def _attribute(self, event: pb.Event, key: str, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, str):
            event.attributes[key].string_value = self._free_text(value[:MAX_MESSAGE_CHARS])
        elif isinstance(value, bool):
            event.attributes[key].bool_value = value
        elif isinstance(value, int):
            if INT_MIN <= value <= INT64_MAX:
                event.attributes[key].int_value = value
            else:
                event.attributes[key].string_value = str(int_of(value))
        elif isinstance(value, float):
            event.attributes[key].double_value = value
        else:
            text, is_truncated = self._text_of(value)
            event.attributes[key].string_value = text
            if value.truncated_key:
                event.attributes[value.truncated_key].bool_value = is_truncated

    def _free_text(self, text: str) -> str:
        """What a program or its libraries wrote, without secrets and as UTF-8 can carry it."""
        return self._redactor.text(text_of(text))

    def _text_of(self, text: cap.JsonText) -> tuple[str, bool]:
        data, is_truncated = bounded_text(self._redactor.at_paths(text.value), text.limit)
        return data.decode(), is_truncated

    def _state(self, capture: cap.StateCapture) -> Iterable[Encoded]:
        track = capture.track
        value = self._redactor.at_paths(capture.value)
        if track.hashed is None or track.generation != self.generation:
            yield from self._full_state(capture, value, is_transition=not capture.is_start)
            return
        operations = Differ().diff(track.value, value)
        base_hash = track.hashed.hash
        if operations:
            track.hashed.apply(operations)
        track.value = value
        diff = pb.StateDiff(
            operations=patch.ops_to_proto(operations),
            state_hash=track.hashed.hash,
            base_state_hash=base_hash,
            hash_algorithm=_TREE_1,
        )
        body = diff.SerializeToString()
        if len(body) + HEADER_ROOM > self._max:
            yield from self._full_state(capture, value, is_transition=True)
            return
        yield self._seal(capture, cap.STATE_DIFF, b"\x12", body)
        track.diff_bytes += len(body)
        if track.diff_bytes >= max(self._settings.checkpoint_bytes, track.full_bytes):
            yield from self._full_state(capture, value, is_transition=False)

    def _full_state(self, capture: cap.StateCapture, value: Any, *, is_transition: bool) -> Iterable[Encoded]:
        track = capture.track
        if track.hashed is None:
            track.hashed = HashedState(value)
        elif track.value is not value or track.generation != self.generation:
            track.hashed.reset(value)
        track.value = value
        data = dumps(value)
        track.generation = self.generation
        track.full_bytes = len(data)
        track.diff_bytes = 0
        return self._checkpoint(capture, data, track.hashed.hash, is_transition=is_transition)

    def _checkpoint(
        self, capture: cap.StateCapture, data: bytes, state_hash: bytes, *, is_transition: bool
    ) -> Iterable[Encoded]:
        self._id += 1
        checkpoint_id = self._id_prefix + struct.pack(">Q", self._id)
        size = len(data) if len(data) + HEADER_ROOM <= self._max else min(CHUNK_BYTES, self._max - HEADER_ROOM)
        count = max(1, -(-len(data) // size)) if size else 1
        for index in range(count):
            checkpoint = pb.Checkpoint(
                checkpoint_id=checkpoint_id,
                state=data[index * size : (index + 1) * size] if count > 1 else data,
                state_type="application/json",
                hash_algorithm=_TREE_1,
                chunk_index=index,
                chunk_count=count,
                is_transition=is_transition,
            )
            if index == count - 1:
                checkpoint.state_hash = state_hash
                checkpoint.checksum = hashlib.sha256(data).digest()
            yield self._seal(capture, cap.CHECKPOINT, b"\x2a", checkpoint.SerializeToString())

    def _tokens(self, capture: cap.TokenCapture) -> Iterable[Encoded]:
        stream = capture.stream
        text = self._free_text("".join(self._take(stream)))
        pieces = [text[at : at + TOKEN_CHUNK_CHARS] for at in range(0, len(text), TOKEN_CHUNK_CHARS)]
        if capture.final is not None and not pieces and stream.chunk_index > 0:
            pieces = [""]
        for number, piece in enumerate(pieces, 1):
            chunk = pb.TokenChunk(request_id=text_of(stream.request_id), text=piece, chunk_index=stream.chunk_index)
            if capture.final is not None and number == len(pieces):
                reason, prompt, completion, total = capture.final
                chunk.is_final = True
                chunk.finish_reason = text_of(reason)
                chunk.model = text_of(stream.model)
                chunk.stats.prompt_tokens = prompt
                chunk.stats.completion_tokens = completion
                chunk.stats.total_tokens = total
            yield self._seal(capture, cap.TOKEN_CHUNK, b"\x1a", chunk.SerializeToString())
            stream.chunk_index += 1

    @staticmethod
    def _take(stream: cap.TokenStream) -> list[str]:
        stream.is_queued = False
        parts, stream.parts = stream.parts, []
        return parts

    def _tool(self, capture: cap.ToolCapture) -> Iterable[Encoded]:
        tool = pb.ToolExecution(
            call_id=text_of(capture.call_id),
            tool_name=text_of(capture.name),
            stage=capture.stage,  # type: ignore[arg-type]  # an open enum: an int on the wire
            error=self._free_text(capture.error[:MAX_MESSAGE_CHARS]),
            duration_us=capture.duration_us,
        )
        if capture.arguments is not None:
            tool.arguments = self._text_of(capture.arguments)[0].encode()
        if capture.result is not None:
            tool.result = self._text_of(capture.result)[0].encode()
        yield self._seal(capture, cap.TOOL_EXECUTION, b"\x22", tool.SerializeToString())

    def _error(self, capture: cap.ErrorCapture) -> Iterable[Encoded]:
        error = pb.Error(
            message=self._free_text(capture.message[:MAX_MESSAGE_CHARS]),
            stack_trace=self._free_text(capture.stack_trace[-MAX_STACK_CHARS:]),
            exception_type=text_of(capture.exception_type),
            severity=pb.Error.ERROR,
        )
        yield self._seal(capture, cap.ERROR, b"\x3a", error.SerializeToString())

    def _schema(self, capture: cap.SchemaCapture) -> Iterable[Encoded]:
        yield self._seal(capture, cap.GRAPH_SCHEMA, b"\xaa\x01", capture.encoded)

    def _loss(self, capture: cap.LossCapture) -> Iterable[Encoded]:
        loss = pb.Loss()
        for (kind, reason), (count, first_us, last_us) in sorted(capture.items.items()):
            loss.items.add(
                type=kind,
                reason=reason,
                count=count,
                first_timestamp_us=first_us,
                last_timestamp_us=last_us,
            )
        record = self._seal(capture, cap.LOSS, b"\xa2\x01", loss.SerializeToString())
        record.loss = capture
        yield record


@lru_cache(maxsize=4_096)
def _fixed_part(event_type: int, node_id: str, triggers: tuple[str, ...]) -> bytes:
    """Return the part of an event that is the same at every visit of a node."""
    event = pb.Event(event_type=event_type)  # type: ignore[arg-type]  # an open enum: an int on the wire
    if node_id:
        event.node_id = text_of(node_id)
    for trigger in triggers:
        event.attributes[TRIGGERS].array_value.values.add(string_value=text_of(trigger))
    return event.SerializeToString()


def _place_bytes(place: cap.Place) -> bytes:
    return pb.Header(
        node_id=text_of(place.node_id),
        node_execution_id=text_of(place.execution_id),
        attempt=place.attempt,
        checkpoint_ns=text_of(place.ns),
    ).SerializeToString()


def _length(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
