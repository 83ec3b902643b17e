"""Every keeper of commits under one suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashstream.adapters.memory.commits import MemoryCommits
from dashstream.adapters.sqlite.commits import SqliteCommits
from dashstream.engine.commits import Commit, Commits


@pytest.fixture(params=["memory", "sqlite"])
async def commits(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "memory":
        yield MemoryCommits()
        return
    opened = SqliteCommits.open(tmp_path / "commits.db")
    yield opened
    await opened.close()


async def test_keeps_the_last_commit_of_each_partition(commits: Commits) -> None:
    assert await commits.load([0, 1]) == {}
    large = Commit(2**62, 2**53 + 1, "e")
    await commits.save({0: Commit(1, 0, "e"), 1: large})
    await commits.save({0: Commit(5, 0, "f")})
    assert await commits.load([0, 1, 2]) == {0: Commit(5, 0, "f"), 1: large}
    assert await commits.load([1]) == {1: large}


async def test_sqlite_keeps_them_across_processes(tmp_path: Path) -> None:
    for position in (1, 2):
        opened = SqliteCommits.open(tmp_path / "commits.db")
        if position == 2:
            assert await opened.load([0]) == {0: Commit(1, 0, "e")}
        await opened.save({0: Commit(position, 0, "e")})
        await opened.close()


def test_a_note_beside_a_position_says_head_and_epoch() -> None:
    commit = Commit(7, 3, "an epoch with spaces")
    assert Commit.from_metadata(7, commit.metadata) == commit
    for foreign in ("", "v1", "v1 x e", "v2 3 e", "v1 3 "):
        assert Commit.from_metadata(7, foreign) is None
