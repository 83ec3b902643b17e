"""Who is let in at a whole gateway: places by address, proxies, and wrong tokens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from dashstream.protocol.record_batch import CONTENT_TYPE
from integration.gateway.plain import address, raw
from integration.gateway.serving import TOKEN, Served, serving, until
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


def unfinished(served: Served, forwarded: str) -> socket.socket:
    """Ask for something and hold back the last byte of the body."""
    plain = raw(served)
    host, port = address(served)
    plain.sendall(
        f"POST /v1/records HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\nX-Forwarded-For: {forwarded}\r\nContent-Length: 1\r\n\r\n".encode()
    )
    return plain


async def test_an_address_has_so_many_requests_answered_at_once(tmp_path: Path) -> None:
    behind = {**BEHIND_A_PROXY, "max_requests_per_address": 2}
    here, there = {"X-Forwarded-For": "2001:db8::9"}, {"X-Forwarded-For": "2001:db8:0:1::9"}
    async with serving(tmp_path, admission=behind) as served:
        with unfinished(served, "2001:db8::1"), unfinished(served, "2001:db8::2"):

            async def are_taken() -> bool:
                return await served.metric("dashstream_http_requests") == 3  # with the one that asks

            await until(are_taken, "both requests are being answered")
            answer = await served.http.get("/api/v1/runs", headers=here)
            assert (answer.status_code, answer.json()["code"]) == (429, "overloaded")
            assert answer.headers["Retry-After"] == "1"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            for probe in ("/healthz", "/readyz"):
                assert (await served.http.get(probe, headers=here)).status_code == 200
            assert (await served.http.get("/api/v1/runs", headers=there)).status_code == 200
            assert await served.metric("dashstream_admissions_denied_total", reason="requests") == 1

        async def is_answered() -> bool:
            return (await served.http.get("/api/v1/runs", headers=here)).status_code == 200

        await until(is_answered, "who hangs up gives its place back")


async def test_requests_for_another_name_are_counted(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert (await served.http.get("/api/v1/runs", headers={"Host": "rebound.example"})).status_code == 421
        assert await served.metric("dashstream_admissions_denied_total", reason="host") == 1


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
