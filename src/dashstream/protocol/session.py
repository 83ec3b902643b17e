"""The server's side of one connection, without a socket: frames in, effects out.

The caller's duties: hand over every text frame that passed the size check, and the time; perform the effects
in their order. A session never sees a record: delivery belongs to the engine, which the effects start, credit
and end.

Laws:

1. The first frame is ``hello``. What a client sends before ``welcome`` waits, a bounded number of frames.
2. A subscribe is answered by an error with its id, or by exactly one ``Open``. An error about a subscribe
   whose id is not in use is followed by ``replay_complete`` with the outcome ``refused``.
3. A principal that is bound to tenants sees only those: the filter is narrowed before anything opens.
4. Bad frames are answered; too many within a minute end the connection.
5. A token that expires is told ahead. After that nothing more opens; after its grace time the connection ends.
6. After ``Close`` nothing that the client sends has an effect.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import msgspec

from dashstream.errors import ProtocolError
from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, ErrorCode, Outcome, StartFrom
from dashstream.protocol.effects import (
    Authenticate,
    Close,
    Credit,
    Effect,
    End,
    Open,
    Reauthenticate,
    Send,
    ServerIdentity,
    SessionLimits,
    SubscribeRequest,
)
from dashstream.protocol.position import (
    ParsedPositions,
    PositionFault,
    moment_from_wire,
    parse_positions,
    parse_threads,
    positions_from_wire,
)

BAD_FRAME_WINDOW_S = 60.0
MAX_EARLY_FRAMES = 32
EXPIRED = "the token has expired"


class _Phase(Enum):
    HELLO = auto()
    AUTHENTICATING = auto()
    READY = auto()
    CLOSED = auto()


@dataclass(slots=True)
class _Refusal(Exception):  # noqa: N818  # control flow inside this module, never seen outside
    code: ErrorCode
    message: str
    details: dict[str, int | str | list[str]] = field(default_factory=dict)


class ServerSession:
    """State of one connection. ``now`` is monotonic seconds."""

    def __init__(self, limits: SessionLimits, identity: ServerIdentity, session_id: str, *, now: float) -> None:
        self._limits = limits
        self._identity = identity
        self._session_id = session_id
        self._phase = _Phase.HELLO
        self._deadline = now + limits.hello_timeout_s
        self._early: list[bytes] = []
        self._bad_frames: deque[float] = deque(maxlen=limits.bad_frames)
        self._tenants: frozenset[str] | None = None
        self._expires: float | None = None
        self._is_warned = False
        self._subscriptions: set[int] = set()
        self._refusals: Counter[ErrorCode | PositionFault] = Counter()
        self.client: control.ClientInfo | None = None
        self.compression: str | None = None
        self.max_batch_bytes = limits.max_batch_bytes

    @property
    def is_ready(self) -> bool:
        """Whether the client was welcomed and not closed."""
        return self._phase is _Phase.READY

    def take_refusals(self) -> Counter[ErrorCode | PositionFault]:
        """Return what was refused since the last call, by class: frames, and entries of refused cursors."""
        refusals, self._refusals = self._refusals, Counter()
        return refusals

    def note_partitions(self, count: int) -> None:
        """Take note of how many partitions the log has now: it may have got more since the welcome."""
        if count != self._identity.partition_count:
            self._identity = replace(self._identity, partition_count=count)

    def receive(self, data: bytes, now: float) -> list[Effect]:
        """Take one text frame."""
        if self._phase is _Phase.CLOSED:
            return []
        if self._phase is _Phase.AUTHENTICATING:
            if len(self._early) >= MAX_EARLY_FRAMES:
                return self._close(CloseCode.BAD_REQUEST, "too many frames before welcome")
            self._early.append(data)
            return []
        try:
            frame = control.decode_client(data)
        except ProtocolError as error:
            return self._bad(ErrorCode(error.reason), str(error), now)
        if self._phase is _Phase.HELLO:
            return self._hello(frame)
        return self._frame(frame, now)

    def receive_binary(self, now: float) -> list[Effect]:
        """Take note of a binary frame, which clients do not send."""
        if self._phase is _Phase.CLOSED:
            return []
        return self._bad(ErrorCode.BAD_FRAME, "clients send text frames only", now)

    def tick(self, now: float) -> list[Effect]:
        """Take note of the time: a client without a welcome by its deadline is closed, as is one whose token has
        expired and was not renewed; that one is warned ahead.
        """
        if self._phase in {_Phase.HELLO, _Phase.AUTHENTICATING} and now >= self._deadline:
            return self._close(CloseCode.UNAUTHENTICATED, "no valid hello in time")
        if self._phase is not _Phase.READY or self._expires is None:
            return []
        if now >= self._expires + self._limits.token_grace_s:
            return self.refuse(EXPIRED)
        if not self._is_warned and now >= self._expires - self._limits.token_warning_s:
            self._is_warned = True
            return [Send(control.Expiring(max(0, round((self._expires - now) * 1_000))))]
        return []

    def welcome(
        self,
        tenants: frozenset[str] | None,
        partitions: Sequence[control.PartitionRange],
        now: float,
        *,
        valid_s: float | None = None,
    ) -> list[Effect]:
        """The client is known: welcome it, then take what it sent meanwhile.

        ``valid_s``: seconds until its token expires; None: never.
        """
        if self._phase is not _Phase.AUTHENTICATING:
            return []
        self._phase = _Phase.READY
        self._tenants = tenants
        self._expires = None if valid_s is None else now + valid_s
        identity = self._identity
        effects: list[Effect] = [
            Send(
                control.Welcome(
                    protocol=control.PROTOCOL,
                    server=control.ServerInfo(identity.version, identity.instance),
                    epoch=identity.epoch,
                    topic=identity.topic,
                    partitions=list(partitions),
                    schema_version=identity.schema_version,
                    limits=self._limits.to_wire(),
                    session=self._session_id,
                    compression=self.compression,
                )
            )
        ]
        early, self._early = self._early, []
        for data in early:
            effects += self.receive(data, now)
        return effects

    def renewed(self, tenants: frozenset[str] | None, now: float, *, valid_s: float | None = None) -> list[Effect]:
        """The newer token is valid: it must not see other tenants than the first one did."""
        if tenants != self._tenants:
            return self._close(CloseCode.FORBIDDEN, "the new token is for other tenants")
        self._expires = None if valid_s is None else now + valid_s
        self._is_warned = False
        return []

    def refuse(self, message: str) -> list[Effect]:
        """The token is not valid."""
        if self._phase is _Phase.CLOSED:
            return []
        error = control.Error(code=ErrorCode.UNAUTHENTICATED, message=message, retryable=False)
        return [Send(error), *self._close(CloseCode.UNAUTHENTICATED, message)]

    def ended(self, subscription: int) -> None:
        """The engine ended a subscription; its id may be used again."""
        self._subscriptions.discard(subscription)

    def close(self, code: CloseCode, reason: str, *, retry_after_ms: int = 0) -> list[Effect]:
        """End the session from this side."""
        return self._close(code, reason, retry_after_ms)

    def _close(self, code: CloseCode, reason: str, retry_after_ms: int = 0) -> list[Effect]:
        if self._phase is _Phase.CLOSED:
            return []
        self._phase = _Phase.CLOSED
        self._early.clear()
        return [Close(code, reason, retry_after_ms)]

    def _hello(self, frame: control.ClientFrame) -> list[Effect]:
        if not isinstance(frame, control.Hello):
            self._refusals[ErrorCode.UNEXPECTED_FRAME] += 1
            error = control.Error(code=ErrorCode.UNEXPECTED_FRAME, message="the first frame is hello", retryable=False)
            return [Send(error), *self._close(CloseCode.BAD_REQUEST, "the first frame is hello")]
        if frame.protocol != control.PROTOCOL:
            self._refusals[ErrorCode.PROTOCOL_UNSUPPORTED] += 1
            error = control.Error(
                code=ErrorCode.PROTOCOL_UNSUPPORTED,
                message=f"this gateway speaks {control.PROTOCOL}",
                retryable=False,
                details={"supported": [control.PROTOCOL]},
            )
            return [Send(error), *self._close(CloseCode.BAD_REQUEST, "protocol not supported")]
        self.client = frame.client
        self.compression = next((c for c in frame.compression if c in self._limits.compressions), None)
        if frame.max_batch_bytes is not None:
            self.max_batch_bytes = min(self.max_batch_bytes, frame.max_batch_bytes)
        self._phase = _Phase.AUTHENTICATING
        return [Authenticate(frame.token)]

    def _frame(self, frame: control.ClientFrame, now: float) -> list[Effect]:
        match frame:
            case control.Ack():
                return self._ack(frame, now)
            case control.Ping(t):
                return [Send(control.Pong(t))]
            case control.Subscribe():
                return self._subscribe(frame, now)
            case control.Unsubscribe(subscription):
                if subscription not in self._subscriptions:
                    return [self._unknown(subscription)]
                self._subscriptions.discard(subscription)
                return [End(subscription)]
            case control.Renew(token):
                return [Reauthenticate(token)]
            case control.Hello():
                return self._bad(ErrorCode.UNEXPECTED_FRAME, "hello was said already", now)

    def _ack(self, frame: control.Ack, now: float) -> list[Effect]:
        if frame.id not in self._subscriptions:
            return [self._unknown(frame.id)]
        try:
            positions = positions_from_wire(frame.positions)
        except ValueError as error:
            return self._bad(ErrorCode.BAD_FRAME, str(error), now)
        if any(partition >= self._identity.partition_count for partition in positions):
            return self._bad(ErrorCode.BAD_FRAME, "an ack names a partition that is not there", now)
        return [Credit(frame.id, positions)]

    def _subscribe(self, frame: control.Subscribe, now: float) -> list[Effect]:
        if frame.id in self._subscriptions:
            return [self._error(ErrorCode.DUPLICATE_SUBSCRIPTION, f"id {frame.id} is in use", frame.id)]
        if self._expires is not None and now >= self._expires:
            return self.refused_subscription(frame.id, ErrorCode.UNAUTHENTICATED, EXPIRED, {})
        try:
            request = self._checked(frame)
        except _Refusal as refusal:
            return self.refused_subscription(frame.id, refusal.code, refusal.message, refusal.details)
        self._subscriptions.add(frame.id)
        return [Open(request)]

    def refused_subscription(
        self,
        subscription: int,
        code: ErrorCode,
        message: str,
        details: Mapping[str, int | str | list[str]],
        *,
        retryable: bool = False,
    ) -> list[Effect]:
        """Answer a subscribe that cannot be served: the error, then the one verdict."""
        self._subscriptions.discard(subscription)
        self._refusals[code] += 1
        error = control.Error(code=code, message=message, retryable=retryable, id=subscription, details=dict(details))
        return [Send(error), Send(control.nothing_delivered(subscription, Outcome.REFUSED))]

    def _checked(self, frame: control.Subscribe) -> SubscribeRequest:
        limits = self._limits
        if len(self._subscriptions) >= limits.max_subscriptions:
            raise _Refusal(
                ErrorCode.TOO_MANY_SUBSCRIPTIONS,
                f"{limits.max_subscriptions} subscriptions are the limit",
                {"limit": limits.max_subscriptions},
            )
        start, parsed = self._checked_start(frame)
        return SubscribeRequest(
            id=frame.id,
            filter=self._checked_filter(frame.filter),
            start=start,
            epoch=frame.start.epoch,
            positions=parsed.positions,
            threads=parsed.threads,
            at=moment_from_wire(frame.start.step, frame.start.sequence),
            faults=parsed.faults,
            strict=frame.strict,
            window_bytes=min(frame.window_bytes or limits.max_window_bytes, limits.max_window_bytes),
        )

    def _checked_start(self, frame: control.Subscribe) -> tuple[StartFrom, ParsedPositions]:
        wanted = frame.start
        allowed = [item.value for item in StartFrom]
        if wanted.origin not in allowed:
            raise _Refusal(ErrorCode.BAD_START, f"from is one of {', '.join(allowed)}", {"allowed": list(allowed)})
        start = StartFrom(wanted.origin)
        moments = [moment for moment in (wanted.step, wanted.sequence) if moment is not None]
        if len(moments) > (start is StartFrom.SNAPSHOT):
            raise _Refusal(ErrorCode.BAD_START, "only a snapshot takes a step, or a sequence")
        if start is not StartFrom.CURSOR:
            if wanted.positions or wanted.threads or wanted.epoch:
                raise _Refusal(ErrorCode.BAD_START, f"{start} takes no epoch, no positions and no threads")
            return start, ParsedPositions({}, {})
        parsed = self._checked_cursor(frame)
        if frame.strict and parsed.faults:
            for tally in parsed.faults.values():
                self._refusals[tally.fault] += tally.count
            raise _Refusal(
                ErrorCode.BAD_POSITIONS,
                f"{sum(tally.count for tally in parsed.faults.values())} positions cannot be used",
                {tally.fault.value: tally.count for tally in parsed.faults.values()},
            )
        return start, parsed

    def _checked_cursor(self, frame: control.Subscribe) -> ParsedPositions:
        wanted, limits = frame.start, self._limits
        if wanted.epoch is None or (wanted.positions is None) == (wanted.threads is None):
            raise _Refusal(ErrorCode.BAD_START, "cursor takes an epoch, and either positions or threads")
        if wanted.positions is not None:
            self._check_count(ErrorCode.TOO_MANY_POSITIONS, len(wanted.positions), limits.max_resume_partitions)
            return parse_positions(wanted.positions, partition_count=self._identity.partition_count)
        threads = wanted.threads or {}
        if frame.filter.threads is None:
            raise _Refusal(ErrorCode.BAD_START, "a cursor of threads needs a filter of threads")
        self._check_count(ErrorCode.TOO_MANY_THREADS, len(threads), limits.max_resume_threads)
        return parse_threads(threads, wanted=frozenset(frame.filter.threads))

    @staticmethod
    def _check_count(code: ErrorCode, count: int, limit: int) -> None:
        if count > limit:
            raise _Refusal(code, f"{count} entries; {limit} are the limit", {"limit": limit, "count": count})

    def _checked_filter(self, wanted: control.Filter) -> control.Filter:
        values = sum(len(getattr(wanted, name) or ()) for name in wanted.__struct_fields__)
        if values > self._limits.max_filter_values:
            raise _Refusal(
                ErrorCode.BAD_FILTER,
                f"{values} filter values; {self._limits.max_filter_values} are the limit",
                {"limit": self._limits.max_filter_values, "count": values},
            )
        if self._tenants is None:
            return wanted
        if wanted.tenants is None:
            return msgspec.structs.replace(wanted, tenants=sorted(self._tenants))
        if not self._tenants.issuperset(wanted.tenants):
            raise _Refusal(ErrorCode.FORBIDDEN, "a tenant in the filter is not yours")
        return wanted

    def _bad(self, code: ErrorCode, message: str, now: float) -> list[Effect]:
        self._refusals[code] += 1
        error = control.Error(code=code, message=message, retryable=False)
        self._bad_frames.append(now)
        if len(self._bad_frames) == self._limits.bad_frames and now - self._bad_frames[0] < BAD_FRAME_WINDOW_S:
            return [Send(error), *self._close(CloseCode.BAD_REQUEST, "too many bad frames")]
        return [Send(error)]

    def _unknown(self, subscription: int) -> Send:
        return self._error(ErrorCode.UNKNOWN_SUBSCRIPTION, f"there is no subscription {subscription}", subscription)

    def _error(self, code: ErrorCode, message: str, subscription: int) -> Send:
        self._refusals[code] += 1
        return Send(control.Error(code=code, message=message, retryable=False, id=subscription))
