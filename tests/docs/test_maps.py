"""The pages that say where things are name what is there, and nothing else: layers, adapters, kinds of tests."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "dashstream"


def folders(parent: Path, source: str) -> set[str]:
    """Return the folders that hold a file of ours."""
    return {path.name for path in parent.iterdir() if path.is_dir() and [*path.rglob(source)]}


def first_cells(page: str, pattern: str) -> set[str]:
    return set(re.findall(rf"^\| {pattern} \|", (ROOT / page).read_text(), re.MULTILINE))


def test_the_layers_are_the_folders() -> None:
    assert first_cells("ARCHITECTURE.md", r"`(\w+)/`") == folders(PACKAGE, "*.py")


def test_the_adapters_are_all_there() -> None:
    (row,) = re.findall(r"^\| `adapters/` \| ([^|]*) \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == folders(PACKAGE / "adapters", "*.py")


def test_the_kinds_of_tests_are_the_folders() -> None:
    named = first_cells("CONTRIBUTING.md", r"(`tests/[^|]*`)")
    kinds = {kind for cell in named for kind in re.findall(r"`tests/(\w+)`", cell)}
    assert kinds | {"parts"} == folders(ROOT / "tests", "*.py")  # where tests keep what they share
