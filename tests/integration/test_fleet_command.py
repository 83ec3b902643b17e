"""``make fleet``: it starts a whole fleet, says where to look, tells of what ends, and leaves nothing running."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dashstream.cli.connection import Gateway

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
PLACES = r"127\.0\.0\.1:(\d+)"


@dataclass
class Command:
    """The command as it runs, and what it has said so far."""

    process: asyncio.subprocess.Process
    said: str = field(default="")

    async def until(self, wanted: str) -> str:
        """Read on until a line matches; return its groups' first, or the line."""
        assert self.process.stdout
        while line := (await asyncio.wait_for(self.process.stdout.readline(), START_S)).decode():
            self.said += line
            if found := re.search(wanted, line):
                return found[1] if found.groups() else line
        raise AssertionError(f"{wanted!r} was not said:\n{self.said}")

    async def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Return the exit code."""
        assert self.process.stdout
        self.said += (await asyncio.wait_for(self.process.stdout.read(), START_S)).decode()
        return await self.process.wait()

    async def assert_nothing_is_left(self) -> None:
        """No address that it told of is listened on any more."""
        ports = {int(port) for port in re.findall(PLACES, self.said)}
        assert ports
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)


async def command(*flags: str) -> Command:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        ROOT / "scripts" / "fleet.py",
        *flags,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Command(process)


@pytest.fixture
async def fleet() -> AsyncIterator[Command]:
    """A fleet whose program has no end."""
    running = await command()
    await running.until("Stop all of it")
    yield running
    if running.process.returncode is None:
        await running.stop()


async def test_it_ends_by_itself_when_both_gateways_show_all_runs(tmp_path: Path) -> None:
    running = await command("--runs", "1", "--pace", "0", "--data-dir", str(tmp_path / "kept"))
    assert await running.ended() == 0, running.said
    assert "Each gateway shows all 2 runs." in running.said
    pages = re.findall(r"gateway (\d)   http://127\.0\.0\.1:\d+/#token=\S+", running.said)
    assert pages == ["1", "2"]
    await running.assert_nothing_is_left()
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        *("kafka", "valkey", "gateway-1", "gateway-2", "program")
    }


async def test_a_part_that_ends_is_told_of_and_the_rest_goes_on(fleet: Command) -> None:
    (token,) = set(re.findall(r"#token=(\S+)", fleet.said))
    pid = int(re.findall(r"gateway 1 .*\(process (\d+)\)", fleet.said)[0])
    (other,) = re.findall(r"gateway 2   (http://\S+)/#", fleet.said)
    folder = Path(re.findall(r"what each part says is in (\S+)", fleet.said)[0])
    os.kill(pid, signal.SIGKILL)
    assert await fleet.until(r"gateway 1 ended with exit code (-?\d+)") == str(-signal.SIGKILL)
    health = await asyncio.to_thread(Gateway(other, token).get, "/api/v1/health")
    assert health["level"] in {"ok", "degraded"}
    assert folder.is_dir()
    assert await fleet.stop() == 1, "something ended that should not have"
    await fleet.assert_nothing_is_left()
    assert not folder.exists()


async def test_a_stop_in_the_middle_of_a_start_leaves_nothing_running() -> None:
    running = await command()
    await running.until(r"Kafka +127")
    assert await running.stop() == 0
    assert "Stopped." in running.said
    await running.assert_nothing_is_left()


async def test_wrong_usage_is_told_apart() -> None:
    running = await command("--runs", "many")
    assert await running.ended() == 2


def test_the_target_passes_its_flags_on() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "--always-make", "fleet", "FLEET=--runs 3"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.splitlines()[-1].endswith("scripts/fleet.py --runs 3")
