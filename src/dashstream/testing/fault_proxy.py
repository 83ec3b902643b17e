"""A TCP proxy that makes a network go wrong on purpose, between any two parts that talk TCP.

::

    async with FaultProxy("127.0.0.1", server_port) as proxy:
        client = connect(proxy.host, proxy.port)
        proxy.both(latency_s=0.05)         # each byte later, in order, at full throughput
        proxy.to_client.bytes_per_s = 1e5  # slow in one direction
        proxy.to_server.slice_bytes = 1    # one byte at a time
        proxy.stall()                      # nothing moves, connections stay; proxy.flow() lets it go on
        proxy.half_open()                  # the server is gone and the client is not told
        proxy.reset()                      # every connection is reset
        await proxy.refuse()               # nobody listens; await proxy.accept() on the same port again

Faults act on connections that are open and on those to come, at once. While stalled nothing is read either, so the
kernel's buffers fill up and a sender feels it as it would with a peer that has stopped.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self

CHUNK = 64 * 1024
"""Most bytes that are moved at once."""
IN_FLIGHT = 256
"""Most chunks of one direction that are under way, held back by latency or bandwidth."""
_PIECES_PER_S = 20
"""How finely a limited bandwidth is spread over a second."""


class Direction:
    """The faults of one direction; each may be changed at any time.

    ``latency_s``: how much later each byte arrives. ``bytes_per_s``: throughput of each connection, None is no limit.
    ``slice_bytes``: most bytes written at once, None is no limit.
    """

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.bytes_per_s: float | None = None
        self.slice_bytes: int | None = None
        self.forwarded = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def is_stalled(self) -> bool:
        """Whether nothing moves now."""
        return not self._flowing.is_set()

    def stall(self) -> None:
        """Let nothing move until ``flow``."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let bytes move again; none was lost."""
        self._flowing.set()

    async def flowing(self) -> None:
        """Return once bytes may move."""
        await self._flowing.wait()

    def piece_bytes(self) -> int:
        """Return how many bytes may be written at once now."""
        pace = CHUNK if self.bytes_per_s is None else max(1, int(self.bytes_per_s / _PIECES_PER_S))
        return min(CHUNK, pace, self.slice_bytes or CHUNK)


class FaultProxy:
    """Listens on a loopback port of its own and forwards to one server. Belongs to one event loop."""

    def __init__(self, server_host: str, server_port: int, *, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = 0
        self.to_server = Direction()
        self.to_client = Direction()
        self.accepted = 0
        self._target = (server_host, server_port)
        self._listener: asyncio.Server | None = None
        self._links: set[_Link] = set()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()
        tasks = [link.task for link in self._links]
        self.reset()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._links)

    def both(self, *, latency_s: float = 0.0, bytes_per_s: float | None = None, slice_bytes: int | None = None) -> None:
        """Set the faults of both directions; what is not given is no fault."""
        for direction in (self.to_server, self.to_client):
            direction.latency_s = latency_s
            direction.bytes_per_s = bytes_per_s
            direction.slice_bytes = slice_bytes

    def stall(self) -> None:
        """Let nothing move in either direction."""
        self.to_server.stall()
        self.to_client.stall()

    def flow(self) -> None:
        """Let bytes move again in both directions."""
        self.to_server.flow()
        self.to_client.flow()

    def half_open(self) -> None:
        """Lose the server's side of every open connection and keep the client's: what it sends goes nowhere."""
        for link in self._links:
            link.lose_server()

    def reset(self) -> None:
        """Reset every open connection, on both sides."""
        for link in list(self._links):
            link.reset()

    async def refuse(self) -> None:
        """Listen no more: connections that are open stay, new ones are refused."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            await asyncio.sleep(0)

    async def accept(self) -> None:
        """Listen, on the same port as before if there was one."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, self.host, self.port, limit=CHUNK)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run(self._target)
        finally:
            self._links.discard(link)


class _Link:
    """One client's connection and the one to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a connection is served by a task
        self.task = task
        self._proxy = proxy
        self._client = (reader, writer)
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._is_half_open = False
        self._is_reset = False

    async def run(self, target: tuple[str, int]) -> None:
        """Forward until both sides have ended, or either breaks: then the other is reset."""
        try:
            self._server = await asyncio.open_connection(*target, limit=CHUNK)
            proxy = self._proxy
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(proxy.to_server, self._client[0], lambda: self._server))
                group.create_task(self._forward(proxy.to_client, self._server[0], lambda: self._client))
        except* OSError:
            self._is_reset = True
        except* asyncio.CancelledError:
            if not self._is_reset:
                raise
        finally:
            for side in (self._client, self._server):
                if side is not None:
                    _abort(side[1]) if self._is_reset else side[1].close()

    def lose_server(self) -> None:
        self._is_half_open = True
        if self._server is not None:
            _abort(self._server[1])
            self._server = None

    def reset(self) -> None:
        self._is_reset = True
        self.task.cancel()

    async def _forward(
        self,
        direction: Direction,
        reader: asyncio.StreamReader,
        target: Callable[[], tuple[asyncio.StreamReader, asyncio.StreamWriter] | None],
    ) -> None:
        """Move bytes one way: what is read waits for its time, then is written as the faults allow."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)

        async def deliver() -> None:
            while True:
                due, chunk = await under_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                side = target()
                if not chunk:
                    if side is not None and side[1].can_write_eof():
                        side[1].write_eof()
                    return
                await self._write(direction, chunk, target)

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            chunk = b"-"
            while chunk:
                await direction.flowing()
                chunk = await self._read(reader)
                await under_way.put((loop.time() + direction.latency_s, chunk))

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next bytes; a server that was lost on purpose never says anything, nor that it has ended."""
        broken: OSError | None = None
        chunk = b""
        try:
            chunk = await reader.read(CHUNK)
        except OSError as error:
            broken = error
        if not chunk and self._is_half_open and reader is not self._client[0]:
            await asyncio.get_running_loop().create_future()
        if broken is not None:
            raise broken
        return chunk

    async def _write(
        self,
        direction: Direction,
        chunk: bytes,
        target: Callable[[], tuple[asyncio.StreamReader, asyncio.StreamWriter] | None],
    ) -> None:
        while chunk:
            await direction.flowing()
            size = direction.piece_bytes()
            piece, chunk = chunk[:size], chunk[size:]
            side = target()
            if side is None:
                return
            side[1].write(piece)
            await side[1].drain()
            direction.forwarded += len(piece)
            if direction.bytes_per_s is not None:
                await asyncio.sleep(len(piece) / direction.bytes_per_s)
            elif direction.slice_bytes is not None:
                # Lets the peer read what was written before more of it comes.
                await asyncio.sleep(0)


def _abort(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset instead of an orderly end."""
    raw = writer.get_extra_info("socket")
    with suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
