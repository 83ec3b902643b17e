"""Heaps of a page's two threads, its main one and its worker, as Chromium tells them after a collection of garbage.

A heap is what JavaScript holds: its objects, and the bytes behind its typed arrays. The worker has to be there already.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Page

ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True)
class Heaps:
    """In MB."""

    main: float
    worker: float


class HeapWatch:
    """Asks the page by its own session, the worker by messages through it."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._worker: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}  # as the browser answers: JSON
        session.on("Target.attachedToTarget", self._attached)
        session.on("Target.receivedMessageFromTarget", self._told)

    @classmethod
    async def of(cls, page: Page) -> HeapWatch:
        session = await page.context.new_cdp_session(page)
        watch = cls(session)
        await session.send(
            "Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        )
        return watch

    async def sample(self) -> Heaps:
        await self._session.send("HeapProfiler.collectGarbage")
        main = megabytes(await self._session.send("Runtime.getHeapUsage"))
        await self._ask_worker("HeapProfiler.collectGarbage")
        return Heaps(main, megabytes(await self._ask_worker("Runtime.getHeapUsage")))

    async def _ask_worker(self, method: str) -> dict[str, Any]:  # as the browser answers: JSON
        async with asyncio.timeout(ANSWER_WITHIN_S):
            session_id = await asyncio.shield(self._worker)
            number = len(self._asked) + 1
            answer = self._asked[number] = asyncio.get_running_loop().create_future()
            message = json.dumps({"id": number, "method": method})
            await self._session.send("Target.sendMessageToTarget", {"sessionId": session_id, "message": message})
            return await answer

    def _attached(self, event: dict[str, Any]) -> None:  # as the browser tells it: JSON
        is_engine = event["targetInfo"]["type"] == "worker" and "engine" in event["targetInfo"]["url"]
        if is_engine and not self._worker.done():
            self._worker.set_result(event["sessionId"])

    def _told(self, event: dict[str, Any]) -> None:  # as the browser tells it: JSON
        message = json.loads(event["message"])
        asked = self._asked.get(message.get("id", 0))
        if asked is not None and not asked.done():
            asked.set_result(message["result"])


def megabytes(usage: dict[str, Any]) -> float:
    return float(usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


def slope(times: list[float], values: list[float]) -> float:
    """Of the straight line that fits best."""
    mean_time, mean_value = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    return sum((t - mean_time) * (v - mean_value) for t, v in zip(times, values, strict=True)) / spread
