"""All pages of the project: links lead somewhere, and names of settings, flags, metrics and targets are real."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from dashstream.app.settings import all_options
from dashstream.options import options_of
from dashstream.sdk.settings import SECTION, SdkSettings

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"cli.md", "settings.md", "metrics.md", "errors.md", "http.md"}
NOT_SETTINGS = {"DASHSTREAM_DATA_DIR", "DASHSTREAM_CLI_URL", "DASHSTREAM_CLI_TOKEN"}


def pages() -> list[Path]:
    """Return the Markdown files that belong to the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def identity(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_there_are_pages() -> None:
    found = {identity(page) for page in pages()}
    assert {"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/README.md", "docs/howto/operate.md"} <= found


@pytest.mark.parametrize("page", pages(), ids=identity)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_every_page_of_docs_is_linked_from_another() -> None:
    linked: set[Path] = set()
    for page in pages():
        for link in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            linked |= {target, *target.glob("*.md")} if target.is_dir() else {target}
    own = {page for page in pages() if page.is_relative_to(ROOT / "docs")}
    assert sorted(identity(page) for page in own - linked) == []


@pytest.mark.parametrize("page", pages(), ids=identity)
def test_settings_that_are_named_exist(page: Path) -> None:
    options = [*all_options(), *options_of(SdkSettings, SECTION)]
    known = {option.env for option in options} | NOT_SETTINGS
    named = set(re.findall(r"DASHSTREAM_[A-Z]+_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert named - known == set()


@pytest.mark.parametrize("page", [page for page in pages() if page.name not in GENERATED], ids=identity)
def test_flags_that_are_named_exist(page: Path) -> None:
    reference = (ROOT / "docs" / "reference" / "cli.md").read_text() + (
        ROOT / "docs" / "reference" / "settings.md"
    ).read_text()
    text = page.read_text(encoding="utf-8")
    named = {
        flag for line in re.findall(r"dashstream [a-z].*", text) for flag in re.findall(r"(?<=\s)--[a-z][a-z-]+", line)
    }
    known = {*re.findall(r"--[a-z][a-z-]+", reference), "--help", "--its-own"}
    assert named - known == set()


def test_metrics_that_are_named_exist() -> None:
    reference = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    known = set(re.findall(r"^\| `(\w+)`", reference, re.MULTILINE))
    named = set(re.findall(r"\bdashstream_[a-z_]+\b", (ROOT / "docs" / "howto" / "operate.md").read_text()))
    assert len(named) > 2
    assert named - known == set()


def test_targets_that_are_named_exist_and_are_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = {name for page in pages() for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert {"setup", "demo", "test"} <= named
    assert named - explained == set()
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert phony - explained <= {"chromium", "kafka"}, "what only other targets need has no explanation"
