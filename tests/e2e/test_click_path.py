"""Somebody who has never seen the page finds out what went wrong, by what is written on the screen alone.

Every click goes to a visible text or to the name that a button tells; no test id, no address typed by hand. The way
is written down as it is walked, so that a failure says where a person would have been lost.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from e2e.watching import finish, run_program

pytestmark = pytest.mark.e2e


async def click(page: Page, text: str | re.Pattern[str]) -> None:
    """Click what is seen to say this: the first control, or else the first text."""
    button = page.get_by_role("button", name=text)
    seen = button if await button.count() else page.get_by_text(text)
    await seen.first.click()


async def says(page: Page, text: str | re.Pattern[str]) -> None:
    """The screen says this where a person can see it."""
    await expect(page.get_by_text(text).filter(visible=True).first).to_be_visible()


async def test_which_node_failed_and_why_what_changed_who_set_it_was_anything_lost_and_share_it(
    gateway: Any, page: Page, browser: Browser, tmp_path: Path
) -> None:
    await finish(await run_program(gateway, "pricer.py", data_dir=tmp_path))
    await page.goto(f"{gateway.url}/#token={gateway.token}")  # the link that the gateway prints

    # Which run failed? It says so in the list.
    await page.get_by_role("option", name=re.compile("pricer: Error")).click()

    # Which node failed, and why?
    await says(page, "ValueError in add_up")
    await says(page, re.compile("could not convert string to float: '12,50'"))

    # What changed in the state at the step before?
    await click(page, re.compile("^Go to step"))
    failed = page.get_by_test_id("graph-node").filter(has_text="add_up")
    await expect(failed).to_have_attribute("data-status", "error")  # and not what it was before it started
    await click(page, "Changes")
    await says(page, "/prices/chair")
    await says(page, re.compile("12,50"))

    # Who set that key?
    await click(page, "/prices/chair")
    await click(page, "Blame")
    await says(page, "Who set this value")
    await says(page, "quote")
    await page.keyboard.press("Escape")

    # Was anything lost?
    await click(page, re.compile("0 gaps"))
    await says(page, re.compile("Every record"))
    await page.keyboard.press("Escape")

    # Show it to somebody else.
    await click(page, "Copy a link to this moment")
    await says(page, re.compile("^Copied a link to step"))
    link = await page.evaluate("navigator.clipboard.readText()")
    assert gateway.token not in link
    other = await browser.new_page()
    await other.goto(f"{link}#token={gateway.token}")
    await says(other, "ValueError in add_up")
    await says(other, re.compile("12,50"))
    assert "path=%2Fprices%2Fchair" in other.url
