"""The WebSocket side of the gateway: one protocol object per connection, driven by the transport.

Conformance (handshake, fragmentation, ping, close) is the ``websockets`` library's sans-I/O core; what a frame
means is ``protocol.session``; what is delivered is the engine's. This module only moves bytes between them. Data
frames bypass the core: their shared body goes out as it is (RFC 6455, 5.2: a server's frames are not masked).

What a client may cost: its frames are taken in small pieces, only while it stays within its rate and reads what it
is sent, so neither its answers nor its own bytes pile up here. A connection keeps its place in the registry until its
transport is gone, and one that ends has as long for that as a client that does not read.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from websockets.frames import CloseCode as WebSocketCode
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State

from dashstream.adapters.websocket.core import Core, Messages, data_head, is_utf8
from dashstream.adapters.websocket.outlet import Outlet
from dashstream.adapters.websocket.registry import Connections
from dashstream.engine.access import Principal
from dashstream.engine.deliveries import Deliveries
from dashstream.engine.page import Page
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import Lane
from dashstream.errors import LogError, OverloadedError, UnauthenticatedError
from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, ErrorCode
from dashstream.protocol.effects import Authenticate, Close, Credit, Effect, End, Open, Reauthenticate, Send
from dashstream.protocol.position import PositionFault
from dashstream.protocol.session import ServerSession

PIECE_BYTES = 4_096
"""Bytes that are taken from a client at once: bounds the answers that are made before anybody looks again."""
TOO_LATE = {
    CloseCode.SLOW: "nothing was acknowledged for too long",
    CloseCode.REPLAY_TIMEOUT: "the replay took too long",
}

_log = structlog.get_logger(__name__)


class Connection(asyncio.Protocol):
    """One connection. Implements the engine's ``Sink``."""

    def __init__(self, connections: Connections, server_connections: set[Any]) -> None:
        self._connections = connections
        self._server_connections = server_connections
        self._limits = connections.limits
        self._loop = asyncio.get_running_loop()
        self._core = Core(self._limits.max_frame_bytes)
        self._transport: asyncio.Transport | None = None
        self._outlet: Outlet | None = None
        name = uuid.uuid4().hex
        self._session = ServerSession(connections.session_limits, connections.identity, name, now=self._loop.time())
        self._refusals = connections.refusals.of_connection(name)
        self._deliveries: Deliveries | None = None
        self._entrance = connections.entrance_for(None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._unread = bytearray()
        self._messages = Messages()
        self._path = SendPath.CONTROL
        self._paused_since: float | None = None
        self.is_writable = False
        self._ending_since: float | None = None
        self._last_heard = self._swept_at = self._loop.time()
        self._ping_sent_at: float | None = None
        self._frame_budget = self._limits.frames_per_s

    # --- transport callbacks -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what asyncio promises for a stream
        self._transport = transport
        self._outlet = Outlet(transport, self._limits, self._hold)
        self._entrance = self._connections.entrance_for(transport.get_extra_info("peername"))
        self._server_connections.add(self)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._last_heard = self._loop.time()
        self._ping_sent_at = None
        self._unread += data
        self._read()

    def eof_received(self) -> None:
        self._core.receive_eof()
        self._take_events()
        self._flush(SendPath.CLOSE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = self._outlet = None
        self.is_writable = False
        self._release()
        if exc is not None:
            self._connections.sends.note_failure(self._path)
        self._entrance.leave()
        self._connections.discard(self)
        self._server_connections.discard(self)

    def pause_writing(self) -> None:
        self._paused_since = self._loop.time()
        self.is_writable = False
        self._read()

    def resume_writing(self) -> None:
        self._paused_since = None
        self._note_writable()
        self._read()
        if self._deliveries is not None:
            # Not in here: asyncio ends a transport twice if what is written from within this callback fails.
            self._loop.call_soon(self._deliveries.wake)

    def shutdown(self) -> None:
        """uvicorn stops: say when to come back, then close."""
        self.drain(self._limits.drain_retry_ms)

    # --- the engine's sink ---------------------------------------------------------------------------------

    @property
    def is_clear(self) -> bool:
        return self.is_writable and self._outlet is not None and self._outlet.is_clear

    @property
    def lane(self) -> Lane:
        return self._connections.lanes.lane(self.socket_number, self._session.compression)

    @property
    def socket_number(self) -> int:
        return -1 if self._outlet is None else self._outlet.socket_number

    def send_control(self, frame: control.ServerFrame) -> None:
        if self._core.state is State.OPEN:
            self._core.send_text(control.encode(frame))
            self._flush(SendPath.CONTROL)

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        head, body = self._frame(subscription, first_delivery, page)
        if self._outlet is not None:
            self.note_path(path)
            self._outlet.send(head, body)
        return len(body)

    def send_rest(self, subscription: int, first_delivery: int, page: Page, sent: int) -> None:
        if self._outlet is not None:
            self.note_path(SendPath.LIVE)
            self._outlet.send_rest(*self._frame(subscription, first_delivery, page), sent)

    def note_path(self, path: SendPath) -> None:
        if self._paused_since is None or path is SendPath.CLOSE:
            self._path = path

    def refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool
    ) -> None:
        self._perform(self._session.refused_subscription(subscription, code, message, details, retryable=retryable))

    def note_faults(self, faults: Mapping[PositionFault, int]) -> None:
        self._refusals.note(faults.items())

    def release(self, subscription: int) -> None:
        self._session.ended(subscription)

    # --- called by the registry ----------------------------------------------------------------------------

    @property
    def is_slow(self) -> bool:
        return self._paused_since is not None

    @property
    def apply_lag_s(self) -> float:
        return 0.0 if self._deliveries is None else self._deliveries.apply_lag_s

    @property
    def is_hurried(self) -> bool:
        """Whether one of its short deadlines runs: it is no client yet or no more, or not heard at the moment."""
        return not (self.is_writable and self._frame_budget > 0 and self._session.is_ready)

    def sweep(self, now: float) -> None:
        """Enforce every deadline of the connection: some times a second while it is hurried, and now and then."""
        limits, was_heard = self._limits, self._is_heard
        earned, self._swept_at = (now - self._swept_at) * limits.frames_per_s, now
        self._frame_budget = min(limits.frames_per_s, self._frame_budget + earned)
        if not was_heard:
            self._last_heard, self._ping_sent_at = now, None
            self._read()
        self._perform(self._session.tick(now))
        if self._is_ending:
            if self._ending_since is None:  # one bound: who does not read already has no second one for the close
                self._ending_since = now if self._paused_since is None else self._paused_since
            elif now - self._ending_since > limits.send_timeout_s:
                self._time_out(SendPath.CLOSE)
            return
        if self._core.state is State.CONNECTING and now - self._last_heard > limits.hello_timeout_s:
            self.abort()
        elif self._paused_since is not None and now - self._paused_since > limits.send_timeout_s:
            self._time_out(self._path)
        elif self._ping_sent_at is not None and now - self._ping_sent_at > limits.ping_timeout_s:
            self._time_out(SendPath.PING)
        elif (
            self._core.state is State.OPEN
            and self._ping_sent_at is None
            and now - self._last_heard > limits.ping_interval_s
        ):
            self._ping_sent_at = now
            self._core.send_ping(b"")
            self._flush(SendPath.PING)

    def send_progress(self, now: float) -> None:
        if self._deliveries is None or not self.is_writable:
            return
        self._deliveries.send_progress()
        if code := self._deliveries.too_late(now):
            self._perform(self._session.close(code, TOO_LATE[code]))

    def send_pauses(self) -> None:
        if self._deliveries is not None:
            self._deliveries.send_pauses()

    def drain(self, retry_after_ms: int) -> None:
        """Tell the client when to come back, and close."""
        self._perform(self._session.close(CloseCode.GOING_AWAY, "the gateway stops", retry_after_ms=retry_after_ms))

    # --- frames in -----------------------------------------------------------------------------------------

    @property
    def _is_heard(self) -> bool:
        """Whether the client may send now: it is within its rate and reads what it is sent."""
        return self._frame_budget > 0 and self._paused_since is None

    def _read(self) -> None:
        """Take what has come, for as long as the client is heard; hear nothing more while something waits."""
        while self._unread and self._is_heard:
            piece = bytes(self._unread[:PIECE_BYTES])
            del self._unread[:PIECE_BYTES]
            self._core.receive_data(piece)
            self._flush(SendPath.PONG)
            self._take_events()
            self._flush(SendPath.CONTROL)
        if self._transport is None:
            return
        if self._unread or not self._is_heard:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _take_events(self) -> None:
        if self._core.is_too_large:
            self._core.is_too_large = False
            self._refusals.note([(ErrorCode.TOO_LARGE, 1)])
        for event in self._core.events_received():
            if isinstance(event, Request):
                self._core.send_response(self._entrance.answer(event, self._core))
            elif isinstance(event, Frame):
                self._take_frame(event)

    def _take_frame(self, frame: Frame) -> None:
        self._frame_budget -= 1
        if (data := self._messages.take(frame)) is not None:
            self._take_message(data)

    def _take_message(self, data: bytes) -> None:
        now = self._loop.time()
        if self._messages.opcode is Opcode.BINARY:
            self._perform(self._session.receive_binary(now))
        elif is_utf8(data):
            self._session.note_partitions(self._connections.services.log.partition_count)
            self._perform(self._session.receive(data, now))
        else:
            self._refusals.note([(ErrorCode.BAD_FRAME, 1)])
            self._core.fail(WebSocketCode.INVALID_DATA, "text that is not UTF-8")

    # --- effects -------------------------------------------------------------------------------------------

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(frame):
                    self.send_control(frame)
                case Authenticate(token):
                    self._start(self._welcome(token))
                case Reauthenticate(token):
                    self._renew(token)
                case Open(request):
                    self._opened().open(request)
                case Credit(subscription, positions):
                    self._opened().credit(subscription, positions)
                case End(subscription):
                    self._opened().end(subscription)
                case Close():
                    self._close(effect)
        self._refusals.note(self._session.take_refusals().items())

    def _opened(self) -> Deliveries:
        if self._deliveries is None:
            self._deliveries = Deliveries(self._connections.services, self, self._session.max_batch_bytes)
        return self._deliveries

    async def _welcome(self, token: str | None) -> None:
        asked = self._loop.time()
        principal = self._authenticated(token)
        if principal is None:
            return
        try:
            marks = await self._connections.services.log.watermarks()
        except LogError as error:
            _log.warning("cannot welcome", error=str(error))
            self._perform(self._session.close(CloseCode.GOING_AWAY, "the log cannot be read", retry_after_ms=1000))
            return
        ranges = [control.PartitionRange(p, str(mark.low), str(mark.high)) for p, mark in sorted(marks.items())]
        self._perform(self._session.welcome(principal.tenants, ranges, asked, valid_s=principal.valid_s))

    def _renew(self, token: str) -> None:
        principal = self._authenticated(token)
        if principal is not None:
            self._perform(self._session.renewed(principal.tenants, self._loop.time(), valid_s=principal.valid_s))

    def _authenticated(self, token: str | None) -> Principal | None:
        """Return whom a token is for; None once the client was told why it is for nobody."""
        try:
            return self._entrance.authenticate(token)
        except UnauthenticatedError as error:
            self._perform(self._session.refuse(str(error)))
        except OverloadedError as error:
            wait_ms = round(error.retry_after_s * 1_000)
            self._perform(self._session.close(CloseCode.GOING_AWAY, str(error), retry_after_ms=wait_ms))
        return None

    def _close(self, effect: Close) -> None:
        if self._core.state is State.OPEN:
            self._core.send_text(
                control.encode(control.Closing(reason=effect.reason, retry_after_ms=effect.retry_after_ms))
            )
            self._core.send_close(effect.code, effect.reason[:100])
        self._flush(SendPath.CLOSE)

    def _start(self, job: Any) -> None:
        self._tasks.add(task := self._loop.create_task(job))
        task.add_done_callback(self._tasks.discard)

    # --- the way out ---------------------------------------------------------------------------------------

    @property
    def _is_ending(self) -> bool:
        return self._core.state >= State.CLOSING

    def _flush(self, path: SendPath) -> None:
        """Write what the core wants written; an empty piece means the end of the stream."""
        for data in self._core.data_to_send():
            if self._outlet is None or self._outlet.is_closing:
                break
            if self._deliveries is not None:
                self._deliveries.settle()
            self.note_path(SendPath.CLOSE if self._is_ending else path)
            if data:
                self._outlet.write(data)
            else:  # what a peer at fault still sends is thrown away, so that it reads why
                self._outlet.end(is_heard=self._core.has_failed)
        self._note_writable()
        if self._is_ending:
            self._release()

    def _frame(self, subscription: int, first_delivery: int, page: Page) -> tuple[bytes, bytes]:
        """Return a page's frame: what is the client's own, and what it shares."""
        body = page.payload(compression=self._session.compression is not None)
        return data_head(subscription, first_delivery, len(body), compressed=body is not page.body), body

    def _hold(self) -> None:
        """Something waits on its way out."""
        if self._deliveries is not None:
            self._deliveries.hold()

    def _note_writable(self) -> None:
        """Keep what every page asks for; to be called when anything of it has changed."""
        self.is_writable = self._outlet is not None and self._paused_since is None and self._core.state is State.OPEN

    def _release(self) -> None:
        """Stop all that is done for the client."""
        for task in self._tasks:
            task.cancel()
        if self._deliveries is not None:
            self._deliveries.close()
            self._deliveries = None

    def _time_out(self, path: SendPath) -> None:
        self._connections.sends.note_timeout(path)
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once, kernel buffers included."""
        if self._outlet is not None:
            self._outlet.abort()
            self._release()
