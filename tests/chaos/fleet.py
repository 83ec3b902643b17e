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
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException

from chaos.facts import KafkaFacts
from chaos.plan import Fault, FaultKind, Plan
from dashstream.bench.facts import LogFacts
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
FREEZE_S = 1.5
FREEZE_REDIS_S = 4.0
STALL_S = 1.0
DELAYED_S = 3.0
DELAY_S = 0.08
SLICE_BYTES = 200
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

    async def freeze(self) -> bool:
        """SIGSTOP for a while: connections stay open and nothing answers; return whether it ran."""
        process = self.process
        if process is None or process.returncode is not None:
            return False
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(FREEZE_S)
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
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
    _kafka_lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _redis_lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

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
        """Do what a fault says; returns when it is over. Counted is what was really done."""
        gateway = self.gateways[fault.gateway]
        match fault.kind:
            case FaultKind.KILL_GATEWAY | FaultKind.FREEZE_GATEWAY:
                await gateway.is_ready.wait()
                is_done = gateway.kill() if fault.kind is FaultKind.KILL_GATEWAY else await gateway.freeze()
            case FaultKind.KILL_KAFKA | FaultKind.FREEZE_KAFKA | FaultKind.TRIM_LOG:
                is_done = await self._harm_kafka(fault.kind, facts, committed)
            case FaultKind.KILL_REDIS | FaultKind.FLUSH_REDIS | FaultKind.FREEZE_REDIS:
                is_done = await self._harm_redis(fault.kind)
            case FaultKind.RESET_REDIS | FaultKind.DELAY_REDIS:
                is_done = await _harm_network(gateway.to_redis, fault.kind)
            case _:
                is_done = await _harm_network(gateway.front, fault.kind)
        self.done[fault.kind] += is_done

    async def _harm_kafka(self, kind: FaultKind, facts: LogFacts, committed: dict[int, int]) -> bool:
        """Kill it and start it again, freeze it for a while, or remove old records: one after the other."""
        async with self._kafka_lock:
            match kind:
                case FaultKind.KILL_KAFKA:
                    await asyncio.to_thread(self.broker.restart)
                case FaultKind.FREEZE_KAFKA:
                    self.broker.stop()
                    try:
                        await asyncio.sleep(FREEZE_S)
                    finally:
                        self.broker.go_on()
                case _:
                    await asyncio.to_thread(self._trim, facts, committed)
        return True

    async def _harm_redis(self, kind: FaultKind) -> bool:
        async with self._redis_lock:
            match kind:
                case FaultKind.KILL_REDIS:
                    await asyncio.to_thread(self.redis.restart)
                case FaultKind.FREEZE_REDIS:
                    self.redis.stall()
                    try:
                        await asyncio.sleep(FREEZE_REDIS_S)
                    finally:
                        self.redis.resume()
                case _:
                    await asyncio.to_thread(self.redis.flush)
        return True

    async def stop_gateways(self) -> list[int | None]:
        """Stop all gateways in order; return their exit codes."""
        return list(await asyncio.gather(*(gateway.stop() for gateway in self.gateways)))

    def _trim(self, facts: LogFacts, committed: dict[int, int]) -> None:
        """Remove what is committed, as retention would, after noting what it was."""
        reader = KafkaFacts(self.broker.bootstrap)
        try:
            for partition, position in committed.items():
                reader.read_log(facts, TOPIC, partition)
                for _ in self.broker.attempts():  # one that just started may not lead its partitions yet
                    with suppress(KafkaException):
                        KafkaTopic(self.broker, TOPIC).trim(partition, position)
                        break
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


async def _harm_network(proxy: FaultProxy, kind: FaultKind) -> bool:
    """Do something to a network; returns whether there was a connection to do it to, once it flows again."""
    is_used = proxy.connections > 0
    match kind:
        case FaultKind.RESET_FRONT | FaultKind.RESET_REDIS:
            proxy.reset()
        case FaultKind.HALF_OPEN_FRONT:
            proxy.half_open()
        case FaultKind.STALL_FRONT:
            proxy.stall()
            try:
                await asyncio.sleep(STALL_S)
            finally:
                proxy.flow()
        case _:
            slice_bytes = SLICE_BYTES if kind is FaultKind.SLICE_FRONT else None
            proxy.both(latency_s=0.0 if slice_bytes else DELAY_S, slice_bytes=slice_bytes)
            try:
                await asyncio.sleep(DELAYED_S)
            finally:
                proxy.both()
    return is_used
