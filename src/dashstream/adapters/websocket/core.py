"""The ``websockets`` library's sans-I/O core as the gateway uses it, and the head of the frames that bypass it."""

from __future__ import annotations

from struct import Struct

from websockets.frames import CloseCode as WebSocketCode
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from dashstream.protocol import control
from dashstream.protocol.batch import FLAG_ZSTD, VERSION, encode_frame_lead
from dashstream.protocol.codes import CloseCode, ErrorCode

SUBPROTOCOL = "dashstream.v2"
_pack_1, _pack_2, _pack_3 = (Struct(f">BBH4B{length}B").pack for length in (1, 2, 3))


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


class Messages:
    """Puts messages together from their frames."""

    def __init__(self) -> None:
        self.opcode = Opcode.TEXT
        """What the last message is, or the one that is coming."""
        self._data = bytearray()

    def take(self, frame: Frame) -> bytes | None:
        """Return the message that a frame ends, if it ends one."""
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return None
        if frame.opcode is not Opcode.CONT:
            self.opcode = frame.opcode
        self._data += frame.data
        if not frame.fin:
            return None
        data, self._data = bytes(self._data), bytearray()
        return data


def is_utf8(data: bytes) -> bool:
    """Whether a text frame is text (RFC 6455, 8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def data_head(subscription: int, first_delivery: int, size: int, *, compressed: bool) -> bytes:
    """Return what stands before the ``size`` bytes of a body that many share: the frame's head and its lead.

    It is made for each client and page, so the usual lengths are written in one step each, in half the time.
    """
    if subscription < 1 << 7 and 1 << 7 <= size < 1 << 15:
        count, flags = first_delivery, FLAG_ZSTD if compressed else 0
        if count < 1 << 7:
            return _pack_1(0x82, 0x7E, size + 5, VERSION, flags, subscription, 0x10, count)
        if count < 1 << 14:
            return _pack_2(0x82, 0x7E, size + 6, VERSION, flags, subscription, 0x10, count & 127 | 128, count >> 7)
        if count < 1 << 21:
            low, middle, high = count & 127 | 128, count >> 7 & 127 | 128, count >> 14
            return _pack_3(0x82, 0x7E, size + 7, VERSION, flags, subscription, 0x10, low, middle, high)
    lead = encode_frame_lead(subscription, first_delivery, compressed=compressed)
    return frame_head(len(lead) + size) + lead


def frame_head(size: int) -> bytes:
    """Return the head of a final, unmasked binary frame (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x82, size))
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2)
    return b"\x82\x7f" + size.to_bytes(8)
