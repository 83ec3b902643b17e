"""Control frames of the client protocol ``dashstream.v2``: JSON text, one closed schema per direction.

Law 1: 64-bit numbers travel as canonical decimal strings; partitions are strings where they are JSON object
keys and numbers elsewhere.
Law 2: what a client sends is closed: an unknown field is an error. What a gateway sends is open: a client
ignores fields that it does not know, so a newer gateway does not break it.
Law 3: a size check comes before this module; it never sees more than ``max_frame_bytes``.

The specification with an example of every frame is docs/specs/client-protocol.md.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from dashstream.errors import ProtocolError
from dashstream.protocol.codes import ErrorCode

PROTOCOL = "dashstream.v2"
"""Name of the protocol: the WebSocket subprotocol and the ``protocol`` field of hello and welcome."""

Offset = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,18})$")]
SubscriptionId = Annotated[int, Meta(ge=1, le=2**31 - 1)]
ShortText = Annotated[str, Meta(max_length=256)]
Names = Annotated[list[Annotated[str, Meta(max_length=1024)]], Meta(min_length=1)]
Token = Annotated[str, Meta(max_length=4096)]


class ClientInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """Which program the client is; shown to operators, never used to decide."""

    name: ShortText
    version: ShortText


class Filter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which records a subscription wants: each field given must match, any of its values is enough."""

    tenants: Names | None = None
    threads: Names | None = None
    runs: Names | None = None
    graphs: Names | None = None
    kinds: Names | None = None


