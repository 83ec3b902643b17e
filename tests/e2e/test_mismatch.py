"""A newer schema freezes everything; the page thaws by itself once it is rolled back, or by a button."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from conftest import GatewayProcess
from dashstream.protocol.patch import Op, OpKind
from dashstream.protocol.proto_codec import SCHEMA_VERSION
from e2e.faults import oracle_state, post, prepare, told
from e2e.test_backlog import counting_run, open_run
from e2e.watching import shown_state, until
from run_builder import RunBuilder

pytestmark = pytest.mark.e2e

NEWER = SCHEMA_VERSION + 6
PACE = 5
"""The frozen page tries again after 5 s; its worker's clock runs this much faster."""
NEWER_GATEWAY = (
    sys.executable,
    "-c",
    f"""
import dashstream.protocol.proto_codec as codec
codec.SCHEMA_VERSION = {NEWER}
from dashstream.cli.__main__ import main
main()
""",
    "serve",
)
"""A gateway of a later release, which lets newer records in."""


def add_steps(run: RunBuilder, first: int, last: int) -> None:
    for step in range(first, last + 1):
        run.step(step, [Op(OpKind.REPLACE, ("n",), step)])


def add_newer(run: RunBuilder) -> None:
    run.schema_version = NEWER
    run.progress()
    run.schema_version = SCHEMA_VERSION


async def expect_frozen(page: Page, received: int) -> None:
    banner = page.get_by_test_id("mismatch-banner")
    await expect(banner).to_contain_text(f"version {NEWER}", timeout=30_000)
    await expect(banner).to_contain_text(f"version {SCHEMA_VERSION}")
    await expect(page.get_by_test_id("receipt-badge")).to_have_attribute("data-received", str(received))
    frames = [frame for frame in await told(page) if frame.frozen]
    assert {(frame.phase, frame.received) for frame in frames} == {("mismatch", received)}


async def expect_thawed(page: Page, gateway: GatewayProcess, run: RunBuilder, set_aside: int) -> None:
    await expect(page.get_by_test_id("mismatch-banner")).to_have_count(0, timeout=30_000)
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-received", str(len(run.records) - set_aside))
    await expect(badge).to_have_attribute("data-complete", "false")
    assert await badge.get_attribute("data-verification") == "verified"
    assert await shown_state(page) == await oracle_state(gateway, run.run_id)
    assert (await told(page))[-1].duplicates == 0


@asynccontextmanager
async def deployed_newer(gateway: GatewayProcess) -> AsyncIterator[None]:
    """Deploy the later release in place of this one, and roll it back at the end."""
    await gateway.stop()
    present, gateway.command = gateway.command, NEWER_GATEWAY
    await gateway.start()
    yield
    await gateway.stop()
    gateway.command = present
    await gateway.start()


async def test_it_freezes_under_a_later_release_and_thaws_by_itself_after_the_roll_back(
    restartable_gateway: GatewayProcess, page: Page
) -> None:
    gateway, run = restartable_gateway, counting_run(3)
    known = len(run.records)
    await prepare(page, pace=PACE)
    await post(gateway, run.records)
    await open_run(page, gateway, run)
    await expect(page.get_by_test_id("receipt-badge")).to_have_attribute("data-received", str(known))
    add_newer(run)
    async with deployed_newer(gateway):
        await post(gateway, run.records[known:])
        await expect_frozen(page, known)
    # The gateway is the one that the page knows; the newer record is in its log all the same.
    await expect(page.get_by_test_id("mismatch-banner")).to_contain_text("It stands at offset", timeout=30_000)
    await expect_frozen(page, known)

    add_steps(run, 4, 9)
    await post(gateway, run.records[known + 1 :])
    await expect_thawed(page, gateway, run, set_aside=1)


async def test_a_first_visit_in_the_blocked_period_loses_nothing(
    restartable_gateway: GatewayProcess, page: Page
) -> None:
    gateway, run = restartable_gateway, counting_run(3)
    known = len(run.records)
    add_newer(run)
    async with deployed_newer(gateway):
        await post(gateway, run.records)
    await prepare(page, pace=PACE)
    await open_run(page, gateway, run)
    await expect_frozen(page, known)

    async def has_tried_again() -> bool:
        return (await told(page))[-1].attempt >= 2

    await until(has_tried_again, "the frozen page connects again")
    await expect_frozen(page, known)
    add_steps(run, 4, 9)
    await post(gateway, run.records[known + 1 :])
    await expect_thawed(page, gateway, run, set_aside=1)


async def test_the_button_goes_on_at_once_though_nothing_known_follows(
    restartable_gateway: GatewayProcess, page: Page
) -> None:
    gateway, run = restartable_gateway, RunBuilder(graph="newer", thread_id="newer")
    for _ in range(3):
        add_newer(run)
    async with deployed_newer(gateway):
        await post(gateway, run.records)
    await prepare(page)
    await open_run(page, gateway, run)
    await expect_frozen(page, 0)
    await page.get_by_role("button", name="Reset and go on").click()
    await expect(page.get_by_test_id("mismatch-banner")).to_have_count(0)
    run.start({"n": 0})
    add_steps(run, 1, 3)
    await post(gateway, run.records[3:])
    await expect_thawed(page, gateway, run, set_aside=3)
