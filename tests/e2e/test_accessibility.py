"""Every screen keeps the rules of WCAG 2.1 A and AA in light and dark; a run is read without a mouse, and at sight.

axe-core is a development dependency of the page and comes from its ``node_modules``; nothing is loaded from outside.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from browser_fixtures import ROOT
from e2e.watching import finish, open_newest_run, playhead, run_program, until

pytestmark = pytest.mark.e2e

AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
CHECK = """
async (rules) => {
  const { violations, passes } = await axe.run(document, { runOnly: { type: "tag", values: rules } });
  const where = (node) => `${node.target.join(" ")}: ${node.failureSummary}`;
  const broken = ({ id, nodes }) => nodes.map((node) => `${id}: ${where(node)}`);
  return { passed: passes.length, violations: violations.flatMap(broken) };
}
"""
IS_OUTLINED = """
() => [document.activeElement, document.activeElement.closest(".field")]
  .some((element) => element !== null && getComputedStyle(element).outlineStyle !== "none")
"""
"""Whether what has the focus is outlined; a field is as a whole, with its icon."""
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
TABS = ("State", "Events", "LLM", "Tools")
ROUNDS = 3


async def check(page: Page, what: str, themes: tuple[Theme, ...] = THEMES) -> None:
    """Fail with every broken rule and where it is broken."""
    for theme in themes:
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        await expect(page.locator("html")).to_have_attribute("data-theme", theme)
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text())
        found = await page.evaluate(CHECK, RULES)
        assert found["violations"] == [], f"{what}, {theme}"
        assert found["passed"] > 10, f"{what}, {theme}: hardly any rule found something to look at"


@pytest.fixture
async def run(gateway: Any, tmp_path: Path) -> Any:
    """The gateway, with one run that has ended."""
    history = str(tmp_path / "history.json")
    await finish(await run_program(gateway, "writer.py", history, str(ROUNDS), "0", data_dir=tmp_path))
    return gateway


async def test_the_list_of_runs_empty_and_with_a_run(gateway: Any, page: Page, tmp_path: Path) -> None:
    await page.goto(f"{gateway.url}/#token={gateway.token}")
    await expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    await check(page, "no runs yet")
    history = str(tmp_path / "history.json")
    await finish(await run_program(gateway, "writer.py", history, "1", "0", data_dir=tmp_path))
    await expect(page.get_by_test_id("run-row").first).to_be_visible()
    await check(page, "list of runs")


async def test_without_a_token(gateway: Any, browser: Browser) -> None:
    page = await browser.new_page()  # the refusal is on its console, as it should be
    await page.goto(gateway.url)
    await expect(page.get_by_text("This gateway asks for a token")).to_be_visible()
    await check(page, "no token")


async def test_health_the_help_sheet_and_the_command_palette(run: Any, page: Page) -> None:
    await page.goto(f"{run.url}/health#token={run.token}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await check(page, "health")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await check(page, "help sheet")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Go to, or do")).to_be_focused()
    await page.keyboard.type("writer")
    await expect(page.get_by_role("option", name=re.compile("writer")).first).to_be_visible()
    await check(page, "command palette")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("run-page")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 900])
async def test_the_run_page_with_each_tab(run: Any, page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    await open_newest_run(page, run)
    for tab in (*TABS, *(("Graph",) if width < 1000 else ())):
        await page.get_by_role("tab", name=re.compile(tab)).click()
        await expect(page.get_by_role("tab", name=re.compile(tab))).to_have_attribute("aria-selected", "true")
        await check(page, f"run page, {tab}")
    await page.get_by_test_id("graph-node").filter(has_text="write").click()
    await expect(page.get_by_test_id("explain-node")).to_be_visible()
    await check(page, "run page, a node explained")
    await page.get_by_role("button", name="Legend").click()
    await expect(page.get_by_role("heading", name="Edges")).to_be_visible()
    await check(page, "run page, legend")


async def test_the_gallery_of_every_state(gateway: Any, browser: Browser) -> None:
    page = await browser.new_page()  # one scene is a pane that fails, which is on its console, as it should be
    await page.goto(f"{gateway.url}/gallery#token={gateway.token}")
    links = page.get_by_role("navigation", name="Scenes").get_by_role("link")
    await expect(links.first).to_be_visible()
    scenes = await links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(scenes) > 10
    for scene in scenes:
        # A dialog of the scene before may be above the link.
        await page.locator(f'a[href="{scene}"]').dispatch_event("click")
        await expect(page.locator(f'a[href="{scene}"]')).to_have_attribute("aria-current", "page")
        await check(page, scene)


async def test_a_run_is_found_read_and_left_with_the_keyboard_alone(run: Any, page: Page) -> None:
    await page.goto(f"{run.url}/#token={run.token}")
    await expect(page.get_by_test_id("run-row").first).to_be_visible()
    press = page.keyboard.press
    await tab_to(page, "[role=listbox]")
    await press("Home")
    await press("Enter")
    await expect(page.get_by_test_id("run-page")).to_be_visible()

    head = page.get_by_test_id("playhead")
    await expect(head).to_have_attribute("data-last-step", re.compile(r"^[1-9]"))
    await tab_to(page, '[data-testid="playhead"]')
    _, last = await playhead(page)
    for key, step in (("ArrowLeft", last - 1), ("Home", 0), ("ArrowRight", 1), ("End", last)):
        await press(key)
        await expect(head).to_have_attribute("data-step", str(step))

    await tab_to(page, "[role=tab]", backwards=True)
    for key, tab in (("ArrowRight", "Events"), ("ArrowRight", "LLM"), ("End", "Tools"), ("Home", "State")):
        await press(key)
        await expect(page.get_by_role("tab", name=re.compile(tab))).to_have_attribute("aria-selected", "true")
        await expect(page.get_by_role("tab", name=re.compile(tab))).to_be_focused()

    await tab_to(page, '[data-testid="graph-node"]', backwards=True)
    await press("Enter")
    await expect(page.get_by_test_id("explain-node")).to_be_visible()
    await press("Escape")
    await expect(page.get_by_test_id("explain-node")).to_be_hidden()

    await press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.locator(":focus")).to_have_attribute("data-testid", "graph-node")


async def tab_to(page: Page, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until what has the focus matches; every stop on the way shows that it has the focus."""
    for _ in range(80):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        outlined = await page.evaluate(IS_OUTLINED)
        name = await page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert outlined or name.startswith("<body"), f"the focus cannot be seen on {name}"
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


