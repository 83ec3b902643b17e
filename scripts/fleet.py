"""A whole fleet on this machine: Kafka, Valkey, two gateways, and a program whose runs both of them show.

Everything is on loopback, on free ports, and ends with this script: the program first, so that its last records are
in; then the gateways, which commit; then what they work on. A part that ends by itself is told of and the rest goes on,
so kill a gateway and watch.

Exit code 0: stopped, or all runs are shown by both gateways. 1: something did not start, ended by itself, or showed
too little. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from dashstream.cli.connection import Gateway
from dashstream.errors import DashStreamError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from parts.kafka_server import KafkaBroker, kafka_libs
from parts.ports import free_ports
from parts.redis_server import RedisServer, valkey_binary

DASHSTREAM = Path(sys.executable).with_name("dashstream")
GATEWAYS = 2
STOP_S = 20.0
SHOWN_S = 30.0
LOOK_S = 0.2
LOG_TAIL = 2_000


class PartError(Exception):
    """A part of the fleet is not as it has to be; the message is for people."""


@dataclass
class Fleet:
    """What runs, and where. Its parts are ended by the stack, in the reverse order."""

    folder: Path
    stack: ExitStack
    console: Console
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    gateways: list[Gateway] = field(default_factory=list)
    parts: dict[str, subprocess.Popen[Any]] = field(default_factory=dict)
    is_whole: bool = True
    """Nothing ended that should not have."""

    async def start(self, partitions: int) -> None:
        """Start everything but the program.

        Raises:
            PartError: a part did not start.
        """
        with self.step("Kafka") as say:
            libs = await asyncio.to_thread(kafka_libs)
            broker = await asyncio.to_thread(KafkaBroker.made, self.subfolder("kafka"), libs)
            broker.launch()
            self.stack.callback(broker.end)
            await asyncio.to_thread(broker.wait_until_ready)
            self.watch("Kafka", broker.process)
            self.env["DASHSTREAM_KAFKA_BOOTSTRAP"] = broker.bootstrap
            say(broker.bootstrap)
        with self.step("Valkey") as say:
            store = RedisServer(valkey_binary(), self.subfolder("valkey"), *free_ports(1))
            store.start()
            self.stack.callback(store.kill)
            self.watch("Valkey", store.process)
            self.env["DASHSTREAM_REDIS_URL"] = store.url
            say(store.url)
        with self.step("topics") as say:
            say(await self.made_topics(partitions))
        self.env["DASHSTREAM_GATEWAY_TOKEN"] = self.token
        for number in range(1, GATEWAYS + 1):
            with self.step(f"gateway {number}") as say:
                self.gateways.append(await self.started_gateway(number))
                say(f"{self.gateways[-1].url} (process {self.parts[f'gateway {number}'].pid})")

    def start_program(self, runs: int | None, pace: float) -> subprocess.Popen[Any]:
        """Start the demo's program; it writes straight to Kafka, so it needs neither gateway."""
        command = ["run", "-m", "dashstream.demo", "--pace", str(pace)]
        if runs is not None:
            command += ["--runs", str(runs)]
        told = {"DASHSTREAM_SDK_TRANSPORT": "kafka", "DASHSTREAM_SDK_DATA_DIR": str(self.subfolder("program"))}
        return self.launch("program", command, told)

    async def made_topics(self, partitions: int) -> str:
        command = [DASHSTREAM, "topics", "create", "--partitions", str(partitions)]
        done = await asyncio.to_thread(
            subprocess.run, command, check=False, capture_output=True, text=True, env=self.env
        )
        if done.returncode != 0:
            raise PartError(f"the topics could not be made: {done.stderr.strip()}")
        return ", ".join(done.stdout.split("\n")[:-1])

    async def started_gateway(self, number: int) -> Gateway:
        name = f"gateway {number}"
        folder = self.subfolder(f"gateway-{number}")
        command = ["serve", "--json", "--port", "0", "--data-dir", str(folder / "data")]
        process = self.launch(name, command, {}, stdout=subprocess.PIPE)
        line = await asyncio.to_thread(process.stdout.readline) if process.stdout else b""
        if not line:
            raise PartError(f"{name} did not start:\n{self.tail(name)}")
        return Gateway(json.loads(line)["url"], self.token)

    def launch(self, name: str, command: list[str], env: dict[str, str], stdout: int | None = None) -> Any:
        """Start a command of ours; what it says goes to a file of its folder."""
        with self.log_of(name).open("ab") as log:
            process = subprocess.Popen(
                [DASHSTREAM, *command],
                stdout=log if stdout is None else stdout,
                stderr=log,
                env={**self.env, **env},
                start_new_session=True,  # a Ctrl-C is ours, so that the parts end in order
            )
        self.stack.callback(end, process)
        self.watch(name, process)
        return process

    def watch(self, name: str, process: subprocess.Popen[Any] | None) -> None:
        """Have the end of a process told of."""
        assert process  # noqa: S101  # it was just started
        self.parts[name] = process

    def tell_of_ends(self, *, is_over: bool = False) -> None:
        """Say which parts have ended since this was last called. ``is_over``: the program may end, if all is well."""
        for name, process in list(self.parts.items()):
            if (code := process.poll()) is None:
                continue
            del self.parts[name]
            if name == "program" and is_over and code == 0:
                continue
            self.is_whole = False
            self.console.print(f"  [red]✗[/red] {name} ended with exit code {code}", highlight=False)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show that a part is being started, and then where it is."""
        began = monotonic()

        def say(what: str) -> None:
            self.console.print(f"  [green]✓[/green] {name:10} {what}  [dim]{monotonic() - began:.1f} s[/dim]")

        with self.console.status(f"{name} is starting"):
            yield say

    def subfolder(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def log_of(self, name: str) -> Path:
        return self.subfolder(name.replace(" ", "-")) / "output.log"

    def tail(self, name: str) -> str:
        return self.log_of(name).read_text(errors="replace")[-LOG_TAIL:].strip()


def end(process: subprocess.Popen[Any]) -> None:
    """End a process in order, or by force where that takes too long."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def where_to_look(fleet: Fleet) -> str:
    """Return what a person needs to look at the fleet."""
    first = fleet.gateways[0].url
    pages = "\n".join(
        f"    gateway {number}   {gateway.url}/#token={fleet.token}" for number, gateway in enumerate(fleet.gateways, 1)
    )
    return f"""
  Watch it live, at either gateway:

{pages}

  Health and figures, and the same from the command line:

    curl -H 'Authorization: Bearer {fleet.token}' {first}/api/v1/health
    curl -H 'Authorization: Bearer {fleet.token}' {first}/metrics
    export DASHSTREAM_CLI_URL={first} DASHSTREAM_CLI_TOKEN={fleet.token}
    dashstream runs; dashstream partitions list; dashstream dlq list

  Kafka is at {fleet.env["DASHSTREAM_KAFKA_BOOTSTRAP"]}, Valkey at {fleet.env["DASHSTREAM_REDIS_URL"]};
  what each part says is in {fleet.folder}
  Stop all of it with Ctrl-C.
"""


