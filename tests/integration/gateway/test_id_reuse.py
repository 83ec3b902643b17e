"""An id may be used again at once, and each use has its one verdict."""

from __future__ import annotations

from pathlib import Path

from integration.gateway.serving import serving
from integration.gateway.talking import hear_until, say, stranger

SUBSCRIBE = {"type": "subscribe", "id": 1, "start": {"from": "latest"}}
UNSUBSCRIBE = {"type": "unsubscribe", "id": 1}


async def test_one_use_after_the_other(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as socket:
        for _ in range(100):
            await say(socket, SUBSCRIBE)
            assert (await hear_until(socket, "replay_complete"))[-1]["outcome"] == "complete"
            await say(socket, UNSUBSCRIBE)


async def test_ended_before_it_began(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as socket:
        for _ in range(20):
            await say(socket, SUBSCRIBE)
            await say(socket, UNSUBSCRIBE)
            heard = await hear_until(socket, "replay_complete")
            assert heard[-1]["outcome"] in {"complete", "partial"}
