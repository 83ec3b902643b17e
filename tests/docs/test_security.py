"""The page about security: every setting and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from dashstream.app.settings import all_options

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "security.md").read_text()
TESTS = {
    name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text())
}


def rows() -> list[list[str]]:
    """Cells of each control's row."""
    table = PAGE.partition("| control |")[2].partition("|---|---|---|---|---|\n")[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]


def test_each_control_names_a_test_that_is_there() -> None:
    assert len(rows()) > 5
    for control, _, _, _, proof in rows():
        named = re.findall(r"`(test_\w+)`", proof)
        assert named, control
        assert set(named) <= TESTS, control


def test_each_setting_that_is_named_is_there() -> None:
    known = {option.env for option in all_options()}
    named = set(re.findall(r"`(DASHSTREAM_\w+)`", PAGE))
    assert named
    assert named <= known


def test_each_control_says_how_to_change_it() -> None:
    for control, _, default, change, _ in rows():
        assert default, control
        assert change == "not a setting" or "`" in change, control
