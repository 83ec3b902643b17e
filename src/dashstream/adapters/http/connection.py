"""The HTTP side of one connection: uvicorn's, with bounds on what comes before a request is known.

Whoever connects and says nothing, says it a byte at a time, or sends headers without end would hold a descriptor or
memory for as long as it likes. The body has its own bounds, see ``records_routes``.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashstream.adapters.http.limits import HttpLimits

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers: far more than a browser sends. What arrives together with the last of it is not counted."""
REFUSAL = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def http_protocol_class(limits: HttpLimits) -> type[asyncio.Protocol]:
    """Return the class that uvicorn makes one object of per connection (``Config(http=...)``)."""

    class BoundConnection(HttpConnection):
        head_timeout_s = limits.head_timeout_s

    return BoundConnection


class HttpConnection(HttpToolsProtocol):
    """One connection; it may become a WebSocket's."""

    head_timeout_s: float
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        super().connection_lost(exc)

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
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(self.head_timeout_s, self._refuse, "408 Request Timeout")

    def _have_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: str) -> None:
        self._have_head()
        if not self.transport.is_closing():
            if self._head_bytes:  # a browser opens connections ahead of need: an answer there would be one to nothing
                self.transport.write(REFUSAL.format(status).encode())
            self.transport.close()
