"""Which of several processes owns a partition, and what it commits, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer

from dashstream.adapters.kafka import ownership
from dashstream.adapters.kafka.ownership import KafkaOwnership
from dashstream.engine.commits import Commit
from dashstream.errors import LogClosedError, LogUnavailableError
from parts.kafka import KafkaBroker, KafkaTopic
from parts.kafka_log import WAIT_S, options_for

ALL = frozenset({0, 1, 2})
NONE: frozenset[int] = frozenset()


@asynccontextmanager
async def member(topic: KafkaTopic) -> AsyncIterator[KafkaOwnership]:
    """A member of the topic's own group."""
    joined = KafkaOwnership(options_for(topic, group=topic.name))
    joined.start()
    try:
        yield joined
    finally:
        await joined.close()


async def until_owned(joined: KafkaOwnership, count: int) -> frozenset[int]:
    """Return what is owned once it is so many partitions."""
    async with asyncio.timeout(WAIT_S):
        while len(owned := joined.owned) != count:
            await joined.changed(owned)
    return owned


async def test_a_lone_member_owns_all_and_partitions_added_later(kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as lone:
        assert await until_owned(lone, 3) == ALL
        await asyncio.to_thread(kafka_topic.add_partitions, 5)
        assert await until_owned(lone, 5) == {*ALL, 3, 4}


async def test_members_share_and_one_that_leaves_is_followed_by_the_other(kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as first:
        await until_owned(first, 3)
        async with member(kafka_topic) as second:
            async with asyncio.timeout(WAIT_S):
                while not second.owned:
                    await second.changed(second.owned)
                while first.owned | second.owned != ALL:
                    await second.changed(second.owned)
            assert not first.owned & second.owned
        assert second.owned == NONE
        assert await until_owned(first, 3) == ALL


async def test_commits_are_kept_across_owners(kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as first:
        await until_owned(first, 3)
        assert await first.load([0, 1, 2]) == {}
        commits = {0: Commit(7, 3, "epoch"), 2: Commit(2**40, 0, "epoch")}
        await first.save(commits)
        assert await first.load([0, 1, 2]) == commits
    async with member(kafka_topic) as second:
        await until_owned(second, 3)
        assert await second.load([0, 1, 2]) == commits


async def test_what_is_not_owned_cannot_be_committed(kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as first:
        await until_owned(first, 3)
        async with member(kafka_topic) as second:
            while not second.owned:
                await asyncio.wait_for(second.changed(second.owned), WAIT_S)
            taken = min(second.owned)
            with pytest.raises(LogUnavailableError, match="owns"):
                await first.save({taken: Commit(1, 0, "epoch")})
            await second.save({taken: Commit(5, 0, "epoch")})
            assert await second.load([taken]) == {taken: Commit(5, 0, "epoch")}


async def test_a_member_comes_back_after_the_broker(kafka: KafkaBroker, kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as lone:
        await until_owned(lone, 3)
        await lone.save({1: Commit(4, 0, "epoch")})
        await asyncio.to_thread(kafka.restart)
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    await lone.save({1: Commit(9, 0, "epoch")})
                    break
                except LogUnavailableError:
                    await asyncio.sleep(0)
        assert await lone.load([1]) == {1: Commit(9, 0, "epoch")}


async def test_a_client_that_does_not_settle_is_built_again(
    kafka_topic: KafkaTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first client's word that it is settled is taken for nothing, until a second one is there."""
    built = 0

    class Counted(Consumer):
        def __init__(self, *given: Any, **named: Any) -> None:
            nonlocal built
            built += 1
            super().__init__(*given, **named)

    looked = KafkaOwnership._look
    monkeypatch.setattr(ownership, "Consumer", Counted)
    monkeypatch.setattr(ownership, "UNSETTLED_SESSIONS", 0.2)
    monkeypatch.setattr(ownership, "LOOKS", 20)
    monkeypatch.setattr(KafkaOwnership, "_look", lambda self, said: looked(self, said) if built > 1 else None)
    async with member(kafka_topic) as lone:
        async with asyncio.timeout(WAIT_S):
            while built < 2:
                await lone.changed(lone.owned)
        assert await until_owned(lone, 3) == ALL
        await lone.save({1: Commit(4, 0, "epoch")})


async def test_a_member_that_left_refuses(kafka_topic: KafkaTopic) -> None:
    async with member(kafka_topic) as lone:
        await until_owned(lone, 3)
    assert lone.owned == NONE
    with pytest.raises(LogClosedError):
        await lone.save({0: Commit(1, 0, "epoch")})
    with pytest.raises(LogClosedError):
        await lone.load([0])
