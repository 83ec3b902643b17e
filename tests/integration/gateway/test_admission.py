"""Who is let in at a whole gateway: places by address, proxies, and wrong tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from integration.gateway.serving import TOKEN, Served, serving
from integration.gateway.talking import HELLO, closed, hear, say, stranger

BEHIND_A_PROXY = {"trusted_proxies": ("127.0.0.0/8",), "max_connections_per_address": 1, "failed_tokens": 2}


async def refused(served: Served, forwarded: str) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        async with stranger(served, additional_headers={"X-Forwarded-For": forwarded}):
            pass
    return caught.value


async def test_an_address_has_its_number_of_places(tmp_path: Path) -> None:
    async with serving(tmp_path, admission=BEHIND_A_PROXY) as served:
        async with stranger(served, additional_headers={"X-Forwarded-For": "2001:db8::1"}):
            answer = (await refused(served, "2001:db8::2")).response
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "5"
            async with stranger(served, additional_headers={"X-Forwarded-For": "2001:db8:0:1::1"}):
                pass
        await served.connected(0)
        async with stranger(served, additional_headers={"X-Forwarded-For": "2001:db8::2"}):
            pass
        assert await served.metric("dashstream_admissions_denied_total", reason="address") == 1


async def test_a_client_s_own_word_on_its_address_does_not_count(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, admission={"max_connections_per_address": 1}) as served,
        stranger(served, additional_headers={"X-Forwarded-For": "192.0.2.1"}),
    ):
        assert (await refused(served, "192.0.2.2")).response.status_code == 429


async def test_all_places_together_are_bounded(tmp_path: Path) -> None:
    async with serving(tmp_path, client={"max_connections": 1}) as served, stranger(served):
        answer = (await refused(served, "")).response
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert await served.metric("dashstream_admissions_denied_total", reason="connections") == 1


async def test_an_address_that_guesses_tokens_is_not_listened_to(tmp_path: Path) -> None:
    async with serving(tmp_path, admission=BEHIND_A_PROXY) as served:
        here, there = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        for number in range(2):
            wrong = {**here, "Authorization": f"Bearer wrong-{number}"}
            assert (await served.http.get("/api/v1/runs", headers=wrong)).status_code == 401
        answer = await served.http.get("/api/v1/runs", headers=here)
        assert answer.status_code == 429
        assert answer.json()["code"] == "overloaded"
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert (await refused(served, "192.0.2.1")).response.status_code == 429
        assert (await served.http.get("/api/v1/runs", headers=there)).status_code == 200
        assert (await served.http.get("/healthz", headers=here)).status_code == 200
        assert await served.metric("dashstream_admissions_denied_total", reason="guesses") == 2
        assert await served.metric("dashstream_admissions_denied_total", reason="token") == 2


async def test_guesses_on_open_sockets_count_too(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, admission={"failed_tokens": 1}) as served,
        stranger(served, hello=False) as early,
        stranger(served, hello=False) as late,
    ):
        await say(early, {**HELLO, "token": "wrong"})
        assert await closed(early) == 4501
        await say(late, {**HELLO, "token": TOKEN})
        closing = await hear(late)
        assert closing["type"] == "closing"
        assert closing["retry_after_ms"] > 0
        assert await closed(late) == 4001
