"""docs/specs/client-protocol.md is true: its examples, its tables, and its words against a real gateway."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import websockets

from conftest import GatewayProcess
from dashstream.errors import ProtocolError
from dashstream.protocol import control
from dashstream.protocol.batch import Continuity, decode_frame
from dashstream.protocol.codes import CloseCode, ErrorCode, GapReason, Outcome, StartFrom
from dashstream.protocol.position import PositionFault
from data_dirs import fill, remove, run_records
from spec_pages import SPECS, blocks, examples

PAGE = SPECS / "client-protocol.md"
TEXT = PAGE.read_text(encoding="utf-8")
TIMEOUT_S = 30.0
STEPS = 5
RECORDS = 4 * STEPS + 4
HELLO = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": "test", "version": "1"}}


@pytest.mark.parametrize("frame", examples(PAGE, "client"))
def test_client_frame(frame: dict[str, Any]) -> None:
    decoded = control.decode_client(json.dumps(frame))
    assert json.loads(control.encode(decoded)) == frame
    with pytest.raises(ProtocolError):
        control.decode_client(json.dumps({**frame, "unknown": 1}))


@pytest.mark.parametrize("frame", examples(PAGE, "server"))
def test_server_frame(frame: dict[str, Any]) -> None:
    decoded = control.decode_server(json.dumps({**frame, "unknown": 1}))
    assert json.loads(control.encode(decoded)) == frame


def test_every_frame_has_an_example() -> None:
    for kind, frames in (("client", control.ClientFrame), ("server", control.ServerFrame)):
        tags = {struct.__struct_config__.tag for struct in frames.__args__}
        assert {frame["type"] for frame in examples(PAGE, kind)} == tags


@pytest.mark.parametrize("example", examples(PAGE, "frame"))
def test_data_frame(example: dict[str, Any]) -> None:
    frame = decode_frame(bytes.fromhex(example["hex"]))
    assert (frame.subscription, frame.first_delivery) == (example["subscription"], example["first_delivery"])
    entries = [
        {"partition": one.partition, "offset": one.offset, "step": one.step, "value": one.value.hex()}
        for one in frame.entries
    ]
    assert entries == example["entries"]


@pytest.mark.parametrize("example", examples(PAGE, "continuity"))
def test_continuity(example: dict[str, Any]) -> None:
    continuity = Continuity({int(partition): offset for partition, offset in example["start"].items()})
    for seen in example["seen"]:
        assert continuity.record(0, seen["offset"], seen["step"]) == seen["is"]
    assert continuity.positions == {int(partition): offset for partition, offset in example["next"].items()}


@pytest.mark.parametrize("closed", [ErrorCode, GapReason, Outcome, StartFrom, PositionFault])
def test_every_word_of_a_closed_set_is_explained(closed: type) -> None:
    assert [word for word in closed if f"`{word}`" not in TEXT] == []  # type: ignore[attr-defined]  # an enum


def test_every_close_code_is_explained() -> None:
    assert [code for code in CloseCode if not re.search(rf"\b{int(code)}\b", TEXT)] == []


def test_every_limit_is_named() -> None:
    assert [name for name in control.Limits.__struct_fields__ if name not in TEXT] == []
    assert [name for name in msgspec.structs.fields(control.Filter) if f"`{name.name}`" not in TEXT] == []


class Client:
    """A client that knows only what the page says."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def say(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def hear(self, *types: str) -> dict[str, Any]:
        """Return the next control frame of one of these types; data frames and others are passed over."""
        while True:
            message = await asyncio.wait_for(self.socket.recv(), TIMEOUT_S)
            if isinstance(message, str) and (frame := json.loads(message))["type"] in types:
                return dict(frame)

    async def verdict(self, start: dict[str, Any], **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Subscribe; return the answer (subscribed or error) and the verdict."""
        await self.say({"type": "subscribe", "id": 1, "start": start, **fields})
        return await self.hear("subscribed", "error"), await self.hear("replay_complete")

    async def closed(self) -> int:
        """Return the code that the gateway closes with, after it has said closing."""
        await self.hear("closing")
        await asyncio.wait_for(self.socket.wait_closed(), TIMEOUT_S)
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def connected(
    gateway: GatewayProcess, *, hello: dict[str, Any] | None = None, header: bool = True, subprotocols: Any = None
) -> AsyncIterator[Client]:
    async with websockets.connect(
        gateway.ws_url,
        subprotocols=subprotocols or ["dashstream.v2"],
        additional_headers={"Authorization": f"Bearer {gateway.token}"} if header else {},
        proxy=None,
    ) as socket:
        client = Client(socket)
        await client.say(HELLO if hello is None else hello)
        yield client


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway over a log that has one run, two records of which are lost."""
    await fill(tmp_path / "data", run_records(steps=STEPS))
    gateway = GatewayProcess(tmp_path / "data")
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_welcome_has_what_the_page_shows(filled: GatewayProcess) -> None:
    async with connected(filled, hello={**HELLO, "compression": ["br", "zstd"]}) as client:
        assert client.socket.subprotocol == "dashstream.v2"
        welcome = await client.hear("welcome")
    (shown,) = [frame for frame in examples(PAGE, "server") if frame["type"] == "welcome"]
    assert welcome.keys() == shown.keys()
    assert welcome["limits"] == shown["limits"]
    assert sum(int(one["high"]) - int(one["low"]) for one in welcome["partitions"]) == RECORDS


async def test_the_three_ways_of_a_token(filled: GatewayProcess) -> None:
    async with connected(filled) as client:
        await client.hear("welcome")
    async with connected(filled, header=False, hello={**HELLO, "token": filled.token}) as client:
        await client.hear("welcome")
    encoded = base64.urlsafe_b64encode(filled.token.encode()).decode().rstrip("=")
    offered = ["dashstream.v2", f"base64url.bearer.dashstream.{encoded}"]
    async with connected(filled, header=False, subprotocols=offered) as client:
        await client.hear("welcome")
        assert client.socket.subprotocol == "dashstream.v2"
        await client.say({"type": "auth", "token": filled.token})
        await client.say({"type": "ping", "t": 1.5})
        assert (await client.hear("pong", "error"))["t"] == 1.5
        await client.say({"type": "auth", "token": "no-token-of-this-gateway"})
        assert (await client.hear("error"))["code"] == "unauthenticated"
        assert await client.closed() == CloseCode.UNAUTHENTICATED
    async with connected(filled, hello={**HELLO, "token": "wrong-and-it-counts-first"}) as client:
        assert (await client.hear("error"))["code"] == "unauthenticated"
        assert await client.closed() == CloseCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ws", {"Origin": "http://elsewhere.example"}, 403),
        ("/elsewhere", {}, 404),
    ],
)
async def test_handshakes_that_are_refused(gateway: GatewayProcess, path: str, headers: Any, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(gateway.url.rpartition(":")[2]))
    lines = {
        "Host": gateway.url.removeprefix("http://"),
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "dashstream.v2",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
    writer.close()
    await writer.wait_closed()
    assert int(answer.split()[1]) == status


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"type": "ping", "t": 1}, "unexpected_frame"),
        ({**HELLO, "protocol": "dashstream.v1"}, "protocol_unsupported"),
    ],
)
async def test_first_frames_that_end_it(gateway: GatewayProcess, hello: dict[str, Any], code: str) -> None:
    async with connected(gateway, hello=hello) as client:
        assert (await client.hear("error"))["code"] == code
        assert await client.closed() == CloseCode.BAD_REQUEST


