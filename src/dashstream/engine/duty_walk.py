"""The walk of one partition's duties along its log: position, what is pending, and whether it is stopped. Pure.

Laws:

1. ``settled`` only rises, and never passes a record whose dead letter is pending, nor one that the walk is stopped at.
2. ``is_catching_up`` ends when the position reaches the head, by a record or by offsets that hold none.
3. A stop is at one record. Letting it pass lets exactly that record pass; the next one of its kind stops again.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.engine.commits import Commit
from dashstream.engine.outcomes import Action, Age, Judgement


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a partition's duties are stopped: its record at ``offset`` has a reason that the policy stops at."""

    partition: int
    offset: int
    reason: str
    since_us: int

    def __str__(self) -> str:
        return f"partition {self.partition} is paused at offset {self.offset}: {self.reason}"


class DutyWalk:
    """One partition's walk in one epoch."""

    def __init__(self, partition: int, epoch: str, *, position: int, head: int) -> None:
        self.partition = partition
        self.epoch = epoch
        self.position = position
        self.head = head
        self.paused: Pause | None = None
        self.is_blocked = False
        """Whether the next record needs a dead letter for which there is no room."""
        self._let_pass: int | None = None
        self._pending: dict[int, None] = {}  # in rising order

    @property
    def settled(self) -> int:
        """The next offset after everything that is settled."""
        return next(iter(self._pending), self.position)

    @property
    def pending(self) -> int:
        """Dead letters that are not settled."""
        return len(self._pending)

    @property
    def is_catching_up(self) -> bool:
        """Whether old data is still to come."""
        return self.position < self.head

    @property
    def can_walk(self) -> bool:
        """Whether the next record may be examined."""
        return self.paused is None and not self.is_blocked

    @property
    def commit(self) -> Commit:
        """What may be committed now."""
        return Commit(self.settled, self.head, self.epoch)

    def age_of(self, offset: int) -> Age:
        """Return whether an offset is old or new."""
        return Age.OLD if offset < self.head else Age.NEW

    def stops_at(self, offset: int, judgement: Judgement) -> bool:
        """Tell whether the walk has to stop before this record."""
        return judgement.action is Action.STOP and offset != self._let_pass

    def stop(self, offset: int, reason: str, now_us: int) -> Pause:
        """Stop before a record."""
        self.paused = Pause(self.partition, offset, reason, now_us)
        return self.paused

    def resume(self) -> Pause | None:
        """Let the record that the walk is stopped at pass; return the pause that ends, if there was one."""
        ended, self.paused = self.paused, None
        if ended is not None:
            self._let_pass = ended.offset
        return ended

    def expect(self, offset: int) -> None:
        """A dead letter about this offset is on its way; offsets rise."""
        self._pending[offset] = None

    def settle(self, offset: int) -> None:
        """The dead letter about this offset is written or given up."""
        self._pending.pop(offset, None)

    def advance(self, position: int) -> None:
        """Everything below this offset was passed."""
        self.position = max(self.position, position)
