"""The queue in front of the dead letters' log: bounded, timed, and honest about what is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from dashstream.adapters.memory.log import MemoryLog
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.dead_letter import DeadLetter, LetterWriter
from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.letter_sender import LetterSender
from dashstream.engine.ports import LogRecord
from dashstream.protocol.framing import Limits
from duty_rig import FakeClock


class BlackHole:
    """Never answers."""

    def __init__(self) -> None:
        self.most_at_once = 0
        self._now = 0

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await asyncio.Event().wait()
        finally:
            self._now -= 1


def letter(offset: int) -> DeadLetter:
    writer = LetterWriter(MemoryLog(), DeadLetterLimits(), Limits(), FakeClock(), instance="i")
    return writer.build(LogRecord(0, offset, 0, b"t", b"x"), "frame")


@pytest.mark.parametrize("mode", ["best_effort", "fail_closed"])
async def test_a_black_hole_is_bounded_and_every_missing_letter_is_counted(mode: str) -> None:
    limits = DeadLetterLimits(mode=mode, timeout_s=0.01, queue=50, batch=20)
    metrics, hole = PrometheusMetrics(), BlackHole()
    sender = LetterSender(hole, limits, metrics)
    settled = []
    sender.on_settled = settled.append
    for offset in range(1_000):
        if sender.has_room:
            sender.offer(letter(offset))
        else:
            sender.refuse()
    assert sender.waiting == 50
    for _ in range(3):
        assert not await sender.send_batch()
    assert hole.most_at_once == 1
    assert sender.error == "no answer within 0.01 s"
    if mode == "best_effort":
        assert (sender.waiting, sender.totals) == (0, {"written": 0, "lost": 1_000})
        assert len(settled) == 50
    else:
        assert (sender.waiting, sender.totals) == (50, {"written": 0, "lost": 0})
        assert settled == []


async def test_the_queue_is_bounded_in_bytes_too() -> None:
    sender = LetterSender(BlackHole(), DeadLetterLimits(queue_bytes=1024), PrometheusMetrics())
    offered = 0
    while sender.has_room:
        sender.offer(letter(offered))
        offered += 1
    assert 1 < offered < 10


async def test_every_series_is_there_from_the_start() -> None:
    metrics = PrometheusMetrics()
    LetterSender(BlackHole(), DeadLetterLimits(), metrics)
    lines = metrics.render().decode().splitlines()
    for series in ('total{result="written"} 0.0', 'failed_total{reason="timeout"} 0.0', "waiting 0.0"):
        assert f"dashstream_dead_letters_{series}" in lines


class SlowSink:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        self.sent += [int(each.offset) for each in letters]
        self.asked.set()
        await self.answer.wait()


async def test_what_is_answered_late_is_not_sent_again() -> None:
    sink = SlowSink()
    sender = LetterSender(sink, DeadLetterLimits(timeout_s=0.01, batch=2), PrometheusMetrics())
    for offset in range(3):
        sender.offer(letter(offset))
    for _ in range(3):
        assert not await sender.send_batch()
    assert (sink.sent, sender.waiting) == ([0, 1], 3)
    sink.answer.set()
    assert await sender.send_batch()
    assert await sender.send_batch()
    assert (sink.sent, sender.totals) == ([0, 1, 2], {"written": 3, "lost": 0})


async def test_a_stop_waits_for_the_letters_that_are_under_way() -> None:
    sink = SlowSink()
    sender = LetterSender(sink, DeadLetterLimits(), PrometheusMetrics())
    sender.offer(letter(0))
    running = asyncio.create_task(sender.run())
    await sink.asked.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    sink.answer.set()
    await sender.flush()
    assert (sink.sent, sender.totals["written"]) == ([0], 1)
