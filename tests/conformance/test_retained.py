"""Every retained store under the one suite."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import redis

from dashstream.adapters.memory.retained import MemoryRetainedStore
from dashstream.adapters.redis.keys import partition_keys
from dashstream.adapters.redis.options import RedisOptions
from dashstream.adapters.redis.store import RedisRetainedStore
from dashstream.engine.retained import RetainedLimits
from dashstream.testing.retained_conformance import RetainedConformance, Stores
from parts.redis import RedisCluster, RedisServer, redis_clusters, redis_servers

__all__ = ["redis_clusters", "redis_servers"]

TOPIC = "telemetry"


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


class RedisDamage:
    """Done by a client of its own, on whichever node has the partition."""

    def __init__(self, servers: list[RedisServer], namespace: str) -> None:
        self._servers = servers
        self._namespace = namespace

    async def lose(self, partition: int, offset: int) -> None:
        stream = partition_keys(self._namespace, TOPIC, partition).stream
        for server in self._servers:
            with server.client as client:
                try:
                    entries = client.xrange(stream)
                except redis.exceptions.MovedError:
                    continue
                (found,) = [identifier for identifier, _ in entries if identifier.endswith(b"-%d" % offset)]
                assert client.xdel(stream, found) == 1
                return
        raise AssertionError("no node has the partition")

    async def flush(self) -> None:
        for server in self._servers:
            server.flush()


@pytest.mark.parametrize("kind", ["redis", "valkey", "redis-cluster", "valkey-cluster"])
class TestRedisRetainedStore(RetainedConformance):
    @pytest.fixture
    async def stores(
        self,
        kind: str,
        redis_servers: Callable[[str], RedisServer],
        redis_clusters: Callable[[str], RedisCluster],
    ) -> AsyncIterator[Stores]:
        name, _, clustered = kind.partition("-")
        namespace = uuid.uuid4().hex
        target = redis_clusters(name) if clustered else redis_servers(name)
        servers = target.nodes if isinstance(target, RedisCluster) else [target]
        options = RedisOptions(url=target.url, cluster=bool(clustered), namespace=namespace)
        async with AsyncExitStack() as stack:

            def opened(limits: RetainedLimits) -> RedisRetainedStore:
                store = RedisRetainedStore(options, TOPIC, limits)
                stack.push_async_callback(store.close)
                return store

            yield Stores(
                opened(RetainedLimits()),
                opened(RetainedLimits()),
                RedisDamage(servers, namespace),
                lambda count: opened(RetainedLimits(records=count)),
                overshoot=100,
            )