class Start(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a subscription starts. ``protocol.position`` checks positions and threads entry by entry; ``step`` and
    ``sequence`` say which full state a ``snapshot`` is of.
    """

    origin: Annotated[str, Meta(max_length=64)] = msgspec.field(name="from")
    epoch: ShortText | None = None
    positions: dict[str, Any] | None = None
    threads: dict[str, Any] | None = None
    step: Offset | None = None
    sequence: Offset | None = None


class Hello(Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True, omit_defaults=True):
    """The first frame of a client."""

    protocol: ShortText
    client: ClientInfo
    token: Token | None = None
    max_batch_bytes: Annotated[int, Meta(ge=1)] | None = None
    compression: Annotated[list[ShortText], Meta(max_length=8)] = []


class Subscribe(Struct, frozen=True, tag_field="type", tag="subscribe", forbid_unknown_fields=True, omit_defaults=True):
    """Ask for records; answered by ``subscribed`` and exactly one ``replay_complete``."""

    id: SubscriptionId
    start: Start
    filter: Filter = Filter()
    strict: bool = False
    window_bytes: Annotated[int, Meta(ge=1)] | None = None


class Ack(Struct, frozen=True, tag_field="type", tag="ack", forbid_unknown_fields=True):
    """Next offsets of what the client has applied; opens credit."""

    id: SubscriptionId
    positions: dict[Offset, Offset]


class Unsubscribe(Struct, frozen=True, tag_field="type", tag="unsubscribe", forbid_unknown_fields=True):
    """End a subscription."""

    id: SubscriptionId


class Ping(Struct, frozen=True, tag_field="type", tag="ping", forbid_unknown_fields=True):
    """Answered by ``pong`` with the same ``t``."""

    t: int | float | ShortText


class Renew(Struct, frozen=True, tag_field="type", tag="auth", forbid_unknown_fields=True):
    """Replace the token of a connection before it expires."""

    token: Token


ClientFrame = Hello | Subscribe | Ack | Unsubscribe | Ping | Renew


class ServerInfo(Struct, frozen=True):
    """Version of the gateway, and which process it is."""

    version: str
    instance: str


class PartitionRange(Struct, frozen=True):
    """Watermarks of one partition."""

    partition: int
    low: str
    high: str


class Limits(Struct, frozen=True):
    """Limits that the gateway holds a client to, in bytes and counts."""

    max_frame_bytes: int
    max_record_bytes: int
    max_batch_bytes: int
    max_window_bytes: int
    max_subscriptions: int
    max_resume_partitions: int
    max_filter_values: int
    max_resume_threads: int = 0


class Welcome(Struct, frozen=True, tag_field="type", tag="welcome", omit_defaults=True):
    """The answer to hello."""

    protocol: str
    server: ServerInfo
    epoch: str
    topic: str
    partitions: list[PartitionRange]
    schema_version: int
    limits: Limits
    session: str
    compression: str | None = None


class Ignored(Struct, frozen=True):
    """Entries of a cursor that were not honoured: how many of one class, with a few examples."""

    reason: str
    count: int
    examples: list[str]


class Subscribed(Struct, frozen=True, tag_field="type", tag="subscribed", omit_defaults=True):
    """Where delivery really starts, before any data: the client's next offsets are now exactly ``start``. ``steps``
    numbers the full state that it starts with, by run.
    """

    id: int
    epoch: str
    start: dict[str, str]
    mode: str
    tiers: list[str]
    window_bytes: int
    ignored: list[Ignored] = []
    steps: dict[str, str] = {}


class Gap(Struct, frozen=True, tag_field="type", tag="gap", omit_defaults=True):
    """Offsets ``from`` <= o < ``to`` will not come. ``count`` is absent when it cannot be known."""

    id: int
    partition: int
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    reason: str
    count: str | None = None


class Progress(Struct, frozen=True, tag_field="type", tag="progress"):
    """Everything below these next offsets was delivered or does not pass the filter."""

    id: int
    positions: dict[str, str]


class TierCounts(Struct, frozen=True):
    """Records delivered from each tier."""

    memory: str
    retained: str
    log: str


class ReplayComplete(Struct, frozen=True, tag_field="type", tag="replay_complete"):
    """The one verdict on a subscribe."""

    id: int
    outcome: str
    delivered: str
    gaps: int
    positions: dict[str, str]
    tiers: TierCounts


def nothing_delivered(subscription: int, outcome: str) -> ReplayComplete:
    """Return the verdict on a subscribe that came to nothing."""
    return ReplayComplete(subscription, outcome, "0", 0, {}, TierCounts("0", "0", "0"))


class State(Struct, frozen=True, tag_field="type", tag="state", omit_defaults=True):
    """How the subscription is being served from now on."""

    id: int
    state: str
    partition: int | None = None
    reason: str | None = None


class Error(Struct, frozen=True, tag_field="type", tag="error", omit_defaults=True):
    """A client frame was refused, or a subscription failed."""

    code: str
    message: str
    retryable: bool
    id: int | None = None
    details: dict[str, Any] = {}


class Closing(Struct, frozen=True, tag_field="type", tag="closing"):
    """The gateway closes next, for this reason."""

    reason: str
    retry_after_ms: int


class Expiring(Struct, frozen=True, tag_field="type", tag="expiring"):
    """The client's token expires after this time: ``auth`` with a newer one lets it stay."""

    in_ms: int


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to ping."""

    t: int | float | str


ServerFrame = Welcome | Subscribed | Gap | Progress | ReplayComplete | State | Error | Closing | Expiring | Pong


class _Tagged(Struct):
    type: str


_encoder = msgspec.json.Encoder()
_client_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_server_decoder: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_tag_decoder = msgspec.json.Decoder(_Tagged)
_CLIENT_TYPES = frozenset({"hello", "subscribe", "ack", "unsubscribe", "ping", "auth"})
_SERVER_TYPES = frozenset(
    {"welcome", "subscribed", "gap", "progress", "replay_complete", "state", "error", "closing", "expiring", "pong"}
)


def encode(frame: ClientFrame | ServerFrame) -> bytes:
    """Return a frame as JSON text in UTF-8."""
    return _encoder.encode(frame)


def decode_client(data: bytes | str) -> ClientFrame:
    """Return the frame that a client sent.

    Raises:
        ProtocolError: ``reason`` is ``unknown_type`` for a well-formed frame of a type that clients do not
            send, ``bad_frame`` for everything else.
    """
    try:
        return _client_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(data, error, _CLIENT_TYPES) from error


def decode_server(data: bytes | str) -> ServerFrame:
    """Return the frame that a gateway sent; fields that this version does not know are ignored.

    Raises:
        ProtocolError: as for ``decode_client``.
    """
    try:
        return _server_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(data, error, _SERVER_TYPES) from error


def _refusal(data: bytes | str, error: Exception, known: frozenset[str]) -> ProtocolError:
    try:
        tag = _tag_decoder.decode(data).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ProtocolError(ErrorCode.BAD_FRAME, _bounded(str(error)))
    if tag in known:
        return ProtocolError(ErrorCode.BAD_FRAME, _bounded(str(error)))
    return ProtocolError(ErrorCode.UNKNOWN_TYPE, _bounded(f"no frame is called {tag!r}"))


def _bounded(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
