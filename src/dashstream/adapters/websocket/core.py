"""The ``websockets`` library's sans-I/O core as the gateway uses it, and the head of the frames that bypass it."""

from __future__ import annotations

from websockets.frames import CloseCode as WebSocketCode
from websockets.protocol import State
from websockets.server import ServerProtocol

from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, ErrorCode

SUBPROTOCOL = "dashstream.v2"


class Core(ServerProtocol):
    """One connection's WebSocket. A message above ``max_size`` ends it with a code that says: do not come back so.

    The standard's own code for that says nothing about coming back, and a client that resumes after any cut would
    send the same message again for ever.
    """

    is_too_large = False

    def __init__(self, max_size: int) -> None:
        super().__init__(subprotocols=[SUBPROTOCOL], max_size=max_size)  # type: ignore[list-item]  # a NewType of str
        self._max_size = max_size

    def fail(self, code: int, reason: str = "") -> None:
        if code == WebSocketCode.MESSAGE_TOO_BIG and self.state is State.OPEN:
            self.is_too_large = True
            code, reason = CloseCode.TOO_LARGE, f"a message is larger than {self._max_size} bytes"
            self.send_text(control.encode(control.Error(ErrorCode.TOO_LARGE, reason, retryable=False)))
            self.send_text(control.encode(control.Closing(reason=reason, retry_after_ms=0)))
        super().fail(code, reason)

    @property
    def has_failed(self) -> bool:
        """Whether it ended the connection without the peer's consent: the peer may still be sending."""
        return self.state is State.CLOSING and self.close_rcvd is None and self.eof_sent


def is_utf8(data: bytes) -> bool:
    """Whether a text frame is text (RFC 6455, 8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def frame_head(size: int) -> bytes:
    """Return the head of a final, unmasked binary frame (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x82, size))
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2)
    return b"\x82\x7f" + size.to_bytes(8)
