"""Every retained store under the one suite."""

from __future__ import annotations

import pytest

from dashstream.adapters.memory.retained import MemoryRetainedStore
from dashstream.engine.retained import RetainedLimits
from dashstream.testing.retained_conformance import RetainedConformance, Stores


class MemoryDamage:
    def __init__(self, store: MemoryRetainedStore) -> None:
        self._store = store

    async def lose(self, partition: int, offset: int) -> None:
        self._store.lose(partition, offset)

    async def flush(self) -> None:
        self._store.flush()


class TestMemoryRetainedStore(RetainedConformance):
    @pytest.fixture
    def stores(self) -> Stores:
        store = MemoryRetainedStore()
        return Stores(
            store, store, MemoryDamage(store), lambda count: MemoryRetainedStore(RetainedLimits(records=count))
        )
