"""The house's own rules: sizes, marks that must not creep in, and a README that stays short."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400
GENERATED = ("/gen/", "package-lock.json")
CODE = {".py", ".ts", ".tsx"}


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / line for line in listing.stdout.splitlines()]
    return [path for path in paths if path.is_file() and not any(part in str(path) for part in GENERATED)]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix in CODE]


def product_sources() -> list[Path]:
    return [path for path in sources() if path.is_relative_to(ROOT / "src") or path.is_relative_to(ROOT / "ui")]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    assert len(product_sources()) > 50


def test_no_module_is_longer_than_the_budget() -> None:
    long = {relative(path): count for path in sources() if (count := len(path.read_text().splitlines())) > MAX_LINES}
    assert not long


def test_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("an unfinished mark", r"\b(TODO|FIXME|XXX|HACK)\b"),
        (
            "a skipped or expected-to-fail test",
            r"pytest\.skip|mark\.(skip|xfail)|\b(it|test|describe)\.(skip|only|todo)\b",
        ),
        ("a sleep in a test or a source", r"\btime\.sleep\("),
    ],
)
def test_marks_that_must_not_creep_in(what: str, pattern: str) -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in sources()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line) and "allowed:" not in line
    ]
    assert not found, what


@pytest.mark.parametrize("mark", ["type: ignore", "noqa", "biome-ignore", "@ts-expect-error", "pragma: no cover"])
def test_every_exception_to_a_check_gives_its_reason(mark: str) -> None:
    """``# type: ignore[code]  # reason``, ``# noqa: CODE  # reason`` and ``biome-ignore rule: reason``."""
    reasoned = re.compile(
        r"(type: ignore\[[\w-]+(, ?[\w-]+)*\]|noqa: [A-Z0-9, ]+?)\s+# \w"
        r"|biome-ignore [\w/]+: \w|@ts-expect-error \w|pragma: no cover\s+# \w"
    )
    bare = [
        f"{relative(path)}:{number}"
        for path in sources()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if mark in line and not reasoned.search(line)
    ]
    assert not bare


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "adr").glob("0*.md"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
