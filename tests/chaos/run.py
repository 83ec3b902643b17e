"""One chaos run: start the fleet, load it, do the planned faults, let it settle, and have it judged.

The verdict comes from Kafka, the clients' journals and the producers' reports alone; no gateway is asked anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from chaos import producer
from chaos.checker import check_commits, check_letters
from chaos.facts import CommitSample, KafkaFacts
from chaos.fleet import GROUP, LETTERS, TOKEN, TOPIC, Fleet
from chaos.plan import FaultKind, Plan
from dashstream.adapters.kafka.topic_id import epoch_of
from dashstream.bench import subscriber
from dashstream.bench.facts import LogFacts
from dashstream.bench.judge import JournalChecker, Violation, check_sequences

TESTS = Path(__file__).resolve().parents[1]
SAMPLE_S = 0.5
CALL_S = 2.0
PRODUCERS_END_S = 240.0
CLIENTS_END_S = 120.0
SETTLE_S = 60.0
SLOW_S = 0.15
AWAY_S, LONG_AWAY_S = 0.3, 3.0
SMALL_WINDOW = 65_536
CLIENT_CUTS = "clients cut off, resumed elsewhere"

Progress = Callable[[str, float], None]
"""Told what is going on, and how many seconds of the load are over."""


@dataclass
class Verdict:
    """What came of a run."""

    plan: Plan
    violations: list[Violation]
    figures: dict[str, int | float] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    """What was done, by kind; what clients did to themselves too."""


def subscribers(plan: Plan, fleet: Fleet, directory: Path) -> list[subscriber.Orders]:
    """Return the clients: whole and filtered, slow and quick, often away and never, on either gateway first."""
    chance = random.Random(f"{plan.seed}/clients")
    threads = [thread for name in plan.producer_names() for thread in plan.thread_names(name)]
    urls = [gateway.ws_url for gateway in fleet.gateways]
    made = []
    for number in range(plan.clients):
        first = number % len(urls)
        made.append(
            subscriber.Orders(
                name=f"client-{number}",
                seed=plan.seed,
                urls=urls[first:] + urls[:first],
                token=TOKEN,
                journal=str(directory / f"client-{number}.jsonl"),
                start="latest" if number % 8 == 5 else "earliest",
                threads=sorted(chance.sample(threads, len(threads) // 4)) if number % 3 == 1 else None,
                window_bytes=SMALL_WINDOW if number % 4 == 2 else None,
                strict=number % 2 == 1,
                compress=number % 4 == 3,
                slow_s=SLOW_S if number % 4 == 2 else 0.0,
                cut_every_s=0.0 if number == 0 else plan.cut_every_s,
                away_s=LONG_AWAY_S if number % 4 == 3 else AWAY_S,
            )
        )
    return made


def producers(plan: Plan, fleet: Fleet, directory: Path) -> list[producer.Orders]:
    """Return the producers; together they make the planned rate."""
    names = plan.producer_names()
    bad_rate = plan.rate * plan.bad_share
    rate = (plan.rate - bad_rate) / len(names)
    urls = [gateway.url for gateway in fleet.gateways]
    return [
        producer.Orders(
            name=name,
            seed=plan.seed,
            rate=rate,
            seconds=plan.seconds,
            threads=plan.thread_names(name),
            urls=urls[number % len(urls) :] + urls[: number % len(urls)],
            token=TOKEN,
            report=str(directory / f"{name}.json"),
            bootstrap=fleet.broker.bootstrap if name == "direct" else "",
            topic=TOPIC,
            bad_rate=bad_rate,
        )
        for number, name in enumerate(names)
    ]


class CommitWatch:
    """Looks at the group's commits again and again, then at the end of the letters' topic."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._admin = self._connected()
        self.samples: list[CommitSample] = []

    @property
    def newest(self) -> dict[int, int]:
        """The positions seen last."""
        return dict(self.samples[-1].positions) if self.samples else {}

    async def run(self) -> None:
        """Look until cancelled; while Kafka is away there is nothing to be seen."""
        while True:
            try:
                self.samples.append(await asyncio.to_thread(self._look))
            except (KafkaException, TimeoutError):
                self._admin = self._connected()  # a client that asked while Kafka was away may ask in vain for good
            await asyncio.sleep(SAMPLE_S)

    def _connected(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 0})

    def _look(self) -> CommitSample:
        wanted = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(TOPIC, p) for p in range(self._partitions)])
        found = self._admin.list_consumer_group_offsets([wanted], request_timeout=CALL_S)[GROUP].result(CALL_S + 1)
        end = self._admin.list_offsets({TopicPartition(LETTERS, 0): OffsetSpec.latest()}, request_timeout=CALL_S)
        (letters,) = end.values()
        positions = {place.partition: place.offset for place in found.topic_partitions if place.offset >= 0}
        return CommitSample(positions, letters.result(CALL_S + 1).offset)