async def test_bad_frames_are_answered_until_they_are_too_many(gateway: GatewayProcess) -> None:
    async with connected(gateway) as client:
        await client.hear("welcome")
        await client.say({"type": "teleport"})
        assert (await client.hear("error"))["code"] == "unknown_type"
        await client.socket.send(b"binary")
        assert (await client.hear("error"))["code"] == "bad_frame"
        await client.say({"type": "ack", "id": 9, "positions": {}})
        assert (await client.hear("error"))["code"] == "unknown_subscription"
        for _ in range(9):
            await client.socket.send("no json")
        assert await client.closed() == CloseCode.BAD_REQUEST
    async with connected(gateway) as client:
        await client.hear("welcome")
        await client.socket.send("x" * 65_537)
        assert (await client.hear("error"))["code"] == "too_large"
        assert await client.closed() == CloseCode.TOO_LARGE


async def test_a_replay_of_everything_is_complete(filled: GatewayProcess) -> None:
    async with connected(filled) as client:
        subscribed, verdict = await client.verdict({"from": "earliest"})
        assert subscribed["mode"] == "earliest"
        assert (verdict["outcome"], verdict["delivered"], verdict["gaps"]) == ("complete", str(RECORDS), 0)
        await client.say({"type": "subscribe", "id": 1, "start": {"from": "latest"}})
        assert (await client.hear("error"))["code"] == "duplicate_subscription"
        await client.say({"type": "unsubscribe", "id": 1})
        _, verdict = await client.verdict({"from": "snapshot"}, filter={"kinds": ["loss"]})
        assert (verdict["outcome"], verdict["delivered"]) == ("complete", "0")


