"""What comes before a request is known: in time, and of bounded size."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from integration.gateway.serving import Served, serving


@pytest.mark.parametrize("said", [b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
async def test_who_does_not_say_what_it_wants_is_let_go(tmp_path: Path, said: bytes) -> None:
    async with serving(tmp_path, http={"head_timeout_s": 0.1}) as served:
        assert await answer_to(served, said) == (b"HTTP/1.1 408 Request Timeout" if said else b"")


async def test_a_second_request_has_its_own_deadline(tmp_path: Path) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with serving(tmp_path, http={"head_timeout_s": 0.1}) as served:
        reader, writer = await connected(served)
        writer.write(whole + b"GET /he")
        answers = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"408"]


async def test_headers_without_end_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        assert await answer_to(served, head + b"X-Long: x\r\n" * 50_000) == (
            b"HTTP/1.1 431 Request Header Fields Too Large"
        )
        assert await answer_to(served, head + b"X-Long: " + b"x" * 500_000) == (
            b"HTTP/1.1 431 Request Header Fields Too Large"
        )


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /healthz", b"405"),
        (b"POST /v1/records", b"401"),
        (b"GET /healthz", b"200"),
    ],
)
async def test_a_body_that_nobody_waits_for_does_not_keep_the_connection(
    tmp_path: Path, head: bytes, status: bytes
) -> None:
    async with serving(tmp_path, http={"body_timeout_s": 0.2}) as served:
        reader, writer = await connected(served)
        writer.write(head + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).split()[1] == status
        writer.write(b"x")
        await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def connected(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = served.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def answer_to(served: Served, said: bytes) -> bytes:
    """Say something that is no whole request; return the first line of the answer."""
    reader, writer = await connected(served)
    writer.write(said)
    try:
        return (await asyncio.wait_for(reader.readline(), 10)).rstrip()
    finally:
        writer.close()
