"""The retained tier on real servers: hostile names, TLS and ACL, damage, stalls, absence."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from dashstream.adapters.redis.keys import partition_keys
from dashstream.adapters.redis.options import RedisOptions
from dashstream.adapters.redis.store import RedisRetainedStore
from dashstream.engine.ports import LogRecord
from dashstream.engine.retained import RetainedLimits, Run, Stretch
from dashstream.errors import RetainedError, RetainedFencedError
from dashstream.testing.retained_conformance import EPOCH, HOSTILE_IDS, P, offsets_of, run
from parts.redis import (
    ACL_PASSWORD,
    ACL_USER,
    Certificates,
    RedisCluster,
    RedisServer,
    certificates,
    make_server,
    redis_clusters,
    redis_servers,
    secured,
)

__all__ = ["certificates", "make_server", "redis_clusters", "redis_servers"]

TOPIC = "telemetry"
KINDS = ("redis", "valkey")
SAFE_KEY = re.compile(rb"ds1:\{[bh][A-Za-z0-9_-]{0,64}\.[bh][A-Za-z0-9_-]{0,64}\.\d{1,10}\}:(stream|meta)")
Open = Callable[..., RedisRetainedStore]


@pytest.fixture
async def open_store() -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        def opened(options: RedisOptions, topic: str = TOPIC, **limits: float) -> RedisRetainedStore:
            store = RedisRetainedStore(options, topic, RetainedLimits(**limits))
            stack.push_async_callback(store.close)
            return store

        yield opened


def options_for(server: RedisServer | RedisCluster, **given: object) -> RedisOptions:
    cluster = isinstance(server, RedisCluster)
    return RedisOptions(**{"url": server.url, "cluster": cluster, "namespace": uuid.uuid4().hex, **given})


async def write(store: RedisRetainedStore, what: Run, partition: int = P) -> None:
    await store.write(await store.claim(partition, EPOCH, 1), what)


async def read(store: RedisRetainedStore, offset: int = 0) -> Stretch | None:
    return await store.read(P, EPOCH, offset, max_records=1_000, max_bytes=1 << 30)


@pytest.mark.parametrize("kind", ["redis", "valkey", "redis-cluster", "valkey-cluster"])
async def test_hostile_names_share_no_key_and_enter_none(
    kind: str,
    redis_servers: Callable[[str], RedisServer],
    redis_clusters: Callable[[str], RedisCluster],
    open_store: Open,
) -> None:
    name, _, clustered = kind.partition("-")
    server = redis_clusters(name) if clustered else redis_servers(name)
    server.flush()
    names = [identifier.decode() for identifier in HOSTILE_IDS]
    records = {name: LogRecord(P, index, 1, name.encode(), b"of %d" % index) for index, name in enumerate(names)}
    places = [("topic", name) for name in names] + [("namespace", name) for name in names]
    options = {
        (what, name): options_for(server, namespace=name if what == "namespace" else "here") for what, name in places
    }
    for what, name in places:
        store = open_store(options[what, name], name if what == "topic" else "there")
        await write(store, Run(records[name].offset, (records[name],)))
    keys = [key for node in getattr(server, "nodes", [server]) for key in all_keys(node)]
    assert len(keys) == len(set(keys)) == 2 * len(places)
    assert all(SAFE_KEY.fullmatch(key) for key in keys)
    for what, name in places:
        again = open_store(options[what, name], name if what == "topic" else "there")
        found = await read(again)
        assert found is not None
        assert found.records == (records[name],)


def all_keys(server: RedisServer) -> list[bytes]:
    with server.client as client:
        return list(client.scan_iter())


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_of_a_partition_are_in_one_slot_and_partitions_are_spread(
    kind: str, redis_clusters: Callable[[str], RedisCluster], open_store: Open
) -> None:
    cluster = redis_clusters(kind)
    cluster.flush()
    store = open_store(options_for(cluster))
    for partition in range(12):
        await write(store, Run(0, (LogRecord(partition, 0, 1, b"k", b"v"),)), partition)
    tags = [{key.split(b":")[1] for key in all_keys(node)} for node in cluster.nodes]
    assert all(tags)
    assert sum(map(len, tags)) == len(set.union(*tags)) == 12


@pytest.mark.parametrize("kind", KINDS)
async def test_a_user_that_may_do_only_what_is_needed_over_tls_too(
    kind: str, make_server: Callable[..., RedisServer], certificates: Certificates, open_store: Open
) -> None:
    tls = kind == "redis"  # the Valkey of the tests is built without it
    server = make_server(kind, **secured(certificates if tls else None))
    server.start()
    given = {"ca_file": certificates.ca if tls else None, "username": ACL_USER, "password": ACL_PASSWORD}
    store = open_store(options_for(server, **given))
    owner = await store.claim(P, EPOCH, 1)
    await store.write(owner, run(range(10)))
    await store.trim(owner, 1)
    assert offsets_of(await read(store)) == list(range(10))
    assert (await store.meta(P)) == await store.write(owner, run(range(10)))
    wrongs = [{"password": "wrong-password"}, {"username": None}, *([{"ca_file": None}] if tls else [])]
    for wrong in wrongs:
        refused = open_store(options_for(server, **{**given, **wrong}))
        with pytest.raises(RetainedError) as caught:
            await read(refused)
        assert ACL_PASSWORD not in str(caught.value)
        assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_that_stalls_costs_its_timeout_and_heals(
    kind: str, make_server: Callable[..., RedisServer], open_store: Open
) -> None:
    server = make_server(kind)
    server.start()
    store = open_store(options_for(server, timeout_s=0.2, connect_timeout_s=0.2))
    owner = await store.claim(P, EPOCH, 1)
    await store.write(owner, run(range(10)))
    server.stall()
    for attempt in (read(store), store.write(owner, run(range(10, 20))), store.meta(P), store.claim(9, EPOCH, 1)):
        async with asyncio.timeout(5):
            with pytest.raises(RetainedError):
                await attempt
    server.resume()
    # What came of the write is not known; doing it again is right in either case.
    await store.write(owner, run(range(10, 20)))
    assert await read(store) == Stretch(0, 20, run(range(20)).records)


@pytest.mark.parametrize("kind", KINDS)
async def test_absent_at_first_and_restarted_later(
    kind: str, make_server: Callable[..., RedisServer], open_store: Open
) -> None:
    server = make_server(kind)
    store = open_store(options_for(server))
    with pytest.raises(RetainedError):
        await store.claim(P, EPOCH, 1)
    server.start()
    owner = await store.claim(P, EPOCH, 1)
    await store.write(owner, run(range(5)))
    server.restart()
    with pytest.raises(RetainedError):
        await write_twice(store, run(range(5, 9)), owner)
    await write(store, run(range(9, 12)))
    assert await read(store) == Stretch(9, 12, run(range(9, 12)).records)


async def write_twice(store: RedisRetainedStore, what: Run, owner: object) -> None:
    """The first attempt may only notice that the connection is gone."""
    try:
        await store.write(owner, what)
    except RetainedFencedError:
        raise
    except RetainedError:
        await store.write(owner, what)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_longer_written_expires_as_a_whole(
    kind: str, redis_servers: Callable[[str], RedisServer], open_store: Open
) -> None:
    server = redis_servers(kind)
    options = options_for(server)
    keys = partition_keys(options.namespace, TOPIC, P)
    await write(open_store(options, age_s=90), run(range(5)))
    with server.client as client:
        assert {client.ttl(keys.stream), client.ttl(keys.meta)} <= {89, 90}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_that_was_evicted_alone_misleads_nobody(
    kind: str, redis_servers: Callable[[str], RedisServer], open_store: Open
) -> None:
    server = redis_servers(kind)
    options = options_for(server)
    keys = partition_keys(options.namespace, TOPIC, P)
    store = open_store(options)
    owner = await store.claim(P, EPOCH, 1)
    await store.write(owner, run(range(10)))
    with server.client as client:
        assert client.delete(keys.stream) == 1
    assert await read(store) is None
    held = await store.meta(P)
    assert held is not None
    assert held.low == held.high == 10
    await store.write(owner, run(range(10, 20)))
    assert await read(store) == Stretch(10, 20, run(range(10, 20)).records)
    with server.client as client:
        assert client.delete(keys.meta) == 1
    assert await read(store) is None
    with pytest.raises(RetainedFencedError):
        await store.write(owner, run(range(20, 30)))
    await write(store, run(range(20, 30)))
    assert await read(store) == Stretch(20, 30, run(range(20, 30)).records)


@pytest.mark.parametrize("kind", KINDS)
async def test_entries_of_another_form_are_holes(
    kind: str, redis_servers: Callable[[str], RedisServer], open_store: Open
) -> None:
    server = redis_servers(kind)
    options = options_for(server)
    store = open_store(options)
    owner = await store.claim(P, EPOCH, 1)
    await store.write(owner, run(range(5)))
    with server.client as client:
        client.xadd(partition_keys(options.namespace, TOPIC, P).stream, {"payload": "x"}, id=f"{owner.generation}-5")
    await store.write(owner, run(range(6, 9)))
    assert await read(store) == Stretch(0, 5, run(range(5)).records)
    assert await read(store, 5) == Stretch(6, 9, run(range(6, 9)).records)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_names_with_one_digest_would_be_told_apart(
    kind: str, redis_servers: Callable[[str], RedisServer], open_store: Open
) -> None:
    server = redis_servers(kind)
    options = options_for(server)
    store = open_store(options)
    await write(store, run(range(5)))
    with server.client as client:
        client.hset(partition_keys(options.namespace, TOPIC, P).meta, "name", "another")
    with pytest.raises(RetainedError, match="another topic"):
        await store.claim(P, EPOCH, 1)


@pytest.mark.parametrize("kind", [*KINDS, "valkey-cluster"])
async def test_a_cancelled_call_is_cancelled_wherever_it_is(
    kind: str,
    redis_servers: Callable[[str], RedisServer],
    redis_clusters: Callable[[str], RedisCluster],
    open_store: Open,
) -> None:
    name, _, clustered = kind.partition("-")
    store = open_store(options_for(redis_clusters(name) if clustered else redis_servers(name)))
    await write(store, run(range(100)))
    cancelled = 0
    for steps in range(40):
        call = asyncio.create_task(read(store))
        for _ in range(steps):
            await asyncio.sleep(0)
        if call.cancel():
            with pytest.raises(asyncio.CancelledError):
                await call
            cancelled += 1
    assert cancelled > 3
    assert offsets_of(await read(store)) == list(range(100))
