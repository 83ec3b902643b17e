"""The retained tier of a gateway, where a store is configured: its writer and its reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dashstream.app.settings import Settings
from dashstream.engine.ports import Clock, Log, Metrics
from dashstream.engine.retained import RetainedReader
from dashstream.engine.retainer import Retainer
from dashstream.errors import GatewayStartError


@dataclass(frozen=True, slots=True)
class RetainedTier:
    """Both sides of the tier."""

    retainer: Retainer
    reader: RetainedReader


@asynccontextmanager
async def open_retained(
    settings: Settings, log: Log, clock: Clock, metrics: Metrics
) -> AsyncIterator[RetainedTier | None]:
    """Open the tier, or yield None where no store is configured. The store may be absent now and come later.

    Raises:
        GatewayStartError: a store is wanted and its client is not installed.
        SettingsError: the address of the store is wrong.
    """
    if not settings.redis.url:
        yield None
        return
    try:
        from dashstream.adapters.redis.store import RedisRetainedStore
    except ImportError as error:
        raise GatewayStartError("the retained tier needs Redis' client: pip install 'dashstream[redis]'") from error
    store = RedisRetainedStore(settings.redis, log.topic, settings.retained)
    try:
        yield RetainedTier(
            Retainer(store, log.epoch, settings.retained, clock, metrics),
            RetainedReader(store, log.epoch, settings.retained, clock, metrics),
        )
    finally:
        await store.close()
