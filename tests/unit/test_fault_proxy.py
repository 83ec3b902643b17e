"""The fault proxy does to a connection what it says, and nothing else."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field

import pytest

from dashstream.testing.fault_proxy import FaultProxy

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Echo:
    """A server that answers each byte with itself; ``ended`` tells how its connections ended."""

    port: int = 0
    reads: list[int] = field(default_factory=list)
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                self.reads.append(len(data))
                writer.write(data)
                await writer.drain()
            self.ended.put_nowait("end")
        except OSError:
            self.ended.put_nowait("reset")
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    served = Echo()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    yield served
    server.close()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", echo.port) as running:
        yield running
    assert running.connections == 0


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[Pair]:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    yield reader, writer
    writer.transport.abort()


async def soon(what: Awaitable[bytes | str]) -> bytes | str:
    async with asyncio.timeout(10):
        return await what


async def ask(client: Pair, data: bytes) -> bytes:
    reader, writer = client
    writer.write(data)
    return await soon(reader.readexactly(len(data)))


async def flood(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def nothing_comes(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.1):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def test_without_faults_every_byte_passes_in_order(proxy: FaultProxy, client: Pair) -> None:
    data = os.urandom(3_000_000)
    reader, writer = client
    writer.write(data)
    assert await soon(reader.readexactly(len(data))) == data
    assert proxy.to_server.forwarded == proxy.to_client.forwarded == len(data)
    assert (proxy.accepted, proxy.connections) == (1, 1)


async def test_an_end_passes_on_while_the_answer_still_comes(client: Pair, echo: Echo) -> None:
    reader, writer = client
    writer.write(b"last words")
    writer.write_eof()
    assert await soon(reader.read()) == b"last words"
    assert await soon(echo.ended.get()) == "end"


async def test_latency_delays_without_lowering_throughput(proxy: FaultProxy, client: Pair) -> None:
    proxy.both(latency_s=0.1)
    began = time.monotonic()
    data = os.urandom(1_000_000)
    assert await ask(client, data) == data
    assert 0.2 <= time.monotonic() - began < 2


async def test_bandwidth_is_limited_in_one_direction(proxy: FaultProxy, client: Pair) -> None:
    proxy.to_client.bytes_per_s = 100_000
    began = time.monotonic()
    assert await ask(client, b"x" * 30_000) == b"x" * 30_000
    assert 0.25 <= time.monotonic() - began < 5


async def test_slices_are_as_small_as_told(proxy: FaultProxy, client: Pair, echo: Echo) -> None:
    proxy.both(slice_bytes=3)
    data = os.urandom(1_000)
    assert await ask(client, data) == data
    assert len(echo.reads) > 100


async def test_a_stall_holds_everything_and_loses_nothing(proxy: FaultProxy, client: Pair, echo: Echo) -> None:
    assert await ask(client, b"before") == b"before"
    proxy.stall()
    assert proxy.to_server.is_stalled
    client[1].write(b"during")
    assert await nothing_comes(client[0])
    other = await asyncio.open_connection(proxy.host, proxy.port)
    other[1].write(b"new")
    assert await nothing_comes(other[0])
    assert sum(echo.reads) == len(b"before")
    proxy.flow()
    assert await soon(client[0].readexactly(6)) == b"during"
    assert await soon(other[0].readexactly(3)) == b"new"
    other[1].transport.abort()


async def test_a_stall_is_felt_by_a_sender(proxy: FaultProxy, client: Pair) -> None:
    proxy.stall()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flood(client[1]), 0.5)


async def test_half_open_loses_the_server_without_a_word(proxy: FaultProxy, client: Pair, echo: Echo) -> None:
    assert await ask(client, b"before") == b"before"
    proxy.half_open()
    assert await soon(echo.ended.get()) == "reset"
    client[1].write(b"into the void")
    await soon(client[1].drain())
    assert await nothing_comes(client[0])
    another = await asyncio.open_connection(proxy.host, proxy.port)
    assert await ask(another, b"again") == b"again"
    another[1].transport.abort()


async def test_reset_is_seen_on_both_sides(proxy: FaultProxy, client: Pair, echo: Echo) -> None:
    assert await ask(client, b"before") == b"before"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await soon(client[0].read())
    assert await soon(echo.ended.get()) == "reset"


async def test_refused_and_accepted_again_on_the_same_port(proxy: FaultProxy, client: Pair) -> None:
    assert await ask(client, b"before") == b"before"
    port = proxy.port
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(proxy.host, port)
    assert await ask(client, b"still") == b"still"
    await proxy.accept()
    assert proxy.port == port
    again = await asyncio.open_connection(proxy.host, port)
    assert await ask(again, b"again") == b"again"
    again[1].transport.abort()


async def test_a_server_that_is_absent_is_a_reset(echo: Echo) -> None:
    async with FaultProxy("127.0.0.1", echo.port) as first:
        unused = first.port
    async with FaultProxy("127.0.0.1", unused) as proxy:
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        with pytest.raises(ConnectionResetError):
            await soon(reader.read())
        writer.transport.abort()