async def run(plan: Plan, directory: Path, progress: Progress = lambda *_: None) -> Verdict:
    """Do a run in an empty directory."""
    progress("starting", 0.0)
    async with Fleet(plan, directory) as fleet:
        facts = LogFacts("")
        watch = CommitWatch(fleet.broker.bootstrap, plan.partitions)
        watching = asyncio.create_task(watch.run())
        try:
            return await _judge(plan, fleet, facts, watch, await _load(plan, fleet, facts, watch, progress), progress)
        finally:
            watching.cancel()


@dataclass
class _Load:
    """What the load left behind."""

    clients: list[subscriber.Orders]
    reports: list[dict[str, Any]]
    seconds: float
    exits: list[int | None]
    unsettled: list[Violation]


async def _load(plan: Plan, fleet: Fleet, facts: LogFacts, watch: CommitWatch, progress: Progress) -> _Load:
    """Run clients, producers and faults to their end, wait until all is settled, stop the gateways."""
    until = fleet.directory / "until.json"
    clients = subscribers(plan, fleet, fleet.directory)
    orders = producers(plan, fleet, fleet.directory)
    following = await _start(subscriber.__name__, str(until), told=[asdict(each) for each in clients])
    producing = [await _start("chaos.producer", json.dumps(asdict(each))) for each in orders]
    try:
        began = monotonic()
        await _do_faults(plan, fleet, facts, watch, lambda what: progress(what, monotonic() - began), began)
        progress("producers finish", plan.seconds)
        codes = await asyncio.wait_for(asyncio.gather(*(each.wait() for each in producing)), PRODUCERS_END_S)
        assert not any(codes), f"producers ended with {codes}"
        seconds = monotonic() - began
        ends = await asyncio.to_thread(_ends, fleet, plan)
        until.write_text(json.dumps({str(partition): end for partition, end in ends.items()}))
        progress("clients and commits catch up", plan.seconds)
        unsettled = await _settled(watch, ends)
        try:
            code = await asyncio.wait_for(following.wait(), CLIENTS_END_S)
            assert code == 0, f"the subscribers ended with {code}"
        except TimeoutError:
            unsettled.append(Violation("unfinished", "clients", f"not done {CLIENTS_END_S} s after the load"))
        exits = await fleet.stop_gateways()
    finally:
        for process in (following, *producing):
            if process.returncode is None:
                process.terminate()
                await process.wait()
    reports = [json.loads(Path(each.report).read_text()) for each in orders]
    return _Load(clients, reports, seconds, exits, unsettled)


async def _do_faults(
    plan: Plan, fleet: Fleet, facts: LogFacts, watch: CommitWatch, progress: Callable[[str], None], began: float
) -> None:
    """Do each fault at its time, in a task of its own: a slow one holds up no other."""
    async with asyncio.TaskGroup() as group:
        for fault in plan.schedule():
            await asyncio.sleep(max(0.0, began + fault.at_s - monotonic()))
            progress(str(fault.kind))
            group.create_task(fleet.do(fault, facts, watch.newest))
        await asyncio.sleep(max(0.0, began + plan.seconds - monotonic()))


