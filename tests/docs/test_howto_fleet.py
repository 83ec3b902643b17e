"""docs/howto/fleet.md: its commands, in their order, in one shell, on a real Kafka and a real Valkey."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from conftest import DASHSTREAM, free_port
from parts.kafka import KafkaTopic
from parts.kafka_server import KafkaBroker
from parts.redis import ACL_COMMANDS, make_server
from parts.redis_server import RedisServer

__all__ = ["make_server"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "fleet.md").read_text()
TOPICS = ("dashstream", "dashstream-dead-letters")
SCRIPT_S = 90
READY = "import sys, urllib.request as r; r.urlopen(f'http://127.0.0.1:{sys.argv[1]}/readyz', timeout=2)"
AROUND = f"""
set -euo pipefail
wait_for() {{
  for _ in $(seq 300); do
    {shlex.quote(str(DASHSTREAM.parent / "python"))} -c {shlex.quote(READY)} "$1" 2>/dev/null && return
    sleep 0.1
  done
  exit 9
}}
pids=()
trap 'kill "${{pids[@]}}"; wait "${{pids[@]}}"' EXIT
"""


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def script(replaced: dict[str, str]) -> str:
    """Return the page's commands as one script; gateways run beside it, as in terminals of their own."""
    lines = [AROUND]
    for block in blocks():
        text = block
        for old, new in replaced.items():
            text = text.replace(old, new)
        if text.startswith("dashstream serve"):
            (port,) = re.findall(r"--port (\d+)", text)
            lines.append(f"{text.strip()} & pids+=($!)\nwait_for {port}")
        else:
            lines.append(text)
    return "\n".join(lines)


async def test_the_commands_lead_from_nothing_to_two_gateways(
    tmp_path: Path, kafka: KafkaBroker, make_server: Callable[..., RedisServer]
) -> None:
    store = make_server("valkey")
    store.start()
    first, second = free_port(), free_port()
    replaced = {
        "localhost:9092": kafka.bootstrap,
        "redis://localhost:6379": store.url,
        "8765": str(first),
        "8766": str(second),
    }
    assert all(old in PAGE for old in replaced)
    assert len(blocks()) == 6
    env = {"PATH": f"{DASHSTREAM.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script(replaced)),
        cwd=tmp_path,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said = (await asyncio.wait_for(process.communicate(), SCRIPT_S))[0].decode()
        assert process.returncode == 0, said
    finally:
        for topic in TOPICS:
            if topic in kafka.admin.list_topics(timeout=10).topics:
                KafkaTopic(kafka, topic).delete()
    assert "dashstream: made" in said
    assert said.count("DashStream is at http://127.0.0.1:") == 2
    assert re.search(r"^ *\d +(live|elsewhere)", said, re.MULTILINE), "every partition has a state"
    assert (tmp_path / "gateway-1" / "index.db").exists()
    with store.client as client:
        assert client.keys("ds1:*"), "the retained tier was used"


def test_the_rights_on_redis_are_those_of_the_tests() -> None:
    (shown,) = re.findall(r"^```redis-acl\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown.split() == ACL_COMMANDS.split()


def test_the_other_ways_are_real() -> None:
    assert "FLEET" in (ROOT / "Makefile").read_text()
    flags = (ROOT / "scripts" / "fleet.py").read_text()
    for flag in re.findall(r'FLEET="(--[a-z-]+)', PAGE):
        assert f'"{flag}"' in flags
    for name in re.findall(r"deploy/[\w./]+", PAGE):
        assert (ROOT / name.rstrip(".")).exists(), name
