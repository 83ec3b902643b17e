"""The thread that writes the embedded log: what it commits together is answered together."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dashstream.adapters.sqlite import log_store as store
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.adapters.sqlite.log_tail import Piece
from dashstream.adapters.sqlite.log_writer import LogWriter, Outcome
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import Appended
from dashstream.errors import LogError
from dashstream.testing.log_conformance import sequenced

PARTITIONS = 3


class Settled:
    """Keeps what the writer tells, and has the writer wait while it does so for the first time."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Sequence[Outcome]]] = []
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, written: Mapping[int, Piece], outcomes: Sequence[Outcome]) -> None:
        self.calls.append((sum(len(piece.records) for piece in written.values()), outcomes))
        self.has_begun.set()
        assert self.may_go_on.wait(60)


def new_log(path: Path) -> Path:
    with contextlib.closing(store.connect(path, read_only=False, busy_timeout_s=5)) as connection:
        store.create(connection, topic="t", partition_count=PARTITIONS)
    return path


async def test_what_waits_together_is_answered_in_one_call_and_what_was_given_up_is_not_written(tmp_path: Path) -> None:
    settled = Settled()
    writer = LogWriter(new_log(tmp_path / "log.db"), LogLimits(), PARTITIONS, settled)
    answers = [asyncio.get_running_loop().create_future() for _ in range(4)]
    writer.append([sequenced(1)], answers[0])
    assert await asyncio.to_thread(settled.has_begun.wait, 60)
    for sequence, answer in enumerate(answers[1:], 2):
        writer.append([sequenced(sequence), sequenced(sequence)], answer)
    answers[2].cancel()
    settled.may_go_on.set()
    await asyncio.to_thread(writer.stop)
    assert [(count, [answer for answer, _ in outcomes]) for count, outcomes in settled.calls] == [
        (1, answers[:1]),
        (2, [answers[1], answers[3]]),
    ]
    for _, outcome in settled.calls[1][1]:
        assert not isinstance(outcome, LogError)
        assert [item.duplicate for item in outcome] == [False, True]


async def test_a_log_that_cannot_be_opened_is_each_batches_own_answer(tmp_path: Path) -> None:
    settled = Settled()
    settled.may_go_on.set()
    writer = LogWriter(tmp_path / "nowhere" / "log.db", LogLimits(), PARTITIONS, settled)
    answers: list[asyncio.Future[list[Appended]]] = [asyncio.get_running_loop().create_future() for _ in range(2)]
    for answer in answers:
        writer.append([sequenced(1)], answer)
    await asyncio.to_thread(writer.stop)
    assert [[answer for answer, _ in outcomes] for _, outcomes in settled.calls] == [[answers[0]], [answers[1]]]
    assert all(isinstance(outcome, LogError) for _, outcomes in settled.calls for _, outcome in outcomes)


@contextlib.contextmanager
def nothing_is_written(path: Path) -> Iterator[None]:
    """Keep the writer waiting for SQLite's lock, so that what is appended meanwhile gathers."""
    with contextlib.closing(store.connect(path, read_only=False, busy_timeout_s=5)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_batches_of_a_loop_that_has_ended_keep_nobody_else_from_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog.open(path, LogLimits(busy_timeout_s=60))

    def append_and_end() -> None:
        ended = asyncio.new_event_loop()
        ended.set_exception_handler(lambda *_: None)  # it is told of its tasks, which wait for ever
        tasks = [ended.create_task(log.append([sequenced(sequence)])) for sequence in (1, 2)]
        ended.run_until_complete(asyncio.wait(tasks, timeout=0))
        ended.close()

    with nothing_is_written(path):
        await asyncio.to_thread(append_and_end)
        answer = asyncio.create_task(log.append([sequenced(3)]))
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        assert not (await answer)[0].duplicate
    await log.close()


async def test_each_event_loop_is_woken_by_the_answers_to_its_own_batches(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog.open(path, LogLimits(busy_timeout_s=60))
    with nothing_is_written(path):
        others = [
            asyncio.create_task(asyncio.to_thread(asyncio.run, log.append([sequenced(1, producer=producer)])))
            for producer in ("a", "b")
        ]
        own = asyncio.create_task(log.append([sequenced(1, producer="c")]))
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        assert [item.duplicate for [item] in await asyncio.gather(own, *others)] == [False] * 3
    await log.close()
