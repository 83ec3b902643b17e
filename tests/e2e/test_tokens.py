"""A token that ends while a run is watched: the page says so in time, and a newer token loses no record."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from conftest import GatewayProcess
from dashstream.protocol.patch import Op, OpKind
from e2e.faults import post, prepare, told
from e2e.test_backlog import counting_run, expect_received
from run_builder import RunBuilder
from signed_tokens import jwt_env, signed_token

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
async def signing_gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway that takes signed tokens and ends a connection as soon as its token does."""
    env = {**jwt_env(tmp_path), "DASHSTREAM_CLIENT_TOKEN_GRACE_S": "0"}
    running = GatewayProcess(tmp_path / "gateway", env=env)
    await running.start()
    yield running
    await running.stop()


def for_this_run(**changes: Any) -> str:
    return signed_token(tenants="default", **changes)


async def open_with(page: Page, gateway: Any, run: RunBuilder, token: str) -> None:
    await page.goto(f"{gateway.url}/runs/{run.run_id}#token={token}")
    await expect_received(page, len(run.records))


async def one_step_more(gateway: Any, run: RunBuilder) -> None:
    before = len(run.records)
    run.step(before, [Op(OpKind.REPLACE, ("n",), before)])
    await post(gateway, run.records[before:])


async def test_a_token_is_renewed_on_the_open_connection(signing_gateway: GatewayProcess, page: Page) -> None:
    run = counting_run(3)
    await post(signing_gateway, run.records)
    await prepare(page)
    await open_with(page, signing_gateway, run, for_this_run(valid_s=50))
    banner = page.get_by_test_id("token-expiring")
    await expect(banner).to_contain_text("The token expires in")
    await expect(banner).to_contain_text("The gateway ends the connection")
    await banner.get_by_label("The link or its token").fill(for_this_run())
    await banner.get_by_role("button", name="Use it").click()
    await expect(banner).to_have_count(0)
    await one_step_more(signing_gateway, run)
    await expect_received(page, len(run.records))
    phases = [frame.phase for frame in await told(page)]
    assert "live" in phases
    assert "connecting" not in phases[phases.index("live") :], "the connection was kept"


async def test_after_the_end_of_its_token_a_page_goes_on_where_it_stood(
    signing_gateway: GatewayProcess, page: Page
) -> None:
    run = counting_run(3)
    await post(signing_gateway, run.records)
    await prepare(page)
    started = time.monotonic()
    await open_with(page, signing_gateway, run, for_this_run(valid_s=12))
    refused = page.get_by_test_id("token-refused")
    await expect(refused).to_be_visible(timeout=30_000)
    assert time.monotonic() - started > 10, "the token was used to its end"
    await expect(page.get_by_test_id("connection")).to_contain_text("Signed out")
    await expect(page.get_by_test_id("connection-banner")).to_have_count(0)
    before = len(run.records)
    await one_step_more(signing_gateway, run)
    await expect(page.get_by_test_id("receipt-badge")).to_have_attribute("data-received", str(before))
    await page.evaluate("(token) => { location.hash = `token=${token}` }", for_this_run())
    await expect(refused).to_have_count(0)
    await expect_received(page, len(run.records))
    assert "token" not in page.url
    frames = await told(page)
    assert {frame.duplicates for frame in frames} == {0}
    received = [frame.received for frame in frames]
    assert received == sorted(received), "nothing was read again"
