"""Clients that go as far as a phase of the protocol and vanish; and the descriptors that a process holds."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from pathlib import Path

from integration.gateway.plain import HELLO, SUBSCRIBE, frame, raw, read_until, said, upgrade
from integration.gateway.serving import Served

PHASES: dict[str, Callable[[socket.socket, Served], None]] = {
    "connected": lambda plain, served: None,
    "in_the_request": lambda plain, served: plain.sendall(upgrade(served)[:60]),
    "upgrade_asked": lambda plain, served: plain.sendall(upgrade(served)),
    "upgraded": lambda plain, served: _upgraded(plain, served, b""),
    "in_a_frame": lambda plain, served: _upgraded(plain, served, said(HELLO)[:20]),
    "hello_said": lambda plain, served: _upgraded(plain, served, said(HELLO)),
    "subscribed": lambda plain, served: _upgraded(plain, served, said(HELLO, SUBSCRIBE)),
    "in_the_replay": lambda plain, served: _upgraded(plain, served, said(HELLO, SUBSCRIBE), read=b"\x82"),
    "refused": lambda plain, served: _upgraded(plain, served, said(SUBSCRIBE)),
    "closing": lambda plain, served: _upgraded(plain, served, said(HELLO) + frame(b"\x03\xe8", opcode=8)),
}


def _upgraded(plain: socket.socket, served: Served, data: bytes, *, read: bytes = b"") -> None:
    plain.sendall(upgrade(served))
    read_until(plain, b"\r\n\r\n")
    plain.sendall(data)
    if read:
        read_until(plain, read)


def abort(served: Served, phase: str, times: int) -> None:
    """Go as far as the phase and vanish: by a reset and by a plain end in turn."""
    for number in range(times):
        plain = raw(served)
        PHASES[phase](plain, served)
        if number % 2:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.close()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
