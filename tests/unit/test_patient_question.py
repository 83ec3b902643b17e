"""A part that hangs is asked once, and those who ask are not made to hang with it."""

from __future__ import annotations

import asyncio

import pytest

from dashstream.engine.patient_question import PatientQuestion


class Part:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: asyncio.Queue[int | Exception] = asyncio.Queue()

    async def ask(self) -> int:
        self.asked += 1
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer


async def turns() -> None:
    """Let everything happen that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_answer_is_shared_by_all_who_ask() -> None:
    part = Part()
    question = PatientQuestion(part.ask, 30)
    part.answers.put_nowait(7)
    assert await asyncio.gather(question.answer(), question.answer()) == [7, 7]
    part.answers.put_nowait(8)
    assert await question.answer() == 8
    assert part.asked == 2


async def test_a_part_that_hangs_is_asked_once_and_again_after_it_answered() -> None:
    part = Part()
    question = PatientQuestion(part.ask, 0.001)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await question.answer()
    assert part.asked == 1
    part.answers.put_nowait(7)
    await turns()
    part.answers.put_nowait(8)
    assert await question.answer() == 8
    assert part.asked == 2


async def test_one_who_leaves_takes_nobody_along() -> None:
    part = Part()
    question = PatientQuestion(part.ask, 30)
    leaving, staying = asyncio.ensure_future(question.answer()), asyncio.ensure_future(question.answer())
    await turns()
    leaving.cancel()
    part.answers.put_nowait(7)
    assert await staying == 7
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_an_error_is_the_answer() -> None:
    part = Part()
    part.answers.put_nowait(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await PatientQuestion(part.ask, 30).answer()
