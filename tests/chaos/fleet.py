"""The fleet under test: one Kafka, one Valkey, several gateways, and a network between them that can go wrong.

Clients and producers reach each gateway through a proxy of its own, and each gateway reaches the store through another
one. A gateway that dies is started again at once, and again until it runs, as a service manager does it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chaos.facts import KafkaFacts, LogFacts
from chaos.plan import Fault, FaultKind, Plan
from dashstream.testing.fault_proxy import FaultProxy
from parts.kafka import KafkaTopic
from parts.kafka_server import KafkaBroker, kafka_libs
from parts.ports import free_ports
from parts.redis import running
from parts.redis_server import RedisServer, valkey_binary

DASHSTREAM = Path(sys.executable).parent / "dashstream"
TOKEN = "token-of-the-chaos-fleet"
TOPIC = "dashstream"
LETTERS = f"{TOPIC}-dead-letters"
GROUP = "dashstream"
START_S = 60.0
STOP_S = 30.0
AGAIN_S = 0.2
STALL_REDIS_S = 4.0
STALL_FRONT_S = 1.0
RING_RECORDS = 3_000
"""Small, so that whoever was away has to be served from the retained tier and the log."""


@dataclass
class Gateway:
    """A gateway process on a fixed port, with its network."""

    number: int
    directory: Path
    port: int
    front: FaultProxy
    to_redis: FaultProxy
    env: dict[str, str]
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    keeping: asyncio.Task[None] | None = field(default=None, repr=False)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    is_ending: bool = False
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.front.host}:{self.front.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self.front.host}:{self.front.port}/ws"

    @property
    def log_file(self) -> Path:
        return self.directory / f"gateway-{self.number}.log"

    async def keep(self) -> None:
        """Run it, and start it again whenever it ends, until it is stopped."""
        command = [DASHSTREAM, "serve", "--json", "--port", str(self.port)]
        command += ["--data-dir", str(self.directory / f"gateway-{self.number}")]
        while not self.is_ending:
            self.starts += 1
            with self.log_file.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *command, stdout=asyncio.subprocess.PIPE, stderr=log, env=self.env
                )
            assert self.process.stdout
            if await self.process.stdout.readline():
                self.is_ready.set()
            await self.process.wait()
            self.is_ready.clear()
            await asyncio.sleep(AGAIN_S)

    def kill(self) -> bool:
        """Kill -9; return whether it ran."""
        if self.process is None or self.process.returncode is not None:
            return False
        self.process.kill()
        return True

    async def stop(self) -> int | None:
        """SIGTERM; return its exit code."""
        self.is_ending = True
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), STOP_S)
        if self.keeping is not None:
            await self.keeping
        return self.process.returncode if self.process else None


@dataclass
class Fleet:
    """All of it; enter it to run it. What is done to it is counted."""

    plan: Plan
    directory: Path
    done: Counter[FaultKind] = field(default_factory=Counter)
    gateways: list[Gateway] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.broker = await asyncio.to_thread(KafkaBroker.made, self.directory, kafka_libs())
            stack.callback(self.broker.kill)
            await asyncio.to_thread(self.broker.start)
            self.redis = RedisServer(valkey_binary(), self.directory / "valkey", *free_ports(1))
            stack.enter_context(running(self.redis))
            self._create_topics()
            for number, port in enumerate(free_ports(self.plan.gateways)):
                self.gateways.append(await self._gateway(stack, number, port))
            async with asyncio.timeout(START_S):
                for gateway in self.gateways:
                    await gateway.is_ready.wait()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def do(self, fault: Fault, facts: LogFacts, committed: dict[int, int]) -> None:
        """Do what a fault says; returns when it is over."""
        gateway = self.gateways[fault.gateway]
        match fault.kind:
            case FaultKind.KILL_GATEWAY:
                await gateway.is_ready.wait()
                if not gateway.kill():
                    return
            case FaultKind.RESTART_KAFKA:
                await asyncio.to_thread(self.broker.restart)
            case FaultKind.FLUSH_REDIS:
                await asyncio.to_thread(self.redis.flush)
            case FaultKind.STALL_REDIS:
                self.redis.stall()
                try:
                    await asyncio.sleep(STALL_REDIS_S)
                finally:
                    self.redis.resume()
            case FaultKind.RESET_FRONT:
                gateway.front.reset()
            case FaultKind.STALL_FRONT:
                gateway.front.stall()
                try:
                    await asyncio.sleep(STALL_FRONT_S)
                finally:
                    gateway.front.flow()
            case FaultKind.RESET_REDIS:
                gateway.to_redis.reset()
            case FaultKind.TRIM_LOG:
                await asyncio.to_thread(self._trim, facts, committed)
        self.done[fault.kind] += 1

    async def stop_gateways(self) -> list[int | None]:
        """Stop all gateways in order; return their exit codes."""
        return list(await asyncio.gather(*(gateway.stop() for gateway in self.gateways)))

    def _trim(self, facts: LogFacts, committed: dict[int, int]) -> None:
        """Remove what is committed, as retention would, after noting what it was."""
        reader = KafkaFacts(self.broker.bootstrap)
        try:
            for partition, position in committed.items():
                reader.read_log(facts, TOPIC, partition)
                KafkaTopic(self.broker, TOPIC).trim(partition, position)
        finally:
            reader.close()

    def _create_topics(self) -> None:
        subprocess.run(
            [DASHSTREAM, "topics", "create", "--partitions", str(self.plan.partitions)],
            check=True,
            capture_output=True,
            env=self._env(""),
        )

    async def _gateway(self, stack: AsyncExitStack, number: int, port: int) -> Gateway:
        front = await stack.enter_async_context(FaultProxy("127.0.0.1", port))
        to_redis = await stack.enter_async_context(FaultProxy("127.0.0.1", self.redis.port))
        env = self._env(f"redis://{to_redis.host}:{to_redis.port}")
        gateway = Gateway(number, self.directory, port, front, to_redis, env)
        gateway.keeping = asyncio.create_task(gateway.keep())
        stack.push_async_callback(self._end, gateway)
        return gateway

    async def _end(self, gateway: Gateway) -> None:
        gateway.is_ending = True
        gateway.kill()
        if gateway.keeping is not None:
            await gateway.keeping

    def _env(self, redis_url: str) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("DASHSTREAM_")}
        env |= {
            "DASHSTREAM_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "DASHSTREAM_KAFKA_TOPIC": TOPIC,
            "DASHSTREAM_KAFKA_GROUP": GROUP,
            "DASHSTREAM_GATEWAY_TOKEN": TOKEN,
            "DASHSTREAM_LOGGING_FORMAT": "json",
            "DASHSTREAM_RING_MAX_RECORDS": str(RING_RECORDS),
        }
        return env | ({"DASHSTREAM_REDIS_URL": redis_url} if redis_url else {})
