"""Every widget and screen in every state fits at every width that is promised, in light and dark.

With the machine's own fonts, as readers have theirs; ``test_pictures.py`` compares how scenes look, with bundled ones.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SIZES = ((900, 700), (1440, 900), (2560, 1440))

MISFITS = """
() => {
  const root = document.documentElement;
  const scrolls = root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight;
  const named = (element) => `${element.tagName.toLowerCase()} ${element.textContent.trim() || element.ariaLabel}`;
  const seen = (box) => box.width > 0 && box.height > 0;
  const cut = [...document.querySelectorAll("main button, main a, main input, main select, .top-bar *")]
    .filter((element) => !element.closest(".virtual-list, .react-flow, svg, .visually-hidden, .gallery__nav"))
    .filter((element) => {
      const box = element.getBoundingClientRect();
      return seen(box) && (box.left < -1 || box.right > root.clientWidth + 1);
    })
    .map((element) => `outside: ${named(element)}`);
  const buttons = [...document.querySelectorAll("main button")]
    .filter((element) => !element.closest(".virtual-list, .react-flow, .gallery__nav"))
    .filter((element) => {
      const flows = getComputedStyle(element).overflowX === "visible";
      return seen(element.getBoundingClientRect()) && flows && element.scrollWidth > element.clientWidth + 2;
    })
    .map((element) => `overflows: ${named(element)}`);
  return [...(scrolls ? ["the page scrolls"] : []), ...cut, ...buttons];
}
"""


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_every_scene_fits(gateway: Any, browser: Browser, width: int, height: int) -> None:
    page = await browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    await page.goto(f"{gateway.url}/gallery#token={gateway.token}")
    links = page.get_by_role("navigation", name="Scenes").get_by_role("link")
    await expect(links.first).to_be_visible()
    scenes = await links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(scenes) > 40
    misfits = {}
    for scene in scenes:
        # A dialog of the scene before may be above the link.
        await page.locator(f'a[href="{scene}"]').dispatch_event("click")
        await expect(page.locator(f'a[href="{scene}"]')).to_have_attribute("aria-current", "page")
        await expect(page.get_by_test_id("gallery-scene")).not_to_be_empty()
        if found := await page.evaluate(MISFITS):
            misfits[scene] = found
    assert misfits == {}
