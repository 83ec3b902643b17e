"""What a check of a data directory found: a value, the same for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FindingLevel(StrEnum):
    """How bad it is. Only a problem makes a data directory unhealthy."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: what is so, what to do about it, and the figures behind it."""

    name: str
    level: FindingLevel
    detail: str
    remedy: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing found is a problem."""
    return all(finding.level is not FindingLevel.PROBLEM for finding in findings)


def ok(name: str, detail: str, **counts: int) -> Finding:
    """Return a check that found all well."""
    return Finding(name, FindingLevel.OK, detail, None, counts)


def warning(name: str, detail: str, remedy: str, **counts: int) -> Finding:
    """Return a check that found something to know of."""
    return Finding(name, FindingLevel.WARNING, detail, remedy, counts)


def problem(name: str, detail: str, remedy: str, **counts: int) -> Finding:
    """Return a check that failed."""
    return Finding(name, FindingLevel.PROBLEM, detail, remedy, counts)
