"""The request for a WebSocket, as no library would send it: which are granted, and that all are answered."""

from __future__ import annotations

import asyncio
import socket
import zlib
from pathlib import Path

import pytest

from integration.gateway.plain import frame, stalled
from integration.gateway.serving import Served, serving
from integration.gateway.talking import stranger


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://rebound.example", "Host": "rebound.example"}, 421),
        ({"Host": "rebound.example"}, 421),
    ],
)
async def test_pages_of_other_sites_may_not_connect(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with serving(tmp_path) as served:
        assert await upgrade_status(served, "/ws", headers) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ({"Host": "127.0.0.1\r\nHost: localhost"}, 400),
        ({"Origin": "http://127.0.0.1\r\nOrigin: http://localhost"}, 400),
        ({"Authorization": "Bearer a\r\nAuthorization: Bearer b"}, 400),
        ({"Origin": "http://["}, 403),
        ({"Sec-WebSocket-Protocol": "dashstream.v2, base64url.bearer.dashstream.\xff"}, 400),
        ({"Sec-WebSocket-Protocol": "dashstream.v2, base64url.bearer.dashstream.a"}, 101),
        ({"Sec-WebSocket-Protocol": "dashstream.v2, base64url.bearer.dashstream.gICA"}, 101),
        ({"Authorization": "Bearer \xff"}, 101),
        ({"Sec-WebSocket-Key": "x"}, 400),
    ],
)
async def test_odd_headers_are_answered(tmp_path: Path, lines: dict[str, str], status: int) -> None:
    async with serving(tmp_path) as served:
        assert await upgrade_status(served, "/ws", lines) == status
        await served.connected(0)


async def test_an_origin_that_begins_like_the_own_one_is_another(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for more in ("0", ".evil.example", "@evil.example", "/"):
            assert await upgrade_status(served, "/ws", {"Origin": served.url + more}) == 403, more


async def test_the_own_page_and_listed_origins_may_connect(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"allowed_origins": ("https://dash.example",)}) as served:
        for origin in (served.url, "https://dash.example"):
            assert await upgrade_status(served, "/ws", {"Origin": origin}) == 101
        assert await upgrade_status(served, "/elsewhere", {}) == 404


async def test_no_client_may_send_compressed_frames(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        async with stranger(served, compression="deflate") as client:
            assert client.response is not None
            assert "Sec-WebSocket-Extensions" not in client.response.headers
        with await asyncio.to_thread(stalled, served) as plain:
            text = bytearray(frame(zlib.compress(bytes(1 << 20), wbits=-15)[:100]))
            text[0] |= 0x40  # "compressed", which nobody agreed to
            plain.sendall(text)
            heard = await asyncio.to_thread(read_to_end, plain)
        assert (1002).to_bytes(2) in heard


def read_to_end(plain: socket.socket) -> bytes:
    heard = b""
    while piece := plain.recv(4_096):
        heard += piece
    return heard


async def upgrade_status(served: Served, path: str, headers: dict[str, str]) -> int:
    """Ask for an upgrade by hand, because a library would not send such headers; return the status."""
    host, port = served.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = {
        "Host": f"{host}:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "dashstream.v2",
        **headers,
    }
    writer.write(
        f"GET {path} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode("latin-1") for k, v in lines.items())
    )
    writer.write(b"\r\n")
    try:
        answer = await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()
    return int(answer.split()[1])
