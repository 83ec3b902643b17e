"""A log that is opened again when it was made anew, and dead letters on it."""

from __future__ import annotations

import asyncio

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine.dead_letter import DeadLetter, LetterWriter
from dashstream.engine.dead_letters import DeadLetters, LetterQuery
from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.ports import Appended, LogRecord, NewRecord, Watermark
from dashstream.engine.renewed_log import RenewedLog
from dashstream.errors import LogEpochChangedError, LogUnavailableError, NotFoundError
from dashstream.protocol.framing import Limits
from duty_rig import FakeClock


class MortalLog(MemoryLog):
    """A log that can be over."""

    is_over = False
    is_closed = False

    async def append(self, records: list[NewRecord]) -> list[Appended]:
        self._check()
        return await super().append(records)

    async def watermarks(self) -> dict[int, Watermark]:
        self._check()
        return dict(await super().watermarks())

    async def close(self) -> None:
        self.is_closed = True
        await super().close()

    def _check(self) -> None:
        if self.is_over:
            raise LogEpochChangedError("made anew")


class Lives:
    """The lives of a log: each opening gives the one that is there now, if there is one."""

    def __init__(self) -> None:
        self.now: MortalLog | None = MortalLog(topic="letters")
        self.opened = 0

    async def open(self) -> MortalLog:
        self.opened += 1
        if self.now is None:
            raise NotFoundError("no topic")
        return self.now


def letter(offset: int) -> DeadLetter:
    writer = LetterWriter(MemoryLog(topic="source"), DeadLetterLimits(), Limits(), FakeClock(), instance="i")
    return writer.build(LogRecord(0, offset, 0, b"t", b"x"), "frame")


async def test_letters_go_on_in_the_next_life_of_their_log() -> None:
    lives = Lives()
    log = await RenewedLog.open(lives.open)
    letters = DeadLetters(log, MemoryLog(), DeadLetterLimits(), FakeClock(), instance="i")
    await letters.send([letter(1), letter(2)])
    assert (await letters.list(LetterQuery())).known == 2
    first, lives.now = lives.now, None
    assert first is not None
    first.is_over = True
    for _ in range(2):
        with pytest.raises(LogUnavailableError, match="no topic"):
            await letters.send([letter(3)])
    lives.now = MortalLog(topic="letters")
    await letters.send([letter(3)])
    page = await letters.list(LetterQuery())
    assert [int(each.offset) for each in page.letters] == [3], "letters of the earlier life are gone"
    assert lives.opened == 4
    await log.close()
    assert first.is_closed
    assert lives.now.is_closed


async def test_calls_at_once_open_it_once() -> None:
    lives = Lives()
    log = await RenewedLog.open(lives.open)
    assert lives.now is not None
    lives.now.is_over = True
    lives.now = MortalLog(topic="letters")
    await asyncio.gather(*(log.watermarks() for _ in range(5)))
    assert lives.opened == 2
    await log.close()
