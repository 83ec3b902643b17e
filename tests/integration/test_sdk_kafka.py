"""Programs that write straight to a real Kafka: whatever happens to it, they are unharmed and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.engine.ports import partition_of
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Decoded, decode, encode
from dashstream.sdk.captures import RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.kafka_transport import KafkaTransport
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Verdict
from e2e.watching import EXIT_S, until
from integration.langgraph.observing import Seen, runs_of
from parts.kafka import KafkaTopic, NewTopicMaker
from parts.kafka_server import PASSWORD, USER, KafkaBroker

END_S = 60.0
THREADS = [f"thread {number}" for number in range(4)]
PASSES = 2
STEPS = 10
RUNS = PASSES * len(THREADS)
OTHER = "who comes later"

PROGRAM = """
import json, sys, time
from typing import TypedDict
import dashstream
from langgraph.graph import END, START, StateGraph

threads, passes, steps, flush_s = json.loads(sys.argv[1])

class State(TypedDict):
    count: int
    seen: list[int]

def count(state: State) -> dict:
    if state["count"] == steps // 2:
        print("half-way", flush=True)
        sys.stdin.readline()
    return {"count": state["count"] + 1, "seen": [*state["seen"], state["count"]]}

builder = StateGraph(State)
builder.add_node("count", count)
builder.add_edge(START, "count")
builder.add_conditional_edges("count", lambda state: END if state["count"] >= steps else "count", ["count", END])
graph = builder.compile(name="counter")

dashstream.auto()
final = [
    graph.invoke({"count": 0, "seen": []}, {"recursion_limit": steps + 5, "configurable": {"thread_id": thread}})
    for _ in range(passes)
    for thread in threads
]
if flush_s:
    assert dashstream.flush(flush_s)
print(json.dumps({"final": final, "ended": time.monotonic()}), flush=True)
"""


@dataclass
class Program:
    """A counting program that waits in the middle of each of its runs until it is told to go on."""

    process: asyncio.subprocess.Process

    async def go_on(self, times: int = 1) -> None:
        """Let it go on to the middle of later runs."""
        assert self.process.stdin
        for _ in range(times):
            assert await self._line() == b"half-way\n"
            self.process.stdin.write(b"\n")

    async def end(self) -> None:
        """Wait for its end: it has to have computed what it computes unobserved, and to have left at once."""
        outcome = json.loads(await self._line())
        assert outcome["final"] == [{"count": STEPS, "seen": list(range(STEPS))}] * RUNS
        out, errors = await asyncio.wait_for(self.process.communicate(), END_S)
        assert time.monotonic() - outcome["ended"] < EXIT_S
        assert (self.process.returncode, out, errors) == (0, b"", b"")

    async def _line(self) -> bytes:
        assert self.process.stdout
        return await asyncio.wait_for(self.process.stdout.readline(), END_S)


def environment(folder: Path, bootstrap: str, topic: str) -> dict[str, str]:
    """What a program has to be told."""
    return {
        "DASHSTREAM_DATA_DIR": str(folder),
        "DASHSTREAM_KAFKA_BOOTSTRAP": bootstrap,
        "DASHSTREAM_KAFKA_TOPIC": topic,
    }


@asynccontextmanager
async def started(folder: Path, topic: KafkaTopic, *, flush_s: float = 0) -> AsyncIterator[Program]:
    """A running program; it is ended if the test fails. ``flush_s``: how long it waits before its end."""
    env = os.environ | environment(folder, topic.broker.bootstrap, topic.name)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, json.dumps([THREADS, PASSES, STEPS, flush_s])),
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def forward(folder: Path, topic: KafkaTopic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another producer of the same data directory bring what a program left on disk."""
    for name, value in environment(folder, topic.broker.bootstrap, topic.name).items():
        monkeypatch.setenv(name, value)
    publisher = Publisher(SdkSettings(data_dir=folder, transport="kafka"))
    try:
        RunEmitter(publisher, RunContext(run_id=OTHER, thread_id=OTHER)).warning("here", "")

        async def is_brought() -> bool:
            return not list((folder / "spool").iterdir())

        await until(is_brought, "nothing is left on disk")
    finally:
        publisher.close()


