"""Commits in memory: the reference implementation of the ``Commits`` port, for tests and trials."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dashstream.engine.commits import Commit
from dashstream.errors import LogError


class MemoryCommits:
    """The ``Commits`` port over a dictionary; everything is lost with the process."""

    def __init__(self) -> None:
        self.kept: dict[int, Commit] = {}
        self._save_error: LogError | None = None

    async def load(self, partitions: Collection[int]) -> Mapping[int, Commit]:
        """See ``Commits.load``."""
        return {partition: self.kept[partition] for partition in partitions if partition in self.kept}

    async def save(self, commits: Mapping[int, Commit]) -> None:
        """See ``Commits.save``."""
        if self._save_error is not None:
            error, self._save_error = self._save_error, None
            raise error
        self.kept.update(commits)

    def fail_next_save(self, error: LogError) -> None:
        """Let the next ``save`` raise ``error`` and keep nothing."""
        self._save_error = error
