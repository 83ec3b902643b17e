"""Examples of a specification: fenced blocks with a language and a label."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SPECS = Path(__file__).resolve().parents[1] / "docs" / "specs"


def blocks(page: Path, label: str) -> list[str]:
    """Return the texts of a page's blocks with this label, as ``json client``; there has to be one."""
    found: list[str] = re.findall(
        rf"^```{label}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, f"{page.name} has no block {label!r}"
    return found


def examples(page: Path, label: str) -> list[Any]:
    """Return the JSON values of a page's blocks with this label."""
    return [json.loads(text) for text in blocks(page, f"json {label}")]
