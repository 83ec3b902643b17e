"""A process of subscribers that know nothing but the specification of the client protocol.

Each follows one gateway until its connection is cut, by whomever, and goes on at the next gateway from its own cursor.
What it gets is written to a journal, a line of JSON per frame, before it is acknowledged. A subscriber is done when its
cursor is at or above the positions in the file ``until``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import zstandard
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from dashstream.bench.judge import CUT
from dashstream.errors import ProtocolError

MAX_FRAME_BYTES = 16 << 20
LOOK_S = 0.2
NEVER_S = 3_600.0
PING_S = 4.0
VARINT = 0x7F
VERSION, SUBSCRIPTION = 2, 7


@dataclass(frozen=True, slots=True)
class Orders:
    """What a subscriber is told.

    ``start`` counts unless ``epoch`` and ``positions`` are a cursor to begin with. ``threads`` filters; ``cut_every_s``
    of 0 is never; it is away for ``away_s`` on average before it comes back.
    """

    name: str
    seed: int
    urls: list[str]
    token: str
    journal: str
    start: str = "earliest"
    epoch: str = ""
    positions: dict[str, int] = field(default_factory=dict)
    threads: list[str] | None = None
    window_bytes: int | None = None
    strict: bool = False
    compress: bool = False
    slow_s: float = 0.0
    cut_every_s: float = 0.0
    away_s: float = 0.3


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a varint and what is after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & VARINT) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def entries_of(data: bytes) -> Iterator[tuple[int, int, int, bytes | None]]:
    """Yield partition, offset, step and value of each entry."""
    at = 0
    while at < len(data):
        _expect(data[at] == 0x0A, f"field {data[at]} in a data frame")
        size, at = varint(data, at + 1)
        end = at + size
        partition = offset = step = 0
        value = None
        while at < end:
            tag, at = data[at], at + 1
            number, at = varint(data, at)
            if tag == 0x22:
                value, at = data[at : at + number], at + number
            elif tag == 0x08:
                partition = number
            elif tag == 0x10:
                offset = number
            elif tag == 0x18:
                step = number
        yield partition, offset, step, value


class Subscriber:
    """One of them."""

    def __init__(self, orders: Orders, until: Until, journal: TextIO) -> None:
        self._orders = orders
        self._until = until
        self._journal = journal
        self._chance = random.Random(f"{orders.seed}/{orders.name}")  # noqa: S311  # chance, not a secret
        self._urls = itertools.cycle(orders.urls)
        self._epoch = orders.epoch
        self._positions = dict(orders.positions)
        self._connection = 0
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Follow until done."""
        while not self._is_done:
            self._connection += 1
            reason = "the gateway closed"
            try:
                async with asyncio.timeout(self._cut_after_s()):
                    await self._follow(next(self._urls))
            except TimeoutError:
                reason = CUT
            except (OSError, WebSocketException) as error:
                reason = f"{type(error).__name__}: {error}"
            self._write("closed", reason=reason)
            if not self._is_done:
                await asyncio.sleep(self._chance.uniform(0, 2 * self._orders.away_s))
        self._write("done")

    def look(self) -> None:
        """The log's end is known: hang up if there is nothing more to wait for."""
        if self._is_done and self._socket is not None:
            self._socket.transport.abort()

    @property
    def _is_done(self) -> bool:
        goal = self._until.positions
        return goal is not None and all(self._positions.get(partition, 0) >= end for partition, end in goal.items())

    def _cut_after_s(self) -> float:
        every = self._orders.cut_every_s
        return self._chance.expovariate(1 / every) if every else NEVER_S

    async def _follow(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {self._orders.token}"}
        opening = connect(
            url,
            subprotocols=[Subprotocol("dashstream.v2")],
            additional_headers=headers,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            ping_interval=PING_S,
            ping_timeout=2 * PING_S,
            open_timeout=2 * PING_S,
            proxy=None,
        )
        self._socket = socket = await opening
        try:
            await self._greet(socket)
            async for message in socket:
                if isinstance(message, bytes):
                    await self._take(socket, message)
                elif not self._hear(json.loads(message)):
                    return
                if self._is_done:
                    await socket.close()
                    return
        finally:
            socket.transport.abort()  # what is not in the journal by now was never received

    async def _greet(self, socket: ClientConnection) -> None:
        orders = self._orders
        hello = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": orders.name, "version": "1"}}
        if orders.compress:
            hello["compression"] = ["zstd"]
        start: dict[str, Any] = {"from": orders.start}
        if self._epoch:
            positions = {partition: str(offset) for partition, offset in self._positions.items()}
            start = {"from": "cursor", "epoch": self._epoch, "positions": positions}
        subscribe: dict[str, Any] = {"type": "subscribe", "id": SUBSCRIPTION, "start": start, "strict": orders.strict}
        if orders.threads is not None:
            subscribe["filter"] = {"threads": orders.threads}
        if orders.window_bytes is not None:
            subscribe["window_bytes"] = orders.window_bytes
        self._write("subscribe", start=start)
        await socket.send(json.dumps(hello))
        await socket.send(json.dumps(subscribe))

    async def _take(self, socket: ClientConnection, frame: bytes) -> None:
        _expect(frame[0] == VERSION, f"version {frame[0]} of a data frame")
        subscription, at = varint(frame, 2)
        _expect(subscription == SUBSCRIPTION, f"subscription {subscription} in a data frame")
        _expect(frame[at] == 0x10, "no delivery number")
        first, at = varint(frame, at + 1)
        entries = frame[at:]
        if frame[1] & 1:
            entries = zstandard.ZstdDecompressor().decompress(entries, max_output_size=MAX_FRAME_BYTES)
        rows = []
        for partition, offset, step, value in entries_of(entries):
            rows.append((partition, offset, step, -1 if value is None else zlib.crc32(value)))
            self._positions[str(partition)] = max(offset + 1, self._positions.get(str(partition), 0))
        self._write("data", first=first, rows=rows)
        if self._orders.slow_s:
            await asyncio.sleep(self._chance.uniform(0, 2 * self._orders.slow_s))
        positions = {str(row[0]): str(row[1] + 1) for row in rows}
        await socket.send(json.dumps({"type": "ack", "id": SUBSCRIPTION, "positions": positions}))

    def _hear(self, frame: dict[str, Any]) -> bool:
        """Take note of a control frame; return whether to go on with this connection."""
        kind = frame.pop("type")
        if kind in {"subscribed", "gap", "progress", "replay_complete", "error", "closing"}:
            self._write(kind, **frame)
        if kind == "subscribed":
            self._epoch = frame["epoch"]
            self._positions = {partition: int(offset) for partition, offset in frame["start"].items()}
        elif kind == "gap":
            self._raise_to({str(frame["partition"]): frame["to"]})
        elif kind == "progress":
            self._raise_to(frame["positions"])
        return bool(kind != "error")

    def _raise_to(self, positions: dict[str, str]) -> None:
        for partition, offset in positions.items():
            self._positions[partition] = max(int(offset), self._positions.get(partition, 0))

    def _write(self, what: str, **fields: object) -> None:
        self._journal.write(
            json.dumps({"is": what, "at": round(time.time(), 6), "connection": self._connection, **fields}) + "\n"
        )


def _expect(is_so: bool, otherwise: str) -> None:  # noqa: FBT001  # a condition
    if not is_so:
        raise ProtocolError("bad_frame", otherwise)


class Until:
    """The end of the log, once it is known: a file that somebody else writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.positions: dict[str, int] | None = None

    async def watch(self, subscribers: list[Subscriber]) -> None:
        """Look for the file until it is there, then tell those who wait."""
        while self.positions is None:
            with suppress(FileNotFoundError):
                self.positions = json.loads(self._path.read_text())
            await asyncio.sleep(LOOK_S)
        for subscriber in subscribers:
            subscriber.look()


async def follow_all(until: Until, subscribers: list[Subscriber]) -> None:
    """Run subscribers until all are done."""
    async with asyncio.TaskGroup() as group:
        group.create_task(until.watch(subscribers))
        for each in subscribers:
            group.create_task(each.run())


def main() -> None:
    """Argument: the file ``until``; on standard input: the orders of all subscribers, which hold a token."""
    until = Until(Path(sys.argv[1]))
    with ExitStack() as stack:
        subscribers = [
            Subscriber(orders, until, stack.enter_context(Path(orders.journal).open("w", buffering=1)))
            for orders in (Orders(**each) for each in json.load(sys.stdin))
        ]
        asyncio.run(follow_all(until, subscribers))


if __name__ == "__main__":
    main()