async def _settled(watch: CommitWatch, ends: Mapping[int, int]) -> list[Violation]:
    """Wait until everything is committed; say what is not."""
    deadline = monotonic() + SETTLE_S
    while monotonic() < deadline:
        if watch.newest == ends:
            return []
        await asyncio.sleep(SAMPLE_S)
    return [Violation("commit", TOPIC, f"{watch.newest} is committed of {dict(ends)}")]


async def _judge(
    plan: Plan, fleet: Fleet, facts: LogFacts, watch: CommitWatch, load: _Load, progress: Progress
) -> Verdict:
    progress("the checker reads", plan.seconds)
    violations = list(load.unsettled)
    violations += [Violation("exit", f"gateway-{n}", f"code {code}") for n, code in enumerate(load.exits) if code]
    reader = KafkaFacts(fleet.broker.bootstrap)
    try:
        for partition in range(plan.partitions):
            await asyncio.to_thread(reader.read_log, facts, TOPIC, partition)
        letters = await asyncio.to_thread(reader.read_letters, LETTERS)
    finally:
        reader.close()
    facts.epoch = await asyncio.to_thread(_epoch, fleet)
    figures: Counter[str] = Counter()
    cuts = 0
    for client in load.clients:
        checker = JournalChecker(client.name, client.threads, facts)
        violations += await asyncio.to_thread(checker.check, _frames(Path(client.journal)))
        figures["client connections"] += checker.connections
        figures["records delivered"] += checker.delivered
        figures["gaps told"] += checker.gaps
        cuts += checker.cuts
    violations += check_letters(facts, TOPIC, letters)
    violations += check_commits(facts, TOPIC, letters, watch.samples)
    sequences = check_sequences(facts, load.reports)
    violations += sequences.violations
    figures["records on the log"] = sum(map(len, facts.records.values()))
    figures["repeats among them"] = sequences.repeats
    figures["bad records"] = sum(report.get("bad", 0) for report in load.reports)
    figures["producers' retries"] = sum(report.get("retries", 0) for report in load.reports)
    figures["dead letters"] = len({letter.key for letter in letters})
    figures["dead letters sent twice"] = len(letters) - figures["dead letters"]
    figures["commits looked at"] = len(watch.samples)
    figures["starts of gateways"] = sum(gateway.starts for gateway in fleet.gateways)
    rate = round((sequences.records - sequences.repeats) / load.seconds)
    faults = {str(kind): fleet.done[kind] for kind in FaultKind} | {CLIENT_CUTS: cuts}
    return Verdict(plan, violations, {"records per second": rate, **figures}, faults)


def _epoch(fleet: Fleet) -> str:
    found = fleet.broker.admin.describe_topics(TopicCollection([TOPIC]), request_timeout=CALL_S)[TOPIC].result(
        CALL_S + 1
    )
    return epoch_of(found)


def _ends(fleet: Fleet, plan: Plan) -> dict[int, int]:
    reader = KafkaFacts(fleet.broker.bootstrap)
    try:
        return {partition: reader.bounds(TOPIC, partition)[1] for partition in range(plan.partitions)}
    finally:
        reader.close()


def _frames(journal: Path) -> Iterator[Mapping[str, Any]]:
    with journal.open() as lines:
        for line in lines:
            yield json.loads(line)


async def _start(module: str, *arguments: str, told: object = None) -> asyncio.subprocess.Process:
    """Start a module as a program; it is told something by its standard input."""
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = (sys.executable, "-m", module, *arguments)
    process = await asyncio.create_subprocess_exec(*command, env=env, stdin=asyncio.subprocess.PIPE)
    assert process.stdin
    process.stdin.write(json.dumps(told).encode())
    process.stdin.close()
    return process
