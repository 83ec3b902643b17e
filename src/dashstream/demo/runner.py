"""Ask the assistant one question after another, at a pace a person can watch."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import Callable
from typing import Any

from langgraph.types import Command

from dashstream.demo.graph import build
from dashstream.demo.library import TOPICS

WORD_PAUSE_S = 0.06
APPROVAL_PAUSE_S = 3.0
QUESTION_PAUSE_S = 1.5
TROUBLE_EVERY = 4
"""Each fourth question ends in an error, so that a person sees what one looks like."""


async def ask_forever(*, runs: int | None, pace: float, asked: Callable[[str], None] = lambda _question: None) -> None:
    """Answer ``runs`` questions, or questions without end; ``asked`` is told of each one before it starts.

    ``pace`` scales every pause: 1 can be watched, 0 is as fast as the machine.
    """
    graph = build(pause_s=WORD_PAUSE_S * pace)
    numbers = range(1, runs + 1) if runs is not None else itertools.count(1)
    for number in numbers:
        topic = TOPICS[(number - 1) % len(TOPICS)]
        asked(topic.question)
        await answer(graph, topic.question, troubled=number % TROUBLE_EVERY == 0, pace=pace)
        await asyncio.sleep(QUESTION_PAUSE_S * pace)


async def answer(graph: Any, question: str, *, troubled: bool, pace: float) -> None:
    """Run the graph until its pause, then approve as a person would. A failing run is part of the show."""
    config = {"configurable": {"thread_id": f"demo-{uuid.uuid4().hex[:8]}"}}
    await graph.ainvoke({"question": question, "troubled": troubled}, config)
    await asyncio.sleep(APPROVAL_PAUSE_S * pace)
    with contextlib.suppress(PermissionError):
        await graph.ainvoke(Command(resume={"approved": True}), config)
