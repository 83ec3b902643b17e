"""Every scene of the gallery looks as it did, at three widths, in light and dark. ``make pictures`` takes them again.

What a failed comparison saw is written to ``test-results``, with every cell framed that is off.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser

from browser_fixtures import ROOT
from e2e.gallery import CELL, KEPT, MOST_OFF, SIZES, VIEWS, Desk, Gallery, View, desk_of, gallery_at
from e2e.watching import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RESULTS = ROOT / "test-results"
SETTLED_S = 10.0
MOST_FAILURES = 4


async def look(gallery: Gallery, desk: Desk, scene: str, view: View) -> list[tuple[int, int]]:
    """The cells that are off; a scene has some seconds to come to rest."""
    off: list[tuple[int, int]] = []

    async def same() -> bool:
        nonlocal off
        await desk.lay(scene, await gallery.shot())
        off = await desk.compare(scene, scene, view)
        return len(off) <= MOST_OFF

    try:
        await until(same, scene, SETTLED_S)
    except AssertionError:
        return off
    return []


def where(cells: list[tuple[int, int]]) -> str:
    columns, rows = [column for column, _ in cells], [row for _, row in cells]
    corner = f"x {min(columns) * CELL} to {(max(columns) + 1) * CELL}"
    return f"{len(cells)} cells, {corner}, y {min(rows) * CELL} to {(max(rows) + 1) * CELL}"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_every_scene_looks_as_it_did(gateway: Any, browser: Browser, view: View) -> None:
    failures: dict[str, str] = {}
    async with desk_of(browser) as desk, gallery_at(browser, gateway, view) as gallery:
        assert {f"{scene}.png" for scene in gallery.scenes} == {kept.name for kept in KEPT.iterdir()}
        for scene in gallery.scenes:
            await gallery.show(scene)
            if off := await look(gallery, desk, scene, view):
                seen = RESULTS / f"{scene}-{view.name}.png"
                RESULTS.mkdir(exist_ok=True)
                seen.write_bytes(await desk.marked(scene, off))
                failures[scene] = f"{where(off)}: {seen}"
            if len(failures) == MOST_FAILURES:
                break
    assert failures == {}


@pytest.mark.parametrize(
    "change",
    [
        ".chip { color: var(--error) !important; }",
        ".run-header { padding-left: 24px !important; }",
        ".graph-node { margin-top: 4px !important; }",
    ],
)
async def test_a_changed_colour_and_a_moved_box_are_noticed(gateway: Any, browser: Browser, change: str) -> None:
    view, scene = View(SIZES[1], "light"), "run-done"
    async with desk_of(browser) as desk, gallery_at(browser, gateway, view) as gallery:
        await gallery.show(scene)
        assert await look(gallery, desk, scene, view) == []
        await gallery.page.add_style_tag(content=change)
        await desk.lay(scene, await gallery.shot())
        assert len(await desk.compare(scene, scene, view)) > MOST_OFF
