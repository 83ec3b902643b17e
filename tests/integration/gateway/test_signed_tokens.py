"""Signed tokens at a whole gateway: what they open, how they end, and how keys come and go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from integration.gateway.serving import serving, until
from integration.gateway.talking import HELLO, closed, hear, hear_until, say, stranger
from signed_tokens import SECRET, signed_token, write_keys


def options(folder: Path, **changes: Any) -> dict[str, Any]:
    write_keys(folder, first=SECRET)
    wanted = {"jwks_file": folder / "jwks.json", "issuer": "i", "audience": "a", "leeway_s": 0.0, "reload_s": 0.05}
    return {**wanted, **changes}


async def test_a_signed_token_opens_what_its_role_may(tmp_path: Path) -> None:
    async with serving(tmp_path, jwt=options(tmp_path)) as served:
        shown = {"Authorization": f"Bearer {signed_token()}"}
        assert (await served.http.get("/api/v1/runs", headers=shown)).status_code == 200
        assert (await served.http.get("/metrics", headers=shown)).status_code == 403
        assert (await served.http.get("/metrics")).status_code == 200, "the gateway's own token counts as well"


async def test_counts_of_all_tenants_are_for_no_token_of_some(tmp_path: Path) -> None:
    async with serving(tmp_path, jwt=options(tmp_path)) as served:
        for tenants, is_told in (("default", False), ("*", True)):
            shown = {"Authorization": f"Bearer {signed_token(tenants=tenants)}"}
            health = (await served.http.get("/api/v1/health", headers=shown)).json()
            assert [health[of_all] is not None for of_all in ("producers", "viewers")] == [is_told, is_told]


async def test_a_client_is_warned_and_stays_with_a_newer_token(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, jwt=options(tmp_path), client={"token_grace_s": 600.0}) as served,
        stranger(served, hello=False) as socket,
    ):
        brief = signed_token(valid_s=3)
        await say(socket, {**HELLO, "token": brief})
        assert (await hear(socket))["type"] == "welcome"
        assert (await hear(socket))["type"] == "expiring"

        async def has_expired() -> bool:
            answer = await served.http.get("/api/v1/version", headers={"Authorization": f"Bearer {brief}"})
            return answer.status_code == 401

        await until(has_expired, "the token has expired")
        await say(socket, {"type": "subscribe", "id": 1, "start": {"from": "latest"}})
        assert (await hear_until(socket, "error"))[-1]["code"] == "unauthenticated"
        await say(socket, {"type": "auth", "token": signed_token()})
        await say(socket, {"type": "subscribe", "id": 2, "start": {"from": "latest"}})
        assert (await hear_until(socket, "subscribed"))[-1]["id"] == 2


async def test_a_client_whose_token_has_expired_is_closed(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, jwt=options(tmp_path), client={"token_grace_s": 0.0}) as served,
        stranger(served, hello=False) as socket,
    ):
        await say(socket, {**HELLO, "token": signed_token(valid_s=3)})
        heard = await hear_until(socket, "closing")
        assert [frame["type"] for frame in heard] == ["welcome", "expiring", "error", "closing"]
        assert await closed(socket) == 4501


async def test_keys_come_and_go_while_the_gateway_runs(tmp_path: Path) -> None:
    async with serving(tmp_path, jwt=options(tmp_path)) as served:
        second = os.urandom(32)

        async def status(shown: str) -> int:
            answer = await served.http.get("/api/v1/version", headers={"Authorization": f"Bearer {shown}"})
            return answer.status_code

        assert await status(signed_token(kid="second", secret=second)) == 401
        write_keys(tmp_path, second=second)

        async def is_taken() -> bool:
            return await status(signed_token(kid="second", secret=second)) == 200

        await until(is_taken, "the second key is taken")
        assert await status(signed_token()) == 401, "the first key is gone"
        (tmp_path / "jwks.json").write_text("{")

        async def is_told() -> bool:
            health = (await served.http.get("/api/v1/health")).json()
            return any(reason["check"] == "keys" for reason in health["reasons"])

        await until(is_told, "health says that the file is refused")
        assert await is_taken(), "the key of before stays"
