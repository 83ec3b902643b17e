"""Producers that cost next to nothing: requests made beforehand, one connection each, no HTTP library.

A gateway and what it is measured with share a machine; a client library would take as long as the gateway does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from conftest import GatewayProcess
from dashstream.protocol.record_batch import CONTENT_TYPE

FOLDED = "dashstream_index_records_folded_total"
ASK_S = 0.02


def request(gateway: GatewayProcess, path: str, body: bytes | None = None) -> bytes:
    """Return a whole request: a POST of records when there is a body."""
    lines = [
        f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
        f"Host: {urlsplit(gateway.url).netloc}",
        f"Authorization: Bearer {gateway.token}",
    ]
    if body is not None:
        lines += [f"Content-Type: {CONTENT_TYPE}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> bytes:
    """Send a request and return the body of its answer, which has to be 200."""
    writer.write(message)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200 "), head
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def produce(gateway: GatewayProcess, bodies: Sequence[Sequence[bytes]]) -> int:
    """Let one producer per list post its bodies in order, all at once; return how many records were accepted."""
    place = urlsplit(gateway.url)

    async def one(messages: Sequence[bytes]) -> int:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        accepted = 0
        for message in messages:
            accepted += json.loads(await exchange(reader, writer, message))["accepted"]
        writer.close()
        return accepted

    requests = [[request(gateway, "/v1/records", body) for body in each] for each in bodies]
    return sum(await asyncio.gather(*map(one, requests)))


async def folded(gateway: GatewayProcess, count: int) -> None:
    """Return when the run index has folded that many records."""
    place = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    ask = request(gateway, "/metrics")
    while True:
        lines = (await exchange(reader, writer, ask)).decode().splitlines()
        if next(float(line.split()[1]) for line in lines if line.startswith(FOLDED)) >= count:
            break
        await asyncio.sleep(ASK_S)
    writer.close()
