"""What is kept of an operator's act: who did what to what, from where, and what came of it. Never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

DONE = "done"
"""The outcome of an act that succeeded; of another one it is the code of the error."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act of somebody who is known."""

    who: str
    role: str
    address: str
    act: str
    target: Mapping[str, str]
    outcome: str


class Audit(Protocol):
    """Keeps acts."""

    def note(self, act: Act) -> None:
        """Keep one; never raises."""
