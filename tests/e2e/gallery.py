"""The gallery as pictures that are the same on every machine, and so small that they can be kept and compared.

What differs between machines is taken out: fonts are two bundled ones, time stands still, nothing moves. What is left,
how the edges of letters are smoothed, is averaged away: a picture is kept as the mean colours of cells of 10 pixels. A
changed colour changes its cells, a moved box those at its borders. One file keeps a scene in every size and theme.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, expect

from browser_fixtures import ROOT

KEPT = ROOT / "tests" / "pictures"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES = ((900, 700), (1440, 900), (2560, 1440))
CELL = 10
TOLERANCE = 12
"""Of 255: how far a cell's mean may be off in any channel."""
MOST_OFF = 2
"""Cells of a picture that may be off by more."""
STARTED_S = 1_767_225_600
"""When the scripted run starts; the pictures are taken five minutes later."""
FONTS = (("Picture Sans", "inter"), ("Picture Mono", "jetbrains-mono"))
WEIGHTS = (400, 500, 600)
# The stack of a pane that failed has the gateway's port in it.
STILL = """
:root { --font-sans: "Picture Sans", sans-serif; --font-mono: "Picture Mono", monospace; }
.error-boundary pre { visibility: hidden; }
*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }
"""


@dataclass(frozen=True)
class View:
    """One size and theme, and where a scene's sheet has its picture."""

    size: tuple[int, int]
    theme: Theme

    @property
    def name(self) -> str:
        return f"{self.size[0]}-{self.theme}"

    @property
    def place(self) -> tuple[int, int]:
        left = sum(width // CELL for width, _ in SIZES[: SIZES.index(self.size)])
        return left, THEMES.index(self.theme) * SIZES[-1][1] // CELL


VIEWS = (View(SIZES[0], "light"), View(SIZES[1], "light"), View(SIZES[1], "dark"), View(SIZES[2], "dark"))
"""Every size and every theme, and both themes of one size: what fits does not depend on the theme."""
SHEET = (sum(width for width, _ in SIZES) // CELL, len(THEMES) * SIZES[-1][1] // CELL)


def faces() -> str:
    files = ROOT / "ui" / "node_modules" / "@fontsource"
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight};'
        f" src: url(data:font/woff2;base64,{encoded(files / font / f'files/{font}-latin-{weight}-normal.woff2')}); }}"
        for family, font in FONTS
        for weight in WEIGHTS
    )


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


class Desk:
    """A page that pictures are laid on."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def lay(self, name: str, picture: bytes) -> None:
        await self._call("lay", name, base64.b64encode(picture).decode(), CELL)

    async def compare(self, name: str, scene: str, view: View) -> list[tuple[int, int]]:
        """Cells that differ from the kept picture, as (column, row)."""
        kept = KEPT / f"{scene}.png"
        assert kept.is_file(), f"no picture is kept of {scene}: make pictures"
        found = await self._call("compare", name, encoded(kept), list(view.place), TOLERANCE)
        return [(int(column), int(row)) for column, row in found]

    async def marked(self, name: str, cells: list[tuple[int, int]]) -> bytes:
        """The picture, with these cells framed."""
        return base64.b64decode(await self._call("marked", name, cells))

    async def cells(self, name: str) -> str:
        return str(await self._call("cells", name))

    async def sheet(self, names: dict[str, View]) -> bytes:
        places = [[name, *view.place] for name, view in names.items()]
        return base64.b64decode(await self._call("sheet", list(SHEET), places))

    async def _call(self, function: str, *arguments: Any) -> Any:
        return await self._page.evaluate(f"given => desk.{function}(...given)", list(arguments))


@asynccontextmanager
async def desk_of(browser: Browser) -> AsyncIterator[Desk]:
    page = await browser.new_page()
    await page.evaluate((Path(__file__).parent / "desk.js").read_text())
    yield Desk(page)
    await page.close()


class Gallery:
    """The gallery at one size and theme."""

    def __init__(self, page: Page, scenes: list[str]) -> None:
        self.page = page
        self.scenes = scenes

    async def show(self, scene: str) -> None:
        link = self.page.locator(f'a[href="/gallery?scene={scene}"]')
        await link.dispatch_event("click")  # a dialog of the scene before may be above it
        await expect(link).to_have_attribute("aria-current", "page")
        await self.page.mouse.move(1, 1)

    async def shot(self) -> bytes:
        return await self.page.get_by_test_id("gallery-scene").screenshot(timeout=60_000)


@asynccontextmanager
async def gallery_at(browser: Browser, gateway: Any, view: View) -> AsyncIterator[Gallery]:
    width, height = view.size
    page = await browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=view.theme,
        reduced_motion="reduce",
        device_scale_factor=1,
        timezone_id="UTC",
        locale="en-US",
        bypass_csp=True,
    )
    await page.clock.set_fixed_time(STARTED_S + 300)
    await page.goto(f"{gateway.url}/gallery#token={gateway.token}")
    await page.add_style_tag(content=faces() + STILL)
    wanted = [f'{weight} 13px "{family}"' for family, _ in FONTS for weight in WEIGHTS]
    await page.evaluate("fonts => Promise.all(fonts.map((font) => document.fonts.load(font)))", wanted)
    links = page.get_by_role("navigation", name="Scenes").get_by_role("link")
    await expect(links.first).to_be_visible()
    addresses = await links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    yield Gallery(page, [address.split("=")[1] for address in addresses])
    await page.close()
