"""A load on a running gateway, judged: producers write over HTTP, clients keep journals, the judge compares.

Producers run in threads of this process, clients in a process of their own that knows only the wire. Clients follow
the run's own threads from where the log ended before it, so other traffic disturbs nothing. What was written is known
from the producers; where it lies on the log, from the clients: whatever any of them got has to be what every one of
them got, and together it has to be all that was acknowledged. Nothing of a run may be gone before it is over, so a
gap counts as a loss here.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from dashstream.bench import subscriber
from dashstream.bench.facts import LogFacts, Record
from dashstream.bench.judge import JournalChecker, Violation, check_sequences
from dashstream.bench.producer import Ingest, Made, Source
from dashstream.errors import GatewayUnreachableError

LOOK_S = 0.05
READY_S = 30.0
PRODUCERS, THREADS = 4, 4
"""How many write, and to how many threads each."""

Progress = Callable[[str, int], None]
"""Told what is going on, and how many records were acknowledged."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to do. ``cut_every_s``: how long a client stays before it hangs up and resumes, on average; 0 is to the
    end. ``settle_s``: how long after the last record everything has to be delivered."""

    records: int = 10_000
    rate: int = 1_000
    clients: int = 8
    cut_every_s: float = 0.0
    settle_s: float = 30.0
    seed: int = 1


@dataclass
class Report:
    """What came of it. Latencies are in seconds, from when a record was made to when a client had it."""

    violations: list[Violation]
    records: int
    seconds: float
    delivered: int
    connections: int
    gaps: int
    retries: int
    latencies: list[float] = field(repr=False)

    def latency(self, share: float) -> float:
        """Return the latency that this share of deliveries did not exceed; 0 if there was none."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))] if self.latencies else 0.0


@dataclass
class _Written:
    """What producers made and a gateway acknowledged."""

    made: dict[int, Made] = field(default_factory=dict)
    reports: list[Mapping[str, Any]] = field(default_factory=list)
    acknowledged: int = 0
    retries: int = 0


async def run(load: Load, url: str, token: str, directory: Path, progress: Progress) -> Report:
    """Do it; journals are left in ``directory``.

    Raises:
        GatewayUnreachableError: there is no gateway, or none that lets us in.
        ProtocolError: it refuses records.
    """
    ws_url = "ws" + url.removeprefix("http").rstrip("/") + "/ws"
    name = f"bench-{secrets.token_hex(4)}"
    before = await _welcomed(ws_url, token)
    names = [f"{name}-{number}" for number in range(min(PRODUCERS, load.records))]
    threads = {each: [f"{each}-{number}" for number in range(THREADS)] for each in names}
    clients = _clients(load, ws_url, token, directory, before, [one for each in threads.values() for one in each])
    until = directory / "until.json"
    until.unlink(missing_ok=True)
    command = (sys.executable, "-m", subscriber.__name__, str(until))
    following = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    try:
        await _order(following, clients)
        progress("clients connect", 0)
        await _all_follow(clients)
        began = monotonic()
        written = await _write(load, url, token, threads, progress)
        seconds = monotonic() - began
        progress("clients catch up", written.acknowledged)
        after = await _welcomed(ws_url, token)
        ends = {int(place["partition"]): int(place["high"]) for place in after["partitions"]}
        until.write_text(json.dumps(ends))
        with suppress(TimeoutError):
            await asyncio.wait_for(following.wait(), load.settle_s)
    finally:
        if following.returncode is None:
            following.kill()
            await following.wait()
    progress("journals are judged", written.acknowledged)
    return await asyncio.to_thread(_judge, before["epoch"], ends, clients, written, seconds)


def _clients(
    load: Load, ws_url: str, token: str, directory: Path, before: Mapping[str, Any], threads: list[str]
) -> list[subscriber.Orders]:
    positions = {str(place["partition"]): int(place["high"]) for place in before["partitions"]}
    return [
        subscriber.Orders(
            name=f"client-{number}",
            seed=load.seed,
            urls=[ws_url],
            token=token,
            journal=str(directory / f"client-{number}.jsonl"),
            epoch=before["epoch"],
            positions=positions,
            threads=threads,
            compress=number % 2 == 1,
            cut_every_s=load.cut_every_s,
        )
        for number in range(load.clients)
    ]


