"""Where a subscription starts, once that is decided."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashstream.engine.ring import Hole
from dashstream.protocol.position import FaultTally, PositionFault

MODE_EPOCH_CHANGED = "epoch_changed"


@dataclass(slots=True)
class ResolvedStart:
    """Next offsets to start at, the heads as of now, and what has to be told."""

    positions: dict[int, int]
    heads: dict[int, int]
    mode: str
    gaps: list[Hole] = field(default_factory=list)
    faults: dict[PositionFault, FaultTally] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    """Number of the root's step that delivery starts with, by run; only of a snapshot, and only what is known."""

    @property
    def epoch_changed(self) -> bool:
        """Whether the client's cursor belongs to another epoch."""
        return self.mode == MODE_EPOCH_CHANGED

    @property
    def before_gaps(self) -> dict[int, int]:
        """Where partitions stand until their gap is told: who is cut off before that must come back to it."""
        return {} if self.epoch_changed else {hole.partition: hole.offset for hole in self.gaps}