async def until_over(fleet: Fleet, program: subprocess.Popen[Any], *, has_end: bool) -> None:
    """Tell of parts that end; returns when a program that has an end has reached it."""
    while not (has_end and program.poll() is not None):
        fleet.tell_of_ends(is_over=has_end)
        await asyncio.sleep(LOOK_S)
    fleet.tell_of_ends(is_over=True)


async def shown_by_all(fleet: Fleet) -> bool:
    """Wait until every gateway shows the same finished runs, and say so."""
    deadline = monotonic() + SHOWN_S
    seen: list[set[str]] = []
    while monotonic() < deadline:
        with suppress(DashStreamError):
            lists = [await asyncio.to_thread(gateway.get, "/api/v1/runs") for gateway in fleet.gateways]
            seen = [{run["run_id"] for run in one["runs"] if run["ended_us"] is not None} for one in lists]
            if seen[0] and all(one == seen[0] for one in seen):
                fleet.console.print(f"  Each gateway shows all {len(seen[0])} runs.", highlight=False)
                return True
        await asyncio.sleep(LOOK_S)
    fleet.console.print(f"  [red]✗[/red] The gateways show different runs: {[len(one) for one in seen]}")
    return False


async def operate(arguments: argparse.Namespace, console: Console) -> int:
    """Run a fleet until it is stopped or its program is done; returns the exit code."""
    own, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert own  # noqa: S101  # asyncio.run made it
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, own.cancel)
    with ExitStack() as stack:
        folder = arguments.data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        fleet = Fleet(folder.resolve(), stack, console)
        try:
            await fleet.start(arguments.partitions)
            program = fleet.start_program(arguments.runs, arguments.pace)
            console.print(where_to_look(fleet), highlight=False, markup=False)
            await until_over(fleet, program, has_end=arguments.runs is not None)
            fleet.is_whole &= await shown_by_all(fleet)
        except asyncio.CancelledError:
            fleet.tell_of_ends()
        except (PartError, RuntimeError, OSError, subprocess.SubprocessError) as error:
            console.print(f"  [red]✗[/red] {error}", highlight=False)
            fleet.is_whole = False
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)  # each part has its time; nothing is left behind
        console.print("  Stopping: program, gateways, Valkey, Kafka.")
    console.print("  Stopped.")
    return 0 if fleet.is_whole else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fleet", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, help="end after so many questions of the program; default: run on")
    parser.add_argument("--pace", type=float, default=1.0, help="1 can be watched; 0 is as fast as possible")
    parser.add_argument("--partitions", type=int, default=4, help="partitions of the topic of records")
    parser.add_argument("--data-dir", type=Path, help="keep everything here; default: a folder that goes at the end")
    return asyncio.run(operate(parser.parse_args(), Console(soft_wrap=True)))


if __name__ == "__main__":
    sys.exit(main())
