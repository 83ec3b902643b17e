"""The page with a token that is bound to tenants: what it may not see is said plainly, and asked for by nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from conftest import GatewayProcess
from e2e.faults import post
from e2e.test_backlog import counting_run
from signed_tokens import jwt_env, signed_token

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
async def signing_gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    running = GatewayProcess(tmp_path / "gateway", env=jwt_env(tmp_path))
    await running.start()
    yield running
    await running.stop()


async def test_what_is_of_all_tenants_is_marked_and_explained(signing_gateway: GatewayProcess, page: Page) -> None:
    gateway = signing_gateway
    await post(gateway, counting_run(2).records)
    answers: list[int] = []
    page.on("response", lambda response: answers.append(response.status))
    await page.goto(f"{gateway.url}/#token={signed_token(tenants='default')}")
    await expect(page.get_by_test_id("run-row")).to_have_count(1)
    screens = page.get_by_role("navigation", name="Screens")
    for closed in ("Dead letters", "Schemas"):
        await screens.get_by_role("link", name=f"{closed} (not for this token)").click()
        await expect(page.get_by_role("heading", name=f"{closed} are not for this token")).to_be_visible()
        await expect(page.get_by_role("main")).to_contain_text("The token is for the tenant default")
    await page.get_by_role("navigation", name="What this token may see").get_by_role("link", name="health").click()
    duties = page.get_by_role("region", name="Duties of partitions")
    await expect(duties).to_contain_text("Not for this token")
    for closed in ("Producers", "Viewers"):
        await expect(page.get_by_role("region", name=closed)).to_contain_text("Not for this token")
    await expect(page.get_by_role("region", name="Gateway", exact=True)).not_to_contain_text("No answer")
    await expect(page.get_by_test_id("connection")).to_contain_text("Connected")
    assert not {401, 403} & set(answers), "nothing was asked in vain"


async def test_a_token_for_all_tenants_opens_the_screen_in_place(signing_gateway: GatewayProcess, page: Page) -> None:
    await page.goto(f"{signing_gateway.url}/dead-letters#token={signed_token()}")
    await expect(page.get_by_test_id("not-for-this-token")).to_be_visible()
    await page.get_by_label("The link or its token").fill(signed_token(tenants="*"))
    await page.get_by_role("button", name="Use it").click()
    await expect(page.get_by_text("No dead letters")).to_be_visible()
    await expect(page.get_by_role("link", name="Dead letters", exact=True)).to_be_visible()
