"""A gateway's fan-out alone, as a process: log in memory, pump, ring, hub and WebSocket, the product's own.

``_fanout_server.py CLIENTS RATE BYTES SECONDS``: prints its port, waits until the clients follow, appends RATE records
a second, and prints its CPU seconds, what was delivered, its ticks, and when which record was appended.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.system_clock import SystemClock
from dashstream.adapters.websocket.native import Lanes, library
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
from dashstream.engine.subscription import Subscription
from dashstream.protocol.effects import ServerIdentity
from dashstream.protocol.framing import Limits
from dashstream.protocol.gen import dashstream_pb2 as pb

TOKEN = "token-of-the-benchmark"  # noqa: S105  # of a server that lives for seconds
PACE_S = 0.001


class CountingHub(Hub):
    """The hub, with its ticks counted, and who follows it."""

    ticks = 0

    @property
    def members(self) -> list[Subscription]:
        for member in self._members:
            self.settle(member)
        return list(self._members)

    def _tick(self) -> None:
        self.ticks += 1
        super()._tick()


def record_of(size: int) -> bytes:
    """Return a framed record of just that size."""
    header = pb.Header(message_id=b"0" * 16, thread_id="t", run_id="r", type=pb.MESSAGE_TYPE_EVENT, schema_version=1)
    event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS)
    value = b""
    for length in range(size):
        event.attributes["text"].string_value = "x" * length
        value = b"\x00" + pb.DashStreamMessage(event=event).SerializeToString()
        if len(value) >= size:
            break
    return value


async def feed(log: MemoryLog, value: bytes, rate: int, seconds: float) -> list[tuple[float, int]]:
    """Append records; return when, and how many there were then."""
    stamps, made, began = [], 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - made
        if due:
            made += due
            stamps.append((time.monotonic(), made))
            await log.append([NewRecord(b"t", value, 1)] * due)
        await asyncio.sleep(PACE_S)
    return stamps


async def main() -> None:
    clients, rate, size, seconds = (int(given) for given in sys.argv[1:])
    limits, metrics, ring = ClientLimits(), NoMetrics(), Ring(RingLimits())
    log = MemoryLog(LogLimits(partitions=1))
    hub = CountingHub(ring, limits, metrics)
    pump = IngestPump(log, ring, hub, IngestLimits(), metrics)
    services = DeliveryServices(log, ring, hub, None, limits, Limits(), asyncio.Semaphore(limits.concurrent_log_reads))
    connections = Connections(
        services,
        Admission(
            StaticTokenAuth(TOKEN),
            AdmissionLimits(max_connections_per_address=limits.max_connections),
            limits.max_connections,
            SystemClock(),
            metrics,
        ),
        ServerIdentity("0", "bench", log.topic, log.epoch, 1, 1),
        max_record_bytes=1 << 20,
        allowed_hosts=(),
        metrics=metrics,
        sends=Sends(metrics),
        lanes=Lanes(library()),
    )
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(connections, set()), "127.0.0.1", 0, backlog=1_024
    )
    await pump.start()
    running = [asyncio.create_task(pump.run()), asyncio.create_task(connections.sweep_forever())]
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while len(hub) < clients:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.05)
    value = record_of(size)
    cpu, hub.ticks = time.process_time(), 0
    stamps = await feed(log, value, rate, seconds)
    while not all(member.arrival == ring.end for member in hub.members):  # noqa: ASYNC110  # as above
        await asyncio.sleep(0.05)
    spent, ticks = time.process_time() - cpu, hub.ticks
    sys.stdout.write(json.dumps({"cpu": spent, "ticks": ticks, "stamps": stamps, "bytes": len(value)}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until whoever started this has seen everything arrive
    for task in running:
        task.cancel()
    server.close()
    for connection in connections:
        connection.abort()


asyncio.run(main())