SEEN = """
() => {
  const pane = document.querySelector(".react-flow").getBoundingClientRect();
  const zoom = new DOMMatrix(getComputedStyle(document.querySelector(".react-flow__viewport")).transform).a;
  return [...document.querySelectorAll(".graph-node__name")].map((name) => {
    const box = name.closest("button").getBoundingClientRect();
    return {
      name: name.textContent,
      size: parseFloat(getComputedStyle(name).fontSize) * zoom,
      cut: name.scrollWidth > name.clientWidth + 1 || name.scrollHeight > name.clientHeight + 2,
      inside: box.left >= pane.left && box.right <= pane.right && box.top >= pane.top && box.bottom <= pane.bottom,
    };
  });
}
"""


@pytest.mark.parametrize(("width", "height"), [(900, 700), (1440, 900), (2560, 1440)])
async def test_names_of_nodes_can_be_read_at_first_sight(run: Any, page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await open_newest_run(page, run)
    if width < 1000:
        await page.get_by_role("tab", name=re.compile("Graph")).click()
    names = page.locator(".graph-node__name")
    await expect(names).to_have_count(3)

    async def readable() -> bool:
        seen = await page.evaluate(SEEN)
        return all(name["size"] >= 11 and name["inside"] and not name["cut"] for name in seen)

    await until(readable, "every name is in sight, whole, and of 11 pixels at least")


async def test_the_users_hand_stops_the_camera_until_it_is_asked_to_follow_again(run: Any, page: Page) -> None:
    await open_newest_run(page, run)
    await expect(page.get_by_test_id("graph-node").filter(has_text="write")).to_be_visible()
    follow, fit = page.get_by_role("button", name="Follow"), page.get_by_role("button", name="Fit all")
    await expect(follow).to_have_attribute("aria-pressed", "true")
    box = await page.locator(".react-flow").bounding_box()
    assert box
    await page.mouse.move(box["x"] + 8, box["y"] + 8)
    await page.mouse.wheel(0, -600)
    await expect(follow).to_have_attribute("aria-pressed", "false")
    viewport = page.locator(".react-flow__viewport")
    moved = await viewport.get_attribute("style") or ""
    await page.get_by_test_id("step-prev").click()
    await expect(page.get_by_test_id("state-tree")).to_have_attribute("data-settled", "true")
    await expect(viewport).to_have_attribute("style", moved)
    await fit.click()
    await expect(fit).to_have_attribute("aria-pressed", "true")
    await expect(viewport).not_to_have_attribute("style", moved)
    await follow.click()
    await expect(follow).to_have_attribute("aria-pressed", "true")