async def test_cursors_lenient_and_strict(filled: GatewayProcess) -> None:
    async with connected(filled) as client:
        epoch = (await client.hear("welcome"))["epoch"]
        cursor = {"from": "cursor", "epoch": epoch, "positions": {"0": "999999", "x": "1", "1": "-1", "77": "0"}}
        subscribed, verdict = await client.verdict(cursor)
        of_threads = {PositionFault.THREAD, PositionFault.SEQUENCE, PositionFault.UNKNOWN_SEQUENCE}
        assert {one["reason"] for one in subscribed["ignored"]} == set(PositionFault) - of_threads
        assert verdict["outcome"] == "partial"
        await client.say({"type": "unsubscribe", "id": 1})
        ahead = {**cursor, "positions": {"0": "999999"}}
        error, verdict = await client.verdict(ahead, strict=True)
        assert (error["code"], error["details"], error["id"]) == ("bad_positions", {"offset_ahead": 1}, 1)
        assert verdict["outcome"] == "refused"
        other = {"from": "cursor", "epoch": "another", "positions": {"0": "3"}}
        error, verdict = await client.verdict(other, strict=True)
        assert (error["code"], verdict["outcome"]) == ("epoch_changed", "refused")
        await client.say({"type": "subscribe", "id": 1, "start": other})
        assert (await client.hear("subscribed"))["mode"] == "epoch_changed"
        gap = await client.hear("gap")
        assert (gap["reason"], gap["from"]) == ("epoch_changed", "3")
        assert (await client.hear("replay_complete"))["outcome"] == "partial"


@pytest.mark.parametrize(
    ("start", "fields", "code"),
    [
        ({"from": "yesterday"}, {}, "bad_start"),
        ({"from": "cursor"}, {}, "bad_start"),
        ({"from": "latest", "epoch": "e"}, {}, "bad_start"),
        ({"from": "cursor", "epoch": "e", "positions": {str(at): "0" for at in range(513)}}, {}, "too_many_positions"),
        ({"from": "latest"}, {"filter": {"runs": [str(at) for at in range(1001)]}}, "bad_filter"),
    ],
)
async def test_refusals(gateway: GatewayProcess, start: Any, fields: Any, code: str) -> None:
    async with connected(gateway) as client:
        error, verdict = await client.verdict(start, **fields)
        assert (error["code"], error["retryable"], verdict["outcome"]) == (code, False, "refused")


async def test_a_stop_is_told(gateway: GatewayProcess) -> None:
    async with connected(gateway) as client:
        await client.hear("welcome")
        stopping = asyncio.create_task(gateway.stop())
        closing = await client.hear("closing")
        await asyncio.wait_for(client.socket.wait_closed(), TIMEOUT_S)
        assert client.socket.close_code == CloseCode.GOING_AWAY
        assert closing["retry_after_ms"] == 250
        await stopping


async def test_the_whole_client(tmp_path: Path) -> None:
    await fill(tmp_path / "data", run_records(steps=STEPS))
    remove(tmp_path / "data", 4, 5)
    gateway = GatewayProcess(tmp_path / "data")
    await gateway.start()
    (client,) = blocks(PAGE, "python client")
    generated = "from dashstream.protocol.gen.dashstream_pb2 import Batch"
    script = tmp_path / "client.py"
    script.write_text(re.sub(r"^from dashstream\.v1.*$", generated, client, flags=re.MULTILINE))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        script,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "URL": gateway.ws_url, "TOKEN": gateway.token},
    )
    out, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    await gateway.stop()
    assert process.returncode == 0
    lines = [line.split() for line in out.decode().splitlines()]
    assert [line[2] for line in lines if line[0] == "gap"] == ["4"]
    assert [int(line[2]) for line in lines if line[0] == "record"] == [at for at in range(RECORDS) if at not in {4, 5}]