def on_topic(topic: KafkaTopic) -> list[tuple[int, int, Decoded]]:
    """Every record with its partition and offset, by partition; each is where its thread belongs."""
    consumer = Consumer({"bootstrap.servers": topic.broker.bootstrap, "group.id": "none", "enable.auto.commit": False})
    found = []
    try:
        partitions = consumer.list_topics(topic.name, timeout=END_S).topics[topic.name].partitions
        for partition in partitions:
            here = TopicPartition(topic.name, partition, 0)
            _, high = consumer.get_watermark_offsets(here, timeout=END_S)
            consumer.assign([here])
            offset = 0
            while offset < high:
                message = consumer.poll(END_S)
                assert message is not None
                assert message.error() is None, message.error()
                record = decode(message.value())
                assert message.key() == record.header.thread_id.encode()
                assert partition == partition_of(message.key(), len(partitions))
                offset = message.offset() + 1
                found.append((partition, message.offset(), record))
    finally:
        consumer.close()
    return found


def once(records: list[tuple[int, int, Decoded]]) -> list[tuple[int, int, Decoded]]:
    """Leave out what a reader drops: records that repeat an earlier one."""
    seen: set[tuple[str, int, str, int]] = set()
    kept = []
    for partition, offset, record in records:
        header = record.header
        place = header.producer_id, header.producer_epoch, header.thread_id, header.sequence
        if place not in seen:
            seen.add(place)
            kept.append((partition, offset, record))
    return kept


def assert_whole(records: list[tuple[int, int, Decoded]]) -> None:
    """Every record of the program, in order, and its final states verified."""
    sequences: dict[str, list[int]] = defaultdict(list)
    program = [one for one in records if one[2].header.thread_id != OTHER]
    for _, _, record in program:
        sequences[record.header.thread_id].append(record.header.sequence)
    assert set(sequences) == set(THREADS)
    for thread, found in sequences.items():
        assert found == list(range(1, len(found) + 1)), thread
    runs: list[Seen] = runs_of(program)
    assert len(runs) == RUNS
    for seen in runs:
        seen.assert_sound()
        assert seen.root_states[-1][1] == {"count": STEPS, "seen": list(range(STEPS))}


def is_spooled(folder: Path) -> bool:
    return bool(list((folder / "spool").glob("*/*.spool")))


async def test_records_arrive_once_in_order_and_where_they_belong(kafka_topic: KafkaTopic, tmp_path: Path) -> None:
    async with started(tmp_path, kafka_topic, flush_s=END_S) as program:
        await program.go_on(RUNS)
        await program.end()
    assert not is_spooled(tmp_path)
    records = await asyncio.to_thread(on_topic, kafka_topic)
    assert_whole(records)
    assert once(records) == records


