"""Dead letters and pauses of a real gateway, by the commands that docs/howto/dead-letters.md gives."""

from __future__ import annotations

import asyncio
import json
import os
import re
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import DASHSTREAM, GatewayProcess
from dashstream.adapters.websocket.client import Delivered, Subscriber
from dashstream.protocol.codes import StartFrom
from dashstream.protocol.control import Filter
from parts.raw_log import append

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "dead-letters.md"
BAD = b"\x00" + b"\xff" * 40
WAIT_S = 30.0


@pytest.fixture
async def strict_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayProcess]:
    """A gateway that pauses at null payloads and keeps the payloads of dead letters."""
    monkeypatch.setenv("DASHSTREAM_DUTIES_NULL_POLICY", "pause")
    monkeypatch.setenv("DASHSTREAM_DEAD_LETTERS_PAYLOAD", "1")
    running = GatewayProcess(tmp_path / "gateway")
    await running.start()
    yield running
    await running.stop()


async def command(gateway: GatewayProcess, *words: str, code: int = 0) -> str:
    """Run a command against the gateway's data directory; return its output."""
    env = {**os.environ, "DASHSTREAM_DATA_DIR": str(gateway.data_dir)}
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=env
    )
    output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == code, output.decode()
    return output.decode()


def get(gateway: GatewayProcess, path: str) -> Any:
    request = urllib.request.Request(gateway.url + path, headers={"Authorization": f"Bearer {gateway.token}"})
    with urllib.request.urlopen(request, timeout=WAIT_S) as response:
        return json.loads(response.read())


async def until(gateway: GatewayProcess, path: str, condition: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as wanted."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await asyncio.to_thread(get, gateway, path)
            if condition(found):
                return found
            await asyncio.sleep(0.02)  # another process can only be asked again


async def test_the_howto_s_commands(strict_gateway: GatewayProcess) -> None:
    gateway = strict_gateway
    commands = re.findall(r"^```sh\n(dashstream .*)\n```$", HOWTO.read_text(), re.MULTILINE)
    assert len(commands) == 5
    await append(gateway.data_dir, BAD, None, BAD)
    listed = await until(gateway, "/api/v1/dead-letters", lambda page: page["known"] == 1)
    (letter,) = listed["dead_letters"]
    assert (letter["reason"], letter["size"], letter["thread_id"]) == ("decode", len(BAD), "thread")
    paused = await until(gateway, "/api/v1/partitions", lambda found: any(row["paused"] for row in found["partitions"]))
    (row,) = [row for row in paused["partitions"] if row["paused"]]
    assert (row["paused"]["offset"], row["paused"]["reason"], row["settled"]) == ("1", "null", "1")
    health = await asyncio.to_thread(get, gateway, "/api/v1/health")
    assert [reason["check"] for reason in health["reasons"]] == ["paused"]

    places = {"$LETTER": letter["id"], "$PARTITION": str(row["partition"])}
    outputs = {}
    for line in commands:
        words = [places.get(word.strip('"'), word) for word in line.split()[1:]]
        outputs[" ".join(words[:2])] = await command(gateway, *words)
    assert letter["id"].split(".")[0] in outputs["dlq list"]
    assert letter["sha256"] in outputs["dlq show"]
    assert "offset 3" in outputs["dlq redrive"]
    assert "paused at 1: null" in outputs["partitions list"].replace("\n", " ")
    assert "offset 1 (null)" in outputs["partitions resume"]

    last = await until(gateway, "/api/v1/dead-letters", lambda page: page["known"] == 4)
    assert [found["reason"] for found in last["dead_letters"]] == ["decode", "decode", "null", "decode"]
    assert last["dead_letters"][3]["redriven"][0]["offset"] == "3"
    assert last["dead_letters"][1]["payload_state"] == "complete"
    shown = json.loads(await command(gateway, "dlq", "show", last["dead_letters"][2]["id"], "--json"))
    assert (shown["size"], shown["payload"]) == (0, "")


async def test_refusals(gateway: GatewayProcess) -> None:
    assert "is not paused" in await command(gateway, "partitions", "resume", "0", code=1)
    assert "does not own" in await command(gateway, "partitions", "resume", "99", code=4)
    assert "no dead letter" in await command(gateway, "dlq", "show", "e.0.0", code=4)
    await command(gateway, "dlq", "show", "nonsense", code=1)
    await append(gateway.data_dir, BAD)
    page = await until(gateway, "/api/v1/dead-letters", lambda page: page["known"] == 1)
    refusal = await command(gateway, "dlq", "redrive", page["dead_letters"][0]["id"], code=1)
    assert "payload is off" in refusal
    assert "No dead letters." in await command(gateway, "dlq", "list", "--reason", "null")


async def test_letters_and_commits_survive_a_kill(restartable_gateway: GatewayProcess) -> None:
    gateway = restartable_gateway
    await append(gateway.data_dir, BAD)
    await until(gateway, "/api/v1/dead-letters", lambda page: page["known"] == 1)
    await gateway.kill()
    await append(gateway.data_dir, BAD)
    await gateway.start()
    found = await until(gateway, "/api/v1/dead-letters", lambda page: page["known"] == 2)
    assert {letter["offset"] for letter in found["dead_letters"]} == {"0", "1"}


async def test_viewers_get_records_beyond_a_pause(strict_gateway: GatewayProcess) -> None:
    gateway = strict_gateway
    await append(gateway.data_dir, None, BAD)
    subscriber = Subscriber(gateway.ws_url, gateway.token, Filter(), StartFrom("earliest"), stop_at_head=True)
    got = [item.offset async for item in subscriber if isinstance(item, Delivered)]
    assert got == [0, 1]
