"""The way out of one connection: straight to its socket while nothing waits, and through the transport otherwise.

``transport.writelines`` of Python 3.11 copies what it is given for every client. A page is the same for many, so its
bytes go from where they are to the socket. What the socket does not take becomes the transport's, to whom everything
goes until it holds nothing more: so the bytes keep their order, and its buffer is what a client has not taken, as if
all had passed through it. An error is left to the transport too, which is given the same bytes, meets the same error
and ends the connection as it ends any.

Who sends to many sockets at one stroke must know at once when one of them is clear no more: ``on_hold``.

A connection under TLS has no such way: its bytes must pass through the transport.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable

from dashstream.engine.limits import ClientLimits


class Outlet:
    """Writes of one connection, in order. Belongs to the transport's event loop, and ends with the transport."""

    __slots__ = ("_fileno", "_holds", "_on_hold", "_socket", "_transport")

    def __init__(
        self, transport: asyncio.Transport, limits: ClientLimits, on_hold: Callable[[], None] = lambda: None
    ) -> None:
        """``on_hold`` is called whenever something was written and the outlet is not clear after it."""
        self._transport = transport
        self._on_hold = on_hold
        self._socket = found = transport.get_extra_info("socket")
        self._holds = True
        self._fileno: Callable[[], int] = _nowhere
        if found is not None and transport.get_extra_info("sslcontext") is None and hasattr(os, "writev"):
            # Asked at every write: a closed socket answers -1, while the number it had may be another one's by then.
            self._fileno = found.fileno
        transport.set_write_buffer_limits(high=limits.write_buffer_bytes)
        if found is not None and limits.notsent_bytes and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, limits.notsent_bytes)

    @property
    def socket_number(self) -> int:
        """The number of the socket that its bytes go to as they are; -1 if there is none, or none any more."""
        return self._fileno()

    @property
    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._transport.is_closing()

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits before what is written next, and that can be written."""
        return not self._transport.get_write_buffer_size() and not self._transport.is_closing()

    def send(self, head: bytes, body: bytes) -> None:
        """Write ``head`` and ``body`` one after the other. Copies only what the socket does not take at once."""
        if self._holds and not self._is_empty():
            self._transport.writelines((head, body))
            self._note_hold()
            return
        try:
            sent = os.writev(self._fileno(), (head, body))
        except OSError:
            sent = 0
        if sent < len(head) + len(body):
            self.send_rest(head, body, sent)

    def send_rest(self, head: bytes, body: bytes, sent: int) -> None:
        """Write what is left of ``head`` and ``body`` after the ``sent`` bytes of them that the socket took."""
        left = sent - len(head)
        if left < 0:
            self._transport.writelines((head[sent:], body))
        else:
            self._transport.write(memoryview(body)[left:])
        self._note_hold()

    def write(self, data: bytes) -> None:
        """Write ``data`` after all that was written before."""
        self._transport.write(data)
        self._note_hold()

    def end(self, *, is_heard: bool) -> None:
        """End the stream after what was written; ``is_heard``: the peer may go on sending while it reads that."""
        if is_heard and self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection at once, kernel buffers included."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _note_hold(self) -> None:
        self._holds = True
        if not self.is_clear:
            self._on_hold()

    def _is_empty(self) -> bool:
        """Whether the transport holds nothing, so that the socket is next."""
        self._holds = self._fileno is _nowhere or self._transport.get_write_buffer_size() > 0
        return not self._holds


def _nowhere() -> int:
    """Return the number of no socket."""
    return -1
