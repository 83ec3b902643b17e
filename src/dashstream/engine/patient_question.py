"""A question to a part that may hang, for callers that must not: health has to say that the log hangs, not hang too.

All who ask at one time share one question, and each waits so long at most. A question that outlives its callers goes
on; who asks next shares it, so that a part that hangs is never asked twice at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class PatientQuestion(Generic[T]):
    """Asks ``ask`` on behalf of many."""

    def __init__(self, ask: Callable[[], Awaitable[T]], patience_s: float) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._asked: asyncio.Future[T] | None = None

    async def answer(self) -> T:
        """Return the answer. A caller's cancellation is its own alone.

        Raises:
            TimeoutError: there is none within the patience.
            Exception: what the question raised.
        """
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._ask())
            self._asked.add_done_callback(_heard)
        async with asyncio.timeout(self._patience_s):
            return await asyncio.shield(self._asked)


def _heard(asked: asyncio.Future[Any]) -> None:
    """An error that came after everybody had left is nobody's."""
    if not asked.cancelled():
        asked.exception()
