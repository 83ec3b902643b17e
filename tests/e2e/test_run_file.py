"""A run is saved as a file, and opened again by dropping it on a page whose gateway is gone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from conftest import GatewayProcess
from e2e.watching import finish, go_to_step, open_newest_run, run_program, shown_state

pytestmark = pytest.mark.e2e

DROP = """
([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}
"""


async def test_a_saved_run_opens_without_any_gateway(tmp_path: Path, page: Page) -> None:
    gateway = GatewayProcess(tmp_path / "gateway")
    await gateway.start()
    history_file = tmp_path / "history.json"
    await finish(await run_program(gateway, "writer.py", str(history_file), "2", "0", data_dir=tmp_path))
    history = json.loads(history_file.read_text())
    await open_newest_run(page, gateway)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save this run as a .dsrun file").click()
    saved = tmp_path / "saved.dsrun"
    await (await download.value).save_as(saved)
    await gateway.stop()

    await page.evaluate(DROP, ["saved.dsrun", base64.b64encode(saved.read_bytes()).decode()])
    await expect(page).to_have_url(f"{gateway.url}/file")
    badge = page.get_by_test_id("receipt-badge")
    await expect(badge).to_have_attribute("data-complete", "true")
    assert await badge.get_attribute("data-verification") == "verified"
    await expect(page.get_by_test_id("playhead")).to_have_attribute("data-last-step", str(len(history) - 1))
    assert await shown_state(page) == history[-1]
    await go_to_step(page, len(history) - 3)
    assert await shown_state(page) == history[-3]
    await page.evaluate(DROP, ["other.dsrun", base64.b64encode(b"nonsense").decode()])
    await expect(page.get_by_text("This is not a .dsrun file of version 1").first).to_be_visible()
