"""Waiting longer after each failure, with jitter, up to a bound."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BackoffLimits:
    """First delay, growth and longest delay, in seconds; ``jitter`` is the share of a delay that is random."""

    first_s: float = 0.1
    factor: float = 2.0
    longest_s: float = 10.0
    jitter: float = 0.5


@dataclass(slots=True)
class Backoff:
    """Delays between attempts. ``reset`` after a success."""

    limits: BackoffLimits = field(default_factory=BackoffLimits)
    random: random.Random = field(default_factory=random.Random)
    attempt: int = 0

    def next_delay(self) -> float:
        """Return how long to wait before the next attempt, in seconds."""
        limits = self.limits
        grown = limits.first_s * limits.factor ** min(self.attempt, 64)
        self.attempt += 1
        delay = min(grown, limits.longest_s)
        return delay * (1 - limits.jitter * self.random.random())

    def reset(self) -> None:
        """Start again from the first delay."""
        self.attempt = 0
