"""The screens for looking after a deployment, in a real browser over a real gateway."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from conftest import GatewayProcess
from e2e.faults import post
from e2e.test_backlog import counting_run
from e2e.watching import finish, run_program
from parts.raw_log import append

pytestmark = pytest.mark.e2e

BAD = b"\x00" + b"\xff" * 40
ROW = "letter-row"


@pytest.fixture
async def keeping_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GatewayProcess]:
    """A gateway that keeps the payloads of dead letters."""
    monkeypatch.setenv("DASHSTREAM_DEAD_LETTERS_PAYLOAD", "1")
    running = GatewayProcess(tmp_path / "gateway")
    await running.start()
    yield running
    await running.stop()


async def test_a_dead_letter_is_found_inspected_and_sent_again(keeping_gateway: GatewayProcess, page: Page) -> None:
    gateway = keeping_gateway
    await page.goto(f"{gateway.url}/dead-letters#token={gateway.token}")
    await expect(page.get_by_text("No dead letters")).to_be_visible()
    await append(gateway.data_dir, BAD, None)
    await expect(page.get_by_test_id(ROW)).to_have_count(2)
    await page.get_by_label("Reason").select_option("Not decodable")
    await expect(page.get_by_test_id(ROW)).to_have_count(1)
    await page.get_by_test_id(ROW).click()
    await expect(page.get_by_test_id("letter-detail")).to_contain_text("offset 0")

    await page.get_by_role("button", name="Send again…").click()
    await page.get_by_role("button", name="Send again", exact=True).click()
    await expect(page.get_by_test_id("redrive-sent")).to_contain_text("offset 2")
    await page.get_by_role("dialog").get_by_text("Close").click()
    await expect(page.get_by_test_id("letter-detail")).to_contain_text("Sent again 1 time")
    await expect(page.get_by_test_id(ROW)).to_have_count(2)  # the copy is beyond use too

    link = page.url
    await page.get_by_role("link", name="Health").click()
    await page.get_by_role("region", name="Dead letters").get_by_role("link", name="Open dead letters").click()
    await expect(page.get_by_test_id(ROW)).to_have_count(3)
    await page.goto("about:blank")
    await page.goto(link)
    await expect(page.get_by_test_id("letter-detail")).to_contain_text("Sent again 1 time")
    await page.get_by_label("Reason").select_option("No payload")
    await page.get_by_test_id(ROW).click()
    await expect(page.get_by_role("button", name="Send again…")).to_be_disabled()
    await expect(page.get_by_test_id("letter-detail")).to_contain_text("There is nothing to send")


async def test_health_tells_what_comes_in_and_who_looks(gateway: Any, page: Page) -> None:
    await page.goto(f"{gateway.url}/health#token={gateway.token}")
    producers, viewers = (page.get_by_role("region", name=name) for name in ("Producers", "Viewers"))
    await expect(producers).to_contain_text("Idle")
    await expect(viewers).to_contain_text("Nobody")
    run = counting_run(3)
    await post(gateway, run.records)
    await expect(producers).to_contain_text(f"{len(run.records)} records in 60 s")
    await expect(producers).to_contain_text(f"5 min, highest {len(run.records)}")
    await expect(page.get_by_role("region", name="List of runs")).to_contain_text("Up to date")
    row = page.get_by_role("region", name="Partitions").get_by_role("row").nth(1)
    await expect(row).to_contain_text("Up to date")
    await page.get_by_role("link", name="Runs", exact=True).click()
    await page.get_by_test_id("run-row").click()
    await expect(page.get_by_test_id("connection")).to_contain_text("Live")
    await page.get_by_role("link", name="Health").click()
    await expect(viewers).to_contain_text("1 connected")


async def test_a_schema_is_observed_and_expected_across_visits(gateway: Any, page: Page, tmp_path: Path) -> None:
    await finish(await run_program(gateway, "writer.py", str(tmp_path / "h.json"), "1", "0", data_dir=tmp_path))
    await page.goto(f"{gateway.url}/schemas#token={gateway.token}")
    await expect(page.get_by_test_id("schema-detail")).to_contain_text(re.compile(r"\d nodes, \d edges"))
    await expect(page.get_by_role("img", name=re.compile("structure of"))).to_be_visible()
    await page.get_by_role("button", name="Expect this one…").click()
    await page.get_by_label("Note").fill("released with 2.4")
    await page.get_by_role("button", name="Expect it").click()
    await expect(page.get_by_test_id("drift-summary")).to_have_text("No difference")
    await page.reload()
    await expect(page.get_by_text("released with 2.4")).to_be_visible()
