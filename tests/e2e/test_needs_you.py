"""A run that stops to ask is found among all runs, and its question goes when it is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.watching import finish, run_program

pytestmark = pytest.mark.e2e


async def test_a_question_waits_until_it_is_answered(gateway: Any, page: Page, tmp_path: Path) -> None:
    answer_file = tmp_path / "answer"
    await page.goto(f"{gateway.url}/needs-you#token={gateway.token}")
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    program = await run_program(gateway, "asker.py", str(answer_file), data_dir=tmp_path)

    question = page.get_by_test_id("question")
    await expect(question).to_contain_text("Publish this draft?", timeout=30_000)
    await expect(question).to_contain_text("waits for")
    await expect(page.get_by_role("navigation", name="Screens")).to_contain_text("Needs you1")
    await question.get_by_text("How to answer").click()
    await expect(question).to_contain_text('Command(resume="your answer")')

    answer_file.write_text("yes")
    await finish(program)
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible(timeout=30_000)
