"""Every finding of the gateway's health has a remedy on the page, and the page has none for findings that cannot be."""

from __future__ import annotations

import re
from pathlib import Path

from dashstream.engine.health import Facts, judge

ROOT = Path(__file__).resolve().parents[2]
CHECKS = set(re.findall(r'Reason\(\s*"(\w+)"', (ROOT / "src" / "dashstream" / "engine" / "health.py").read_text()))
REMEDIES = re.findall(
    r"const REMEDIES[^{]*\{(.*?)\n\};",
    (ROOT / "ui" / "src" / "features" / "health" / "health-cards.ts").read_text(),
    re.DOTALL,
)


def test_the_checks_are_found() -> None:
    (reason,) = judge(Facts(retained_failing=True)).reasons
    assert reason.check in CHECKS
    assert len(CHECKS) > 10


def test_each_finding_has_its_remedy() -> None:
    assert set(re.findall(r"^  (\w+):", REMEDIES[0], re.MULTILINE)) == CHECKS
