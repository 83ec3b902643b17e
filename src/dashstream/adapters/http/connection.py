"""The HTTP side of one connection: uvicorn's, with bounds on what comes before a request is known
and on how long an answer waits to be read.

Whoever connects and says nothing, says it a byte at a time, sends headers without end, or does not read its answer
would hold a descriptor or memory for as long as it likes. A body that is wanted has its own bounds, see
``records_routes``; one that nobody wants, because the answer is given already, ends the connection after the same time.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashstream.adapters.http.limits import HttpLimits
from dashstream.engine.sends import SendPath, Sends

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers: far more than a browser sends. What arrives together with the last of it is not counted."""
PROGRESS_BYTES = 64 * 1024
"""What a peer has to read of an answer within each send timeout; a single byte now and then is no reading."""
REFUSAL = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def http_protocol_class(limits: HttpLimits, timeout_s: float, counts: Sends) -> type[asyncio.Protocol]:
    """Return the class that uvicorn makes one object of per connection (``Config(http=...)``).

    ``timeout_s``: how long an answer waits to be read.
    """

    class BoundConnection(HttpConnection):
        head_timeout_s = limits.head_timeout_s
        body_timeout_s = limits.body_timeout_s
        send_timeout_s = timeout_s
        sends = counts

    return BoundConnection


class HttpConnection(HttpToolsProtocol):
    """One connection; it may become a WebSocket's."""

    head_timeout_s: float
    body_timeout_s: float
    send_timeout_s: float
    sends: Sends
    _unread_bytes = 0
    _send_deadline: asyncio.TimerHandle | None = None
    _body_deadline: asyncio.TimerHandle | None = None
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0, low=0)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        self._have_body()
        if exc is not None and self._is_answering:
            self.sends.note_failure(SendPath.HTTP)
        self._have_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        self._have_read()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse("431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._have_head()
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._await_body()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._have_body()
        super().on_message_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(self.head_timeout_s, self._refuse, "408 Request Timeout")

    def _have_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _await_body(self) -> None:
        self._body_deadline = self.loop.call_later(self.body_timeout_s, self._judge_body)

    def _have_body(self) -> None:
        if self._body_deadline is not None:
            self._body_deadline.cancel()
            self._body_deadline = None

    def _judge_body(self) -> None:
        """Let go of whoever has more to send, unless its request is still being answered: that has its own bounds."""
        if self._is_answering:
            self._await_body()
        else:
            self._body_deadline = None
            self.transport.close()

    @property
    def _is_answering(self) -> bool:
        if self._send_deadline is not None:
            return True
        return self.cycle is not None and not self.cycle.response_complete

    def _await_reading(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._send_deadline = self.loop.call_later(self.send_timeout_s, self._judge_reading)

    def _have_read(self) -> None:
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None

    def _judge_reading(self) -> None:
        if self.transport.get_write_buffer_size() <= self._unread_bytes - PROGRESS_BYTES:
            self._await_reading()
            return
        self._send_deadline = None
        self.sends.note_timeout(SendPath.HTTP)
        # Without this the kernel keeps what it has taken, for as long as the peer is there and does not read.
        if found := self.transport.get_extra_info("socket"):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _refuse(self, status: str) -> None:
        self._have_head()
        if not self.transport.is_closing():
            if self._head_bytes:  # a browser opens connections ahead of need: an answer there would be one to nothing
                self.transport.write(REFUSAL.format(status).encode())
            self.transport.close()