async def test_a_broker_killed_and_restarted_half_way_costs_nothing(
    kafka: KafkaBroker, kafka_topic: KafkaTopic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spools() -> bool:
        return is_spooled(tmp_path)

    async def has_caught_up() -> bool:
        return not is_spooled(tmp_path)

    async with started(tmp_path, kafka_topic) as program:
        await program.go_on(2)
        await asyncio.to_thread(kafka.kill)
        await program.go_on(2)
        await until(spools, "records wait on disk")
        await asyncio.to_thread(kafka.start)
        await program.go_on(2)
        await until(has_caught_up, "the same program brings what waited")
        await program.go_on(RUNS - 6)
        await program.end()
    await forward(tmp_path, kafka_topic, monkeypatch)
    assert_whole(once(await asyncio.to_thread(on_topic, kafka_topic)))


async def test_with_no_broker_all_along_and_then_one(
    kafka: KafkaBroker, kafka_topic: KafkaTopic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(kafka.kill)
    async with started(tmp_path, kafka_topic) as program:
        await program.go_on(RUNS)
        await program.end()
    assert is_spooled(tmp_path)
    await asyncio.to_thread(kafka.start)
    await forward(tmp_path, kafka_topic, monkeypatch)
    records = await asyncio.to_thread(on_topic, kafka_topic)
    assert_whole(records)
    assert once(records) == records, "nothing was on its way that could come twice"


@pytest.mark.parametrize("passed", [0, 3], ids=["all along", "half-way"])
async def test_with_a_broker_that_hangs_and_then_goes_on(
    passed: int, kafka: KafkaBroker, kafka_topic: KafkaTopic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path, kafka_topic) as program:
        await program.go_on(passed)
        kafka.stop()
        await program.go_on(RUNS - passed)
        await program.end()
    assert is_spooled(tmp_path)
    kafka.go_on()
    await forward(tmp_path, kafka_topic, monkeypatch)
    assert_whole(once(await asyncio.to_thread(on_topic, kafka_topic)))


async def test_parent_and_forked_child_each_have_a_client_of_their_own(kafka_topic: KafkaTopic, tmp_path: Path) -> None:
    source = """
import os, sys
import dashstream
recorder = dashstream.Recorder("forker")
def say(thread):
    with recorder.run(thread_id=thread) as run:
        run.state({"thread": thread})
    assert dashstream.flush(20)
say("parent")
child = os.fork()
if child == 0:
    say("child")
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
say("parent")
"""
    env = os.environ | environment(tmp_path, kafka_topic.broker.bootstrap, kafka_topic.name)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, env=env, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), END_S)
    assert (process.returncode, errors) == (0, b"")
    records = [record for _, _, record in await asyncio.to_thread(on_topic, kafka_topic)]
    sequences = {
        thread: [r.header.sequence for r in records if r.header.thread_id == thread] for thread in ("parent", "child")
    }
    assert sequences == {"parent": list(range(1, 7)), "child": [1, 2, 3]}
    assert len({record.header.producer_id for record in records}) == 2


@contextmanager
def transport_to(topic: KafkaTopic, **given: Any) -> Iterator[KafkaTransport]:
    options = KafkaOptions(**{"bootstrap": (topic.broker.bootstrap,), "topic": topic.name, **given})
    transport = KafkaTransport(options, SdkSettings())
    try:
        yield transport
    finally:
        transport.close()


def sized(sequence: int, size: int) -> bytes:
    message = pb.DashStreamMessage()
    message.event.header.thread_id = "t"
    message.event.header.sequence = sequence
    message.event.node_id = os.urandom(size // 2).hex()
    return encode(message)


def settled(transport: KafkaTransport, values: list[bytes]) -> Outcome:
    """Send until the fate of a batch is known, as the publisher does."""
    for _ in range(10):
        outcome = transport.send(values, 5.0)
        if outcome.verdict is Verdict.DELIVERED:
            return outcome
    raise AssertionError(outcome)


def test_a_record_that_the_broker_refuses_takes_no_other_with_it(new_topic: NewTopicMaker) -> None:
    topic = new_topic(partitions=1, max_message_bytes="100000")
    values = [sized(number, 300_000 if number in {40, 60} else 3_000) for number in range(1, 101)]
    with transport_to(topic) as transport:
        assert settled(transport, values).rejected == (39, 59)
    found = [record.header.sequence for _, _, record in once(on_topic(topic))]
    assert found == [number for number in range(1, 101) if number not in {40, 60}]


def test_who_is_not_let_in_is_told_once_and_not_by_the_password(
    kafka_topic: KafkaTopic, caplog: pytest.LogCaptureFixture
) -> None:
    login: dict[str, Any] = {"security": "sasl_plaintext", "mechanism": "PLAIN", "username": USER}
    login["bootstrap"] = (kafka_topic.broker.sasl_bootstrap,)
    with transport_to(kafka_topic, password="a wrong one", **login) as transport:
        assert {transport.send([sized(1, 10)], 5.0).verdict for _ in range(3)} == {Verdict.ABSENT}
    (said,) = caplog.messages
    assert "uthenticat" in said
    assert "a wrong one" not in said
    with transport_to(kafka_topic, password=PASSWORD, **login) as transport:
        assert settled(transport, [sized(1, 10)]).rejected == ()