async def _welcomed(ws_url: str, token: str) -> Mapping[str, Any]:
    """Return what a gateway says to a new client: the log's epoch, and where its partitions begin and end."""
    hello = {"type": "hello", "protocol": "dashstream.v2", "client": {"name": "bench", "version": "1"}}
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with (
            asyncio.timeout(READY_S),
            connect(
                ws_url, subprotocols=[Subprotocol("dashstream.v2")], additional_headers=headers, proxy=None
            ) as socket,
        ):
            await socket.send(json.dumps(hello))
            welcome: Mapping[str, Any] = json.loads(await socket.recv())
    except (OSError, WebSocketException) as error:
        raise GatewayUnreachableError(f"no gateway lets us in at {ws_url}: {error}") from error
    if welcome["type"] != "welcome":
        raise GatewayUnreachableError(f"no gateway lets us in at {ws_url}: {welcome.get('message')}")
    return welcome


async def _order(following: asyncio.subprocess.Process, clients: list[subscriber.Orders]) -> None:
    """Tell the clients what to do: by standard input, for the token is nobody else's business."""
    if following.stdin is not None:
        following.stdin.write(json.dumps([asdict(each) for each in clients]).encode())
        await following.stdin.drain()
        following.stdin.close()


async def _all_follow(clients: list[subscriber.Orders]) -> None:
    """Wait until every client has its subscription."""
    try:
        async with asyncio.timeout(READY_S):
            for each in clients:
                while not any(frame["is"] == "subscribed" for frame in _frames(each)):  # noqa: ASYNC110  # a file
                    await asyncio.sleep(LOOK_S)
    except TimeoutError as error:
        raise GatewayUnreachableError(f"the clients have no subscription after {READY_S:.0f} s") from error


async def _write(
    load: Load, url: str, token: str, threads: Mapping[str, Sequence[str]], progress: Progress
) -> _Written:
    """Write all records; returns when they are durable."""
    written = _Written()
    tasks = []
    for number, (name, own) in enumerate(threads.items()):
        chance = random.Random(f"{load.seed}/{number}")  # noqa: S311  # chance, not a secret
        count = load.records // len(threads) + (number < load.records % len(threads))
        source = Source(name, own, records=count, rate=load.rate / len(threads), chance=chance)
        tasks.append(asyncio.create_task(asyncio.to_thread(_produce, name, source, Ingest([url], token), written)))
    watching = asyncio.gather(*tasks)
    while not watching.done():
        progress("records are written", written.acknowledged)
        await asyncio.wait({watching}, timeout=LOOK_S)
    await watching
    return written


def _produce(name: str, source: Source, ingest: Ingest, written: _Written) -> None:
    while not source.is_over:
        made = source.due()
        written.made.update((zlib.crc32(each.value), each) for each in made)
        ingest.send([each.value for each in made])
        written.acknowledged += len(made)
    ingest.close()
    counts = [(epoch, thread, count) for (epoch, thread), count in source.counts.items()]
    written.reports.append({"producer": name, "counts": counts})
    written.retries += ingest.retries


def _judge(
    epoch: str, ends: dict[int, int], clients: list[subscriber.Orders], written: _Written, seconds: float
) -> Report:
    facts = LogFacts(epoch, {partition: [] for partition in ends}, dict.fromkeys(ends, 0), ends)
    latencies = []
    found: dict[int, dict[int, Record]] = {partition: {} for partition in ends}
    for client in clients:
        for frame in _frames(client):
            for partition, offset, _, crc in frame.get("rows", ()):
                made = written.made.get(crc)
                if made is not None:
                    latencies.append(frame["at"] - made.at_s)
                    found[partition][offset] = Record(offset, made.identity.thread, crc, identity=made.identity)
    for partition, records in found.items():
        facts.add(partition, [records[offset] for offset in sorted(records)])
    violations = check_sequences(facts, written.reports).violations
    report = Report(violations, written.acknowledged, seconds, 0, 0, 0, written.retries, sorted(latencies))
    for client in clients:
        checker = JournalChecker(client.name, client.threads, facts)
        violations += checker.check(_frames(client))
        report.delivered += checker.delivered
        report.connections += checker.connections
        report.gaps += checker.gaps
    return report


def _frames(client: subscriber.Orders) -> Iterator[dict[str, Any]]:
    """Yield what a client has in its journal; a last line that is not yet whole is none."""
    with suppress(FileNotFoundError), Path(client.journal).open() as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
