"""Gateways on a real Kafka: every test has a topic, a topic of dead letters and a group of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

import pytest

from fleet.fleet import Fleet
from parts.kafka import KafkaTopic, NewTopicMaker


class NewFleet(Protocol):
    """Makes topics for a fleet that has no gateway yet."""

    def __call__(self, partitions: int = 3, **config: str) -> Awaitable[Fleet]: ...


@pytest.fixture
async def new_fleet(new_topic: NewTopicMaker, tmp_path: Path) -> AsyncIterator[NewFleet]:
    """Makes fleets; their gateways stop in order after the test, and their topics go."""
    made: list[Fleet] = []

    async def make(partitions: int = 3, **config: str) -> Fleet:
        records = await asyncio.to_thread(new_topic, partitions, **config)
        letters = KafkaTopic(records.broker, f"{records.name}-dead-letters")
        await asyncio.to_thread(letters.create, 1, cleanup_policy="compact,delete")
        directory = tmp_path / f"fleet-{len(made)}"
        directory.mkdir()
        made.append(Fleet(records, letters, partitions, directory))
        return made[-1]

    yield make
    for fleet in made:
        await asyncio.to_thread(fleet.records.broker.heal)
        await fleet.end()
        if fleet.letters.name in fleet.letters.broker.admin.list_topics(timeout=20).topics:
            await asyncio.to_thread(fleet.letters.delete)


@pytest.fixture
async def fleet(new_fleet: NewFleet) -> Fleet:
    """A fleet of three partitions."""
    return await new_fleet()
