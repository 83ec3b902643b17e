"""Take the gallery's pictures that the tests compare with again: those named, else all of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser_fixtures import FLAGS  # noqa: E402  # after the path
from conftest import GatewayProcess  # noqa: E402  # after the path
from e2e.gallery import KEPT, VIEWS, Desk, Gallery, View, desk_of, gallery_at  # noqa: E402  # after the path

MOST_SHOTS = 20
"""Of a scene, until two in a row have to be the same."""
PAUSE_S = 0.4


async def rest(gallery: Gallery, desk: Desk, name: str) -> None:
    """Lay the scene's picture on the desk as soon as it stays the same."""
    before = ""
    for _ in range(MOST_SHOTS):
        await desk.lay(name, await gallery.shot())
        now = await desk.cells(name)
        if now == before:
            return
        before = now
        await asyncio.sleep(PAUSE_S)
    raise SystemExit(f"{name} does not come to rest")


async def take(browser: Browser, gateway: GatewayProcess, wanted: list[str]) -> None:
    async with desk_of(browser) as desk:
        taken: dict[str, dict[str, View]] = {}
        for view in VIEWS:
            async with gallery_at(browser, gateway, view) as gallery:
                for scene in wanted or gallery.scenes:
                    await gallery.show(scene)
                    name = f"{scene} {view.name}"
                    await rest(gallery, desk, name)
                    print(name, flush=True)
                    taken.setdefault(scene, {})[name] = view
        for kept in KEPT.iterdir():
            if not wanted and kept.stem not in taken:
                kept.unlink()
        for scene, names in taken.items():
            (KEPT / f"{scene}.png").write_bytes(await desk.sheet(names))


async def main(chromium: str) -> None:
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        gateway = GatewayProcess(Path(folder) / "gateway")
        await gateway.start()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            await take(browser, gateway, sys.argv[1:])
            await browser.close()
        await gateway.stop()


if __name__ == "__main__":
    found = subprocess.run([ROOT / "scripts" / "chromium"], check=True, capture_output=True, text=True)
    asyncio.run(main(found.stdout.strip()))
