"""What 50 clients that do not read cost 450 that do, and the gateway: latency, memory, and how soon they are gone.

Rounds without and with the stalled ones follow each other in one run, so that the ratio is of one machine in one state.
Latency is from before a record is posted to when the client has its frame; every ninth healthy client is measured. Half
of the stalled ones stop reading in a replay, half while they are live. A stalled client's time begins when the gateway
cannot send to it any more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dashstream.app import logs  # noqa: E402  # found only now
from dashstream.app.settings import LoggingSettings  # noqa: E402  # as above
from dashstream.protocol.batch import decode_frame  # noqa: E402  # as above
from dashstream.protocol.gen import dashstream_pb2 as pb  # noqa: E402  # as above
from dashstream.protocol.proto_codec import decode, encode  # noqa: E402  # as above
from integration.gateway.plain import HELLO, buffered, said, stalled, upgrade  # noqa: E402  # as above
from integration.gateway.serving import Served, records, serving  # noqa: E402  # as above

SEND_TIMEOUT_S = 6.0
ROUND_S = 5.0
MEASURED_ONE_IN = 9
LATEST = {"type": "subscribe", "id": 1, "start": {"from": "latest"}}
EARLIEST = {"type": "subscribe", "id": 1, "start": {"from": "earliest"}}
ACK_S = 2.0
LOOK_S = 0.005
SETTLE_S = 2.0


class Healthy(asyncio.Protocol):
    """A client that reads all, acknowledges all, and measures if it is told to."""

    latencies: list[float] = []  # noqa: RUF012  # all of the process's clients write to one list

    def __init__(self, request: bytes, *, measures: bool) -> None:
        self._request = request
        self._is_open = False
        self._measures = measures
        self._heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # what asyncio promises for a stream
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._is_open and not self._measures:
            return
        now_us = time.monotonic_ns() // 1_000
        self._heard += data
        if not self._is_open:
            if b"\r\n\r\n" not in self._heard:
                return
            del self._heard[: self._heard.index(b"\r\n\r\n") + 4]
            self._is_open = True
            self._transport.write(said(HELLO, LATEST))
            self._acknowledge()
        while (taken := whole_frame(self._heard)) is not None:
            body, is_data = taken
            if is_data:
                for entry in decode_frame(body).entries:
                    self.latencies.append((now_us - decode(entry.value).header.timestamp_us) / 1_000)

    def _acknowledge(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(said({"type": "ack", "id": 1, "positions": {"0": str(2**62)}}))
            asyncio.get_running_loop().call_later(ACK_S, self._acknowledge)


def whole_frame(heard: bytearray) -> tuple[bytes, bool] | None:
    """Take a frame of the gateway off what was heard, if it is whole (RFC 6455, 5.2)."""
    if len(heard) < 10:
        return None
    size, at = heard[1], 2
    if size >= 126:
        at = 4 if size == 126 else 10
        size = int.from_bytes(heard[2:at])
    if len(heard) < at + size:
        return None
    body, is_data = bytes(heard[at : at + size]), heard[0] == 0x82
    del heard[: at + size]
    return body, is_data


async def be_healthy(host: str, port: int, request: bytes, count: int) -> None:
    """Run the healthy clients; answer each line of standard input with the latencies since the last one."""
    loop = asyncio.get_running_loop()
    for number in range(count):
        measures = number % MEASURED_ONE_IN == 0
        await loop.create_connection(lambda measures=measures: Healthy(request, measures=measures), host, port)  # type: ignore[misc]  # a default that binds
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(Healthy.latencies), flush=True)
        Healthy.latencies.clear()


def stamped(sequence: int, producer: str, size: int) -> bytes:
    """A record that says when it was made, by the clock that all processes share."""
    header = pb.Header(
        message_id=uuid.uuid4().bytes,
        timestamp_us=time.monotonic_ns() // 1_000,
        tenant_id="default",
        thread_id="live",
        run_id="live",
        sequence=sequence,
        producer_id=producer,
        producer_epoch=1,
        type=pb.MESSAGE_TYPE_EVENT,
        schema_version=1,
    )
    event = pb.Event(header=header, event_type=pb.EVENT_TYPE_NODE_PROGRESS, node_id="n")
    event.attributes["padding"].string_value = uuid.uuid4().hex * (size // 32)
    return encode(pb.DashStreamMessage(event=event))


class Watch:
    """When each client got stuck and was gone, and the most that waited for one in this process."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._since: dict[Any, float] = {}
        self.closed_after: list[float] = []
        self.most_bytes = 0

    async def look_forever(self) -> None:
        while True:
            now = time.monotonic()
            there = set(self._served.gateway.connections)
            for connection in there:
                if connection.is_slow:
                    self._since.setdefault(connection, now)
            for connection in self._since.keys() - there:
                self.closed_after.append(now - self._since.pop(connection))
            self.most_bytes = max([self.most_bytes, *buffered(self._served)])
            await asyncio.sleep(LOOK_S)

    @property
    def stuck(self) -> int:
        return len(self._since)


