"""A real gateway for whoever needs one: its own process, its own data directory, a port of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["parts.kafka"]

# How fast a machine with other things to do draws examples says nothing about the code.
settings.register_profile("dashstream", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dashstream")


def pytest_configure() -> None:
    """Let no event loop come into being by itself: the plugin would ask for one, put it aside and never close it."""
    asyncio.set_event_loop(None)


DASHSTREAM = Path(sys.executable).parent / "dashstream"
START_S = 30.0


@dataclass
class GatewayProcess:
    """A gateway that can be killed and started again on the same port and data."""

    data_dir: Path
    port: int = 0
    url: str = ""
    ws_url: str = ""
    token: str = ""
    command: tuple[str, ...] = (str(DASHSTREAM), "serve")
    env: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it; returns when it answers."""
        with (self.data_dir.parent / "gateway.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                "--json",
                "--port",
                str(self.port),
                "--data-dir",
                str(self.data_dir),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "DASHSTREAM_LOGGING_FORMAT": "json", **self.env},
            )
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), START_S)
        assert line, (self.data_dir.parent / "gateway.log").read_text()
        ready = json.loads(line)
        assert ready["pid"] == self.process.pid
        self.url, self.ws_url, self.token = ready["url"], ready["ws_url"], ready["token"]

    async def kill(self) -> None:
        """Kill -9."""
        assert self.process
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """SIGTERM; it has to end by itself, with exit code 0."""
        assert self.process
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(self.process.wait(), START_S) == 0


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A running gateway; its end is checked: SIGTERM, exit code 0."""
    running = GatewayProcess(tmp_path / "gateway")
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def restartable_gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway on a fixed port, so that it comes back where it was."""
    running = GatewayProcess(tmp_path / "gateway", port=free_port())
    await running.start()
    yield running
    await running.stop()
