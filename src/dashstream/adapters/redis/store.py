"""The retained tier on Redis or Valkey Streams, standalone or a cluster: one round trip per operation.

Every call ends within its timeouts, whatever the store does, and says ``RetainedError`` if it did not work. What a
write that timed out has done is not known; writing it again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from dashstream.adapters.redis import scripts
from dashstream.adapters.redis.client import open_client
from dashstream.adapters.redis.keys import PartitionKeys, partition_keys
from dashstream.adapters.redis.options import RedisOptions
from dashstream.adapters.redis.reading import Layout, stretch_of
from dashstream.adapters.redis.scripts import Script
from dashstream.engine.retained import Claim, Held, RetainedLimits, Run, Stretch, record_bytes
from dashstream.errors import RetainedError, RetainedFencedError

CLAIM_ATTEMPTS = 10
READ_ATTEMPTS = 5
LONGEST_PAGE = 500
"""Most entries asked for at once: how large they are is not known before, so this and their bound limit a page."""


class RedisRetainedStore:
    """The ``RetainedStore`` port on streams with ids ``<generation>-<offset>``."""

    def __init__(self, options: RedisOptions, topic: str, limits: RetainedLimits) -> None:
        """Prepare a store for one topic; connects when it is first used.

        Raises:
            SettingsError: a setting has a value that it cannot have.
        """
        self._client = open_client(options)
        self._options = options
        self._topic = topic
        self._limits = limits
        self._calls = asyncio.Semaphore(options.max_connections)
        self._layouts: dict[int, Layout] = {}
        self._averages: dict[int, int] = {}
        self._ttl_ms = int(limits.age_s * 1_000)

    async def claim(self, partition: int, epoch: str, now_us: int) -> Claim:
        """See ``RetainedStore.claim``."""
        keys = self._keys(partition)
        generation = max(now_us, 1)
        for _ in range(CLAIM_ATTEMPTS):
            answer = await self._run(scripts.CLAIM, keys, generation, epoch, keys.name, self._ttl_ms)
            match answer:
                case [b"claimed"]:
                    return Claim(partition, epoch, generation)
                case [b"older", known]:
                    generation = int(known) + 1
                case _:
                    raise RetainedError(f"partition {partition}: its keys belong to another topic or namespace")
        raise RetainedError(f"partition {partition}: claimed by others {CLAIM_ATTEMPTS} times meanwhile")

    async def write(self, claim: Claim, run: Run) -> Held:
        """See ``RetainedStore.write``."""
        keys = self._keys(claim.partition)
        arguments: list[bytes | int] = [claim.generation, run.start, run.end, self._limits.records, self._ttl_ms]
        since = run.start
        for record in run.records:
            value = record.value
            arguments += (
                record.offset,
                record.offset - since,
                record.timestamp_us,
                record.key,
                int(value is not None),
                value or b"",
            )
            since = record.offset + 1
        return self._held(claim, await self._run(scripts.WRITE, keys, *arguments))

    async def read(
        self, partition: int, epoch: str, offset: int, *, max_records: int, max_bytes: int
    ) -> Stretch | None:
        """See ``RetainedStore.read``."""
        keys = self._keys(partition)
        count = max(1, min(max_records, LONGEST_PAGE, max_bytes // self._averages.get(partition, 1)))
        for _ in range(READ_ATTEMPTS):
            known = self._layouts.get(partition, Layout())
            entries, seen = await self._fetch(keys, known.first_id(offset), count if known.epoch else 1)
            if seen == known:
                break
            self._layouts[partition] = seen
        else:
            raise RetainedError(f"partition {partition}: claimed by others {READ_ATTEMPTS} times meanwhile")
        if known.epoch != epoch.encode():
            return None
        found = stretch_of(partition, offset, entries, max_bytes)
        if found is not None:
            self._averages[partition] = 1 + sum(map(record_bytes, found.records)) // len(found.records)
        return found

    async def trim(self, claim: Claim, oldest_us: int) -> Held:
        """See ``RetainedStore.trim``."""
        while True:
            answer = await self._run(
                scripts.TRIM, self._keys(claim.partition), claim.generation, max(oldest_us, 0), self._ttl_ms
            )
            held = self._held(claim, answer)
            if not answer[5]:
                return held

    async def meta(self, partition: int) -> Held | None:
        """See ``RetainedStore.meta``."""
        answer = await self._run(scripts.META, self._keys(partition))
        return _held(answer) if answer else None

    async def close(self) -> None:
        """See ``RetainedStore.close``."""
        await self._client.aclose()

    def _keys(self, partition: int) -> PartitionKeys:
        return partition_keys(self._options.namespace, self._topic, partition)

    def _held(self, claim: Claim, answer: list[Any]) -> Held:
        if len(answer) == 1:
            newest = None if answer[0] is None else int(answer[0])
            raise RetainedFencedError(partition=claim.partition, generation=claim.generation, newest=newest)
        return _held(answer)

    async def _fetch(self, keys: PartitionKeys, start: bytes, count: int) -> tuple[list[Any], Layout]:
        """Return entries from an id on, and what the meta hash says after they were read."""
        async with self._answering():
            pipe = self._client.pipeline(transaction=False)
            pipe.execute_command("XRANGE", keys.stream, start, "+", "COUNT", count)
            pipe.execute_command("HMGET", keys.meta, "epoch", "segments")
            entries, told = await pipe.execute()
        return entries, Layout(*told)

    async def _run(self, script: Script, keys: PartitionKeys, *arguments: bytes | str | int) -> list[Any]:
        """Run a script by its digest, by its text if the store does not know it (any more)."""
        given = (2, keys.stream, keys.meta, *arguments)
        async with self._answering():
            try:
                answer = await self._client.execute_command("EVALSHA", script.digest, *given)
            except NoScriptError:
                answer = await self._client.execute_command("EVAL", script.text, *given)
        return list(answer)

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """Bound what is asked inside in number and time, and name its failure."""
        try:
            async with asyncio.timeout(self._options.connect_timeout_s + self._options.timeout_s), self._calls:
                yield
        except (RedisError, OSError, TimeoutError) as error:
            raise RetainedError(f"the store does not answer as it should: {error or type(error).__name__}") from error


def _held(answer: list[Any]) -> Held:
    epoch, generation, low, high, holes = answer[:5]
    return Held(epoch.decode(), int(generation), int(low), int(high), int(holes))