async def produce(served: Served, rate: float, size: int) -> None:
    """Post records one by one, at a rate, until cancelled."""
    producer = uuid.uuid4().hex
    sequence, due = 0, time.monotonic()
    while True:
        sequence += 1
        await served.store([stamped(sequence, producer, size)])
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def resident_kib() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0])


async def asked(child: asyncio.subprocess.Process) -> list[float]:
    assert child.stdin  # a pipe was asked for
    assert child.stdout  # as above
    child.stdin.write(b"\n")
    return list(json.loads(await child.stdout.readline()))


async def round_of(child: asyncio.subprocess.Process) -> list[float]:
    """Return the latencies of one round, without what came while it was set up."""
    await asked(child)
    await asyncio.sleep(ROUND_S)
    return await asked(child)


async def stall(served: Served, watch: Watch, count: int) -> list[socket.socket]:
    """Let clients stop reading; return when the gateway can send to none of them."""
    kinds = [EARLIEST, LATEST] * (count // 2)
    sockets = [await asyncio.to_thread(stalled, served, kind) for kind in kinds]
    await until(lambda: watch.stuck >= count // 2)
    return sockets


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # nobody tells when
        await asyncio.sleep(LOOK_S)


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, round(len(values) * part))]


async def measured(served: Served, child: asyncio.subprocess.Process, options: argparse.Namespace) -> Table:
    watch = Watch(served)
    looking = asyncio.create_task(watch.look_forever())
    producing = asyncio.create_task(produce(served, options.rate, options.size))
    found: dict[bool, list[float]] = {False: [], True: []}
    grew: list[float] = []
    await asyncio.sleep(SETTLE_S)
    for _ in range(options.rounds):
        found[False] += await round_of(child)
        before = resident_kib()
        sockets = await stall(served, watch, options.stalled)
        found[True] += await round_of(child)
        grew.append((resident_kib() - before) / options.stalled)
        await until(lambda: len(served.gateway.connections) <= options.healthy)
        for plain in sockets:
            plain.close()
    for task in (producing, looking):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    table = Table("", "without", f"with {options.stalled} stalled", "ratio", title=f"{options.healthy} healthy clients")
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        without, with_them = percentile(found[False], part), percentile(found[True], part)
        table.add_row(f"latency {name}", f"{without:.1f} ms", f"{with_them:.1f} ms", f"{with_them / without:.2f}")
    table.add_row("deliveries measured", f"{len(found[False]):,}", f"{len(found[True]):,}", "")
    table.add_row("most bytes that waited for one", "", f"{watch.most_bytes / 1024:.0f} KiB", "")
    table.add_row("memory of the process for each", "", f"{statistics.mean(grew):.0f} KiB", "")
    latest = max(watch.closed_after)
    table.add_row(
        "closed after", "", f"{latest:.2f} s at the latest", f"{SEND_TIMEOUT_S:g} s {latest - SEND_TIMEOUT_S:+.2f} s"
    )
    table.add_row("closed for not reading", "", str(served.timeouts()), "")
    return table


async def main(options: argparse.Namespace) -> None:
    limits = {"send_timeout_s": SEND_TIMEOUT_S}
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder), client=limits, log={"partitions": 1}) as served:
            for number in range(10):
                await served.store(records(20, thread=f"old{number}", size=10_000))
            host, port = served.url.removeprefix("http://").split(":")
            arguments = ["--be-healthy", host, port, upgrade(served).hex(), str(options.healthy)]
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(
                sys.executable, __file__, *arguments, stdin=pipe, stdout=pipe, limit=1 << 28
            )
            assert child.stdout  # a pipe was asked for
            await child.stdout.readline()
            await served.connected(options.healthy)
            table = await measured(served, child, options)
            child.terminate()
            await child.wait()
    Console().print(table)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--healthy", type=int, default=450)
parser.add_argument("--stalled", type=int, default=50)
parser.add_argument("--rate", type=float, default=40.0, help="records a second")
parser.add_argument("--size", type=int, default=4_000, help="bytes of a record before compression")
parser.add_argument("--rounds", type=int, default=2)
parser.add_argument("--be-healthy", nargs=4, help=argparse.SUPPRESS)
given = parser.parse_args()
logs.configure(LoggingSettings(level="error"))
if given.be_healthy:
    host, port, request, count = given.be_healthy
    asyncio.run(be_healthy(host, int(port), bytes.fromhex(request), int(count)))
else:
    asyncio.run(main(given))
