"""Take README's pictures: the demo's run, live in the light, and back in time in the dark."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZE = {"width": 1440, "height": 900}
PATIENCE_MS = 60_000


async def open_run(browser: Browser, link: str, scheme: str) -> Page:
    """Open the newest run of the gateway behind a link."""
    page = await browser.new_page(viewport=SIZE, color_scheme=scheme, device_scale_factor=1)  # type: ignore[arg-type]  # one of the two
    await page.goto(link)
    await page.get_by_test_id("run-row").first.click()
    await expect(page.get_by_test_id("run-page")).to_be_visible()
    return page


async def take(link: str, chromium: str) -> None:
    """Take both pictures while the demo runs."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await open_run(browser, link, "light")
        critique = page.locator('[data-testid="graph-node"][data-node-id="critique"]')
        await expect(critique).to_have_attribute("data-status", "running", timeout=PATIENCE_MS)
        await expect(page.get_by_test_id("state-tree")).to_have_attribute("data-settled", "true")
        await page.screenshot(path=IMAGES / "run-light.png")
        address = page.url
        await expect(page.get_by_test_id("receipt-badge")).to_have_attribute(
            "data-complete", "true", timeout=PATIENCE_MS
        )

        dark = await browser.new_page(viewport=SIZE, color_scheme="dark", device_scale_factor=1)
        await dark.goto(link)
        await dark.goto(address)
        await expect(dark.get_by_test_id("receipt-badge")).to_have_attribute("data-complete", "true")
        for _ in range(3):
            await dark.get_by_test_id("step-prev").click()
        await dark.get_by_role("tab", name=re.compile("LLM")).click()
        await expect(dark.get_by_test_id("llm-text").first).to_be_visible()
        await dark.screenshot(path=IMAGES / "run-dark.png")
        await browser.close()


def main() -> None:
    chromium = subprocess.run(
        [ROOT / "scripts" / "chromium"], check=True, capture_output=True, text=True
    ).stdout.strip()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [Path(sys.executable).parent / "dashstream", "demo", "--no-browser", "--data-dir", folder]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            lines = iter(demo.stdout or ())
            link = next(found[0] for line in lines if (found := re.findall(r"http://\S+#token=\S+", line)))
            next(line for line in lines if "asking" in line)
            asyncio.run(take(link, chromium))
        finally:
            demo.terminate()
            demo.wait(30)


if __name__ == "__main__":
    main()
