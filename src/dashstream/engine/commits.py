"""The committed position of each partition's duties, as a port.

A commit is the next offset to read: all below it is settled, which means counted, dead-lettered where that was due, and
handed to the retained tier. With it goes the head that the group first had on the partition, and the epoch in which
both mean something: a commit of another epoch is void.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Commit:
    """How far the duties of a partition are settled, and where its new data began."""

    position: int
    head: int
    epoch: str

    @property
    def metadata(self) -> str:
        """Head and epoch as text, for a store that keeps a position with a note."""
        return f"v1 {self.head} {self.epoch}"

    @classmethod
    def from_metadata(cls, position: int, metadata: str) -> Commit | None:
        """Return the commit of a position and its note, or None if the note is not one of ours."""
        match metadata.split(" ", 2):
            case ["v1", head, epoch] if head.isdecimal() and epoch:
                return cls(position, int(head), epoch)
        return None


class Commits(Protocol):
    """Keeps commits durably, across owners."""

    async def load(self, partitions: Collection[int]) -> Mapping[int, Commit]:
        """Return the commits that there are.

        Raises:
            LogError: they cannot be read.
        """

    async def save(self, commits: Mapping[int, Commit]) -> None:
        """Keep commits; durable when this returns.

        Raises:
            LogError: they could not be kept, or another process owns the partitions now.
        """
