"""Each close code of the protocol, received by a client that earned it, after the ``closing`` that says why."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from dashstream.engine.access import Principal, Role
from dashstream.protocol.codes import CloseCode
from integration.gateway.serving import TOKEN, Served, records, serving
from integration.gateway.talking import HELLO, closed, hear, offsets, say, stranger

SUBSCRIBE = {"type": "subscribe", "id": 1, "start": {"from": "earliest"}, "window_bytes": 4_096}
LIMITS = {"ack_timeout_s": 0.3, "replay_timeout_s": 1.0, "progress_interval_s": 0.02, "max_batch_bytes": 4_096}


async def welcomed(client: ClientConnection) -> None:
    await say(client, {**HELLO, "token": TOKEN})
    assert (await hear(client))["type"] == "welcome"


async def stay_for_the_stop(client: ClientConnection, served: Served) -> None:
    await welcomed(client)
    served.gateway.connections.drain()


async def acknowledge_nothing(client: ClientConnection, served: Served) -> None:
    await served.store(records(40, size=1_000))
    await welcomed(client)
    await say(client, SUBSCRIBE)


async def acknowledge_slowly(client: ClientConnection, served: Served) -> None:
    await served.store(records(100, size=4_000))
    await welcomed(client)
    await say(client, SUBSCRIBE)


async def begin_with_a_subscribe(client: ClientConnection, served: Served) -> None:
    await say(client, SUBSCRIBE)


async def show_a_wrong_token(client: ClientConnection, served: Served) -> None:
    await say(client, {**HELLO, "token": "wrong"})


class OthersToken:
    """Knows a second token, which is for one tenant."""

    def authenticate(self, token: str | None) -> Principal:
        return (
            Principal("owner", Role.ADMIN) if token == TOKEN else Principal("other", Role.VIEWER, frozenset({"other"}))
        )


async def renew_with_another_tenant_s_token(client: ClientConnection, served: Served) -> None:
    served.gateway.connections.admission.auth = OthersToken()
    await welcomed(client)
    await say(client, {"type": "auth", "token": "the-other-one"})


async def send_too_much(client: ClientConnection, served: Served) -> None:
    await welcomed(client)
    await client.send("x" * 70_000)


EARNED: dict[CloseCode, Callable[[ClientConnection, Served], Awaitable[None]]] = {
    CloseCode.GOING_AWAY: stay_for_the_stop,
    CloseCode.SLOW: acknowledge_nothing,
    CloseCode.REPLAY_TIMEOUT: acknowledge_slowly,
    CloseCode.BAD_REQUEST: begin_with_a_subscribe,
    CloseCode.UNAUTHENTICATED: show_a_wrong_token,
    CloseCode.FORBIDDEN: renew_with_another_tenant_s_token,
    CloseCode.TOO_LARGE: send_too_much,
}


async def acknowledge(client: ClientConnection, offset: int) -> None:
    with contextlib.suppress(ConnectionClosed):
        await say(client, {"type": "ack", "id": 1, "positions": {"0": str(offset + 1)}})


async def closing_of(client: ClientConnection, *, acknowledges: bool) -> dict[str, Any]:
    """Read up to ``closing``; acknowledge what comes, at ten frames a second, if that is wanted."""
    while not isinstance(frame := await hear(client), dict) or frame["type"] != "closing":
        if isinstance(frame, bytes) and acknowledges:
            await acknowledge(client, max(offsets([frame])))
            await asyncio.sleep(0.1)
    return dict(frame)


@pytest.mark.parametrize("code", EARNED, ids=lambda code: code.name)
async def test_the_code_is_received(tmp_path: Path, code: CloseCode) -> None:
    async with (
        serving(tmp_path, client=LIMITS, log={"partitions": 1}) as served,
        stranger(served, hello=False) as client,
    ):
        await EARNED[code](client, served)
        closing = await closing_of(client, acknowledges=code is CloseCode.REPLAY_TIMEOUT)
        assert closing["reason"]
        assert await closed(client) == code
        assert (closing["retry_after_ms"] > 0) == (code is CloseCode.GOING_AWAY)
        await served.connected(0)


def test_each_code_has_its_test() -> None:
    assert set(CloseCode) - set(EARNED) == {CloseCode.NORMAL}, "which has a test of its own, below"


async def test_a_client_that_is_done_is_let_go(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        async with stranger(served) as client:
            await client.close(CloseCode.NORMAL)
            assert client.close_code == CloseCode.NORMAL
        await served.connected(0)


async def test_who_was_cut_off_for_being_late_resumes_without_loss(tmp_path: Path) -> None:
    """The replay's time is up at some frame; what was applied does not come again, and nothing is missing."""
    async with serving(tmp_path, client=LIMITS, log={"partitions": 1}) as served:
        await served.store(records(100, size=4_000))
        seen: list[int] = []
        start: dict[str, Any] = {"from": "earliest"}
        cuts = 0
        while len(seen) < 100:
            async with stranger(served) as client:
                await say(client, {**SUBSCRIBE, "start": start})
                while not isinstance(frame := await hear(client), dict) or frame["type"] not in {
                    "closing",
                    "replay_complete",
                }:
                    if isinstance(frame, bytes):
                        seen += offsets([frame])
                        await acknowledge(client, seen[-1])
                        await asyncio.sleep(0.05)
                cuts += frame["type"] == "closing"
            start = {"from": "cursor", "epoch": served.gateway.epoch, "positions": {"0": str(seen[-1] + 1)}}
        assert seen == list(range(100))
        assert cuts


async def test_a_client_that_applies_a_little_is_not_slow(tmp_path: Path) -> None:
    limits = {**LIMITS, "replay_timeout_s": 60.0}
    async with serving(tmp_path, client=limits, log={"partitions": 1}) as served, stranger(served) as client:
        await served.store(records(60, size=2_000))
        await say(client, SUBSCRIBE)
        seen: list[int] = []
        while len(seen) < 60:
            frame = await hear(client)
            if isinstance(frame, bytes):
                seen += offsets([frame])
                await acknowledge(client, seen[-1])
                await asyncio.sleep(0.05)
        assert seen == list(range(60))


async def test_a_stop_spreads_the_returns(tmp_path: Path) -> None:
    limits = {"drain_retry_ms": 100, "drain_returns_per_s": 10.0}
    async with serving(tmp_path, client=limits) as served, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(stranger(served)) for _ in range(5)]
        draining = asyncio.create_task(served.gateway.drain(5.0))
        told = sorted([(await closing_of(client, acknowledges=False))["retry_after_ms"] for client in clients])
        for client in clients:
            assert await closed(client) == CloseCode.GOING_AWAY
        await draining
        assert told == [100, 200, 300, 400, 500]
