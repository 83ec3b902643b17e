"""A dead letter: what is kept of a record that cannot be processed, as an envelope of JSON.

Its key is the place of the record, so letters about one record are one letter, whoever wrote them and how often. It
names the reason from a closed set and the digest of the exact bytes. It holds no payload unless that was asked for;
its text is safe to print, because it is made of untrusted bytes. Building one copies nothing of the payload beyond its
bounded ends.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from enum import StrEnum
from typing import NamedTuple

import msgspec

from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.ports import Clock, Log, LogRecord
from dashstream.errors import ConflictError, DecodeError, RecordError
from dashstream.protocol.framing import Limits, unframe
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.known_secrets import redact_bytes

VERSION = 1
MAX_KEY_BYTES = 1024
MAX_TEXT = 200
MAX_REDRIVES = 10
HASH_IN_THREAD_BYTES = 256 << 10
_SECRET_MARGIN = 256
"""Bytes beyond a preview that are searched too, so that a secret across its edge is still recognised."""


class PayloadState(StrEnum):
    """What a letter has of the payload."""

    OFF = "off"
    COMPLETE = "complete"
    TRUNCATED = "truncated"
    REDACTED = "redacted"


class Place(NamedTuple):
    """Where a record is: in which life of the topic, partition and offset."""

    epoch: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.partition}.{self.offset}"


class Redrive(msgspec.Struct, frozen=True):
    """One time that the record was sent through again: when, and the place of its copy."""

    at_us: str
    partition: int
    offset: str
    instance: str


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope. 64-bit integers are decimal strings; ``head`` and ``tail`` are hexadecimal."""

    version: int = VERSION
    topic: str
    epoch: str
    partition: int
    offset: str
    reason: str
    size: int
    sha256: str
    head: str
    tail: str
    thread_id: str
    tenant_id: str
    producer_id: str
    key: str
    key_size: int
    timestamp_us: str
    at_us: str
    instance: str
    payload_state: PayloadState = PayloadState.OFF
    payload: str = ""
    redriven: tuple[Redrive, ...] = ()

    @property
    def place(self) -> Place:
        """Where the record is."""
        return Place(self.epoch, self.partition, int(self.offset))

    @property
    def key_on_log(self) -> bytes:
        """The key under which letters about one record collapse."""
        return f"{self.topic}/{self.epoch}/{self.partition}/{self.offset}".encode()

    def original(self) -> tuple[bytes, bytes]:
        """Return the record's key and exact value.

        Raises:
            ConflictError: the letter does not hold all of it.
        """
        if self.payload_state is not PayloadState.COMPLETE:
            raise ConflictError(f"the letter's payload is {self.payload_state}: the record cannot be sent again")
        key, value = base64.b64decode(self.key), base64.b64decode(self.payload)
        if len(key) != self.key_size:
            raise ConflictError("the letter's key is truncated: the record cannot be sent again")
        if hashlib.sha256(value).hexdigest() != self.sha256:
            raise ConflictError("the letter's payload is not the record's: its digest differs")
        return key, value

    def with_redrive(self, redrive: Redrive) -> DeadLetter:
        """Return the letter with one more entry of the newest redrives."""
        return msgspec.structs.replace(self, redriven=(*self.redriven, redrive)[-MAX_REDRIVES:])


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(DeadLetter)


def encode(letter: DeadLetter) -> bytes:
    """Return the letter as JSON."""
    return _encoder.encode(letter)


def decode(data: bytes) -> DeadLetter:
    """Return the letter of a JSON text.

    Raises:
        DecodeError: it is none.
    """
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise DecodeError(f"not a dead letter: {error}") from error


class LetterWriter:
    """Writes letters about the records of one log."""

    def __init__(
        self, log: Log, limits: DeadLetterLimits, record_limits: Limits, clock: Clock, *, instance: str
    ) -> None:
        self._log = log
        self._limits = limits
        self._record_limits = record_limits
        self._clock = clock
        self._instance = instance

    async def write(self, record: LogRecord, reason: str) -> DeadLetter:
        """Return the letter about a record; a large value is hashed in a thread, so that nothing waits for it."""
        if record.value is not None and len(record.value) >= HASH_IN_THREAD_BYTES:
            return await asyncio.to_thread(self.build, record, reason)
        return self.build(record, reason)

    def build(self, record: LogRecord, reason: str) -> DeadLetter:
        """Return the letter about a record."""
        value = record.value or b""
        header = _header(value, reason, self._record_limits)
        state, payload = PayloadState.OFF, b""
        if record.value is not None and self._limits.payload:
            state, payload = _payload(value, self._limits.max_payload_bytes, self._record_limits)
        return DeadLetter(
            topic=self._log.topic,
            epoch=self._log.epoch,
            partition=record.partition,
            offset=str(record.offset),
            reason=reason,
            size=len(value),
            sha256=hashlib.sha256(value).hexdigest(),
            head=_first(value, self._limits.preview_bytes).hex(),
            tail=_last(value, self._limits.preview_bytes).hex(),
            thread_id=printable(header.thread_id if header else record.key.decode("utf-8", "replace")),
            tenant_id=printable(header.tenant_id if header else ""),
            producer_id=printable(header.producer_id if header else ""),
            key=_base64(record.key[:MAX_KEY_BYTES]),
            key_size=len(record.key),
            timestamp_us=str(record.timestamp_us),
            at_us=str(self._clock.now_us()),
            instance=self._instance,
            payload_state=state,
            payload=_base64(payload),
        )


def printable(text: str) -> str:
    """Return a text without control characters, bounded; two long texts that differ stay different."""
    clean = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:MAX_TEXT])
    if len(text) <= MAX_TEXT:
        return clean
    return f"{clean}…{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _header(value: bytes, reason: str, limits: Limits) -> pb.Header | None:
    """Return the producer's header where the rest of the record cannot be used: only a newer version has one."""
    if reason != "schema_mismatch":
        return None
    message = pb.DashStreamMessage.FromString(unframe(value, max_record_bytes=limits.max_record_bytes))
    header: pb.Header = getattr(message, message.WhichOneof("message") or "").header
    return header


def _payload(value: bytes, most: int, limits: Limits) -> tuple[PayloadState, bytes]:
    kept = value[:most]
    clean = redact_bytes(kept)
    if clean is not kept:
        return PayloadState.REDACTED, clean
    if len(kept) < len(value):
        return PayloadState.TRUNCATED, kept
    if _hides_secret(value, limits):
        return PayloadState.REDACTED, b""
    return PayloadState.COMPLETE, kept


def _hides_secret(value: bytes, limits: Limits) -> bool:
    """Tell whether there is a secret under the compression, where it cannot be replaced."""
    try:
        payload = unframe(value, max_record_bytes=limits.max_record_bytes)
    except RecordError:
        return False
    return redact_bytes(payload) is not payload


def _first(value: bytes, count: int) -> bytes:
    return redact_bytes(value[: count + _SECRET_MARGIN])[:count]


def _last(value: bytes, count: int) -> bytes:
    if not count:
        return b""
    return redact_bytes(value[-count - _SECRET_MARGIN :])[-count:]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
