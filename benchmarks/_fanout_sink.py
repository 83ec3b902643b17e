"""Clients that take everything and look at next to nothing, all in one process: ``_fanout_sink.py PORT CLIENTS TOKEN``.

Without a token they only read. With one they are clients of a gateway: they subscribe, and acknowledge now and then.
When standard input ends, it prints how many bytes came, and when the first client had which delivery.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

SUBPROTOCOL = "dashstream.v2"
ACK_BYTES = 1 << 20
MASK = b"\x00\x00\x00\x00"
HEAD = 24
"""Bytes of a data frame in which its own head and its delivery number are found."""


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._buffer = b""
        self._skip = 0
        self._unacknowledged = 0
        self.is_live = not token
        self.bytes = 0
        self.arrivals: list[tuple[float, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._token:
            transport.write(
                f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
            )

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        if not self._token:
            return
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        self._buffer += data[self._skip :]
        self._skip = 0
        if self._buffer.startswith(b"HTTP/1.1"):
            _, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = rest
            self._say({"type": "hello", "protocol": SUBPROTOCOL, "client": {"name": "sink", "version": "1"}})
            self._say({"type": "subscribe", "id": 1, "start": {"from": "latest"}, "window_bytes": 8 << 20})
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        """Look at the next frame if enough of it is there; a data frame's rest is passed over, unread."""
        buffer = self._buffer
        if len(buffer) < HEAD and not (len(buffer) > 1 and len(buffer) >= 2 + buffer[1]):
            return False
        size, at = buffer[1], 2
        if size == 126:
            size, at = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(buffer[2:10], "big"), 10
        end = at + size
        if buffer[0] == 0x82:
            self._take_data(buffer[at : at + 12], size)
        elif len(buffer) < end:
            return False
        elif b'"state":"live"' in buffer[at:end]:
            self.is_live = True
        self._buffer, self._skip = buffer[end:], max(0, end - len(buffer))
        return bool(self._buffer)

    def _take_data(self, lead: bytes, size: int) -> None:
        first = shift = 0
        for byte in lead[4:]:
            first |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        self.arrivals.append((time.monotonic(), first))
        self._unacknowledged += size
        if self._unacknowledged > ACK_BYTES:
            self._unacknowledged = 0
            self._say({"type": "ack", "id": 1, "positions": {"0": str(first - 1)}})

    def _say(self, frame: dict[str, object]) -> None:
        text = json.dumps(frame).encode()
        length = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + MASK + text)


async def main() -> None:
    port, count, token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    loop = asyncio.get_running_loop()
    sinks = [(await loop.create_connection(lambda: Sink(token), "127.0.0.1", port))[1] for _ in range(count)]
    ended = loop.run_in_executor(None, os.read, 0, 1)
    await ended
    told = {
        "bytes": sum(sink.bytes for sink in sinks),
        "live": sum(sink.is_live for sink in sinks),
        "frames": sum(len(sink.arrivals) for sink in sinks),
        "arrivals": sinks[0].arrivals if sinks else [],
    }
    sys.stdout.write(json.dumps(told) + "\n")


asyncio.run(main())
