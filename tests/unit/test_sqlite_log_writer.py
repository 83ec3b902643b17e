"""The thread that writes the embedded log: what it commits together is answered together."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashstream.adapters.sqlite import log_store as store
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
