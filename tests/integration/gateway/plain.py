"""A client made of a plain socket, which does as it is told: stalls, talks rubbish, or vanishes."""

from __future__ import annotations

import json
import socket
from typing import Any

from dashstream.adapters.websocket.server import Connection
from integration.gateway.serving import TOKEN, Served

HELLO = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": "n", "version": "0"}, "token": TOKEN}
SUBSCRIBE = {"type": "subscribe", "id": 1, "start": {"from": "earliest"}}


def frame(data: bytes, opcode: int = 1) -> bytes:
    """Return a client's frame, masked with zeros."""
    size = len(data)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2)
    return bytes((0x80 | opcode,)) + length + bytes(4) + data


def said(*frames: dict[str, Any]) -> bytes:
    return b"".join(frame(json.dumps(item).encode()) for item in frames)


def address(served: Served) -> tuple[str, int]:
    host, port = served.url.removeprefix("http://").split(":")
    return host, int(port)


def upgrade(served: Served) -> bytes:
    host, port = address(served)
    return (
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: dashstream.v2\r\n\r\n"
    ).encode()


def raw(served: Served, *, receive_bytes: int = 4_096) -> socket.socket:
    """Connect with a small receive buffer; nothing is said yet."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    plain.settimeout(10)
    plain.connect(address(served))
    return plain


def read_until(plain: socket.socket, end: bytes) -> bytes:
    heard = b""
    while end not in heard:
        piece = plain.recv(1)
        assert piece, heard
        heard += piece
    return heard


def stalled(served: Served, *frames: dict[str, Any]) -> socket.socket:
    """Connect, say hello and ``frames``, and read nothing but the handshake."""
    plain = raw(served)
    plain.sendall(upgrade(served))
    read_until(plain, b"\r\n\r\n")
    plain.sendall(said(HELLO, *frames))
    return plain


def buffered(served: Served) -> list[int]:
    """Bytes that wait for each client in this process, sent and received ones."""
    return [
        connection._transport.get_write_buffer_size() + len(connection._unread)
        for connection in served.gateway.connections
        if isinstance(connection, Connection) and connection._transport is not None
    ]
