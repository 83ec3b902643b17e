"""A client whose buffer has drained is brought up by the loop, not from within the transport's callback.

asyncio's transport looks at itself again after that callback; a write in there that fails would end it twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.system_clock import SystemClock
from dashstream.adapters.websocket.native import Lanes
from dashstream.adapters.websocket.registry import Connections
from dashstream.adapters.websocket.server import Connection
from dashstream.app.auth import StaticTokenAuth
from dashstream.engine.admission import Admission, AdmissionLimits
from dashstream.engine.deliveries import DeliveryServices
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.limits import ClientLimits, IngestLimits, LogLimits, RingLimits
from dashstream.engine.ports import NewRecord, NoMetrics
from dashstream.engine.ring import Ring
from dashstream.engine.sends import Sends
from dashstream.protocol.effects import ServerIdentity
from dashstream.protocol.framing import Limits
from data_dirs import run_records

TURNS = 200
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: dashstream.v2\r\nAuthorization: Bearer token-of-the-test\r\n\r\n"
)


class Wire(asyncio.Transport):
    """A transport that takes everything and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""

    @property
    def data_frames(self) -> int:
        return sum(frame[0] == 0x82 for frame in self.sent)


def masked(frame: dict[str, Any]) -> bytes:
    """Return a text frame as a client sends it, under a mask that changes nothing."""
    text = json.dumps(frame).encode()
    return bytes((0x81, 0xFE)) + len(text).to_bytes(2, "big") + bytes(4) + text


async def turns_until(condition: Any) -> None:
    for _ in range(TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not come")


async def test_what_waited_for_a_slow_client_is_sent_after_the_callback() -> None:
    log, ring, metrics, limits = MemoryLog(LogLimits(partitions=1)), Ring(RingLimits()), NoMetrics(), ClientLimits()
    hub = Hub(ring, limits, metrics)
    pump = IngestPump(log, ring, hub, IngestLimits(), metrics)
    await pump.start()
    pumping = asyncio.create_task(pump.run())
    connections = Connections(
        DeliveryServices(log, ring, hub, None, limits, Limits(), asyncio.Semaphore(1)),
        Admission(StaticTokenAuth("token-of-the-test"), AdmissionLimits(), 10, SystemClock(), metrics),
        ServerIdentity("0", "test", log.topic, log.epoch, 1, 1),
        max_record_bytes=1 << 20,
        allowed_hosts=(),
        metrics=metrics,
        sends=Sends(metrics),
        lanes=Lanes(None),
    )
    wire, connection = Wire(), Connection(connections, set())
    connection.connection_made(wire)
    connection.data_received(HANDSHAKE)
    connection.data_received(
        masked({"type": "hello", "protocol": "dashstream.v2", "client": {"name": "t", "version": "1"}})
    )
    await turns_until(lambda: any(b'"welcome"' in frame for frame in wire.sent))
    connection.data_received(masked({"type": "subscribe", "id": 1, "start": {"from": "latest"}}))
    await turns_until(lambda: len(hub) == 1)
    connection.pause_writing()
    await log.append([NewRecord(b"t", value, 1) for value in run_records(thread="t", steps=3)])
    await turns_until(lambda: ring.end > 0)
    assert wire.data_frames == 0
    connection.resume_writing()
    assert wire.data_frames == 0, "nothing is written while the transport is at work"
    await turns_until(lambda: wire.data_frames > 0)
    pumping.cancel()
    connection.connection_lost(None)
