"""Which log a gateway works on: the embedded one in its data directory, or a topic of a Kafka that a fleet shares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import LOG_FILE, naming
from dashstream.app.settings import Settings
from dashstream.engine.head_finder import HeadSource, LogHeads
from dashstream.engine.ports import Log, LogRecord, Metrics
from dashstream.engine.reading import Dedupe
from dashstream.errors import GatewayStartError


@dataclass(frozen=True, slots=True)
class OpenLog:
    """The log, and what is special about its kind."""

    log: Log
    heads: HeadSource
    """Who tells session heads."""
    begin: Mapping[int, int] | None = None
    """Where live delivery begins, so that a log that hangs now cannot hold it up; None: the log is asked."""
    tap: Callable[[Sequence[LogRecord]], None] | None = None
    """What has to see each record that the pump moves."""


@asynccontextmanager
async def open_log(settings: Settings, metrics: Metrics) -> AsyncIterator[OpenLog]:
    """Open the log that the settings name; it is closed at the end.

    Raises:
        GatewayStartError: Kafka is wanted and its client is not installed.
        DashStreamError: the log cannot be opened.
    """
    if not settings.is_fleet:
        path = settings.data_dir / LOG_FILE
        with naming(path):
            solo = await asyncio.to_thread(SqliteLog.open, path, settings.log, metrics=metrics)
        try:
            yield OpenLog(solo, LogHeads(solo))
        finally:
            await solo.close()
        return
    try:
        from dashstream.adapters.kafka.log import KafkaLog
    except ImportError as error:
        raise GatewayStartError("a fleet's log needs Kafka's client: pip install 'dashstream[kafka]'") from error
    fleet = await KafkaLog.open(settings.kafka, metrics)
    try:
        yield OpenLog(
            fleet,
            fleet.heads(budget_s=settings.duties.heads_budget_s),
            begin=fleet.followed_from,
            tap=lambda records: _remember(fleet.remember, records),
        )
    finally:
        await fleet.close()


def _remember(remember: Callable[[Dedupe], None], records: Sequence[LogRecord]) -> None:
    """Show the log which records other gateways have written, so that a repeat that comes here is known as one."""
    for record in records:
        if record.reading is not None and (dedupe := record.reading.dedupe) is not None:
            remember(dedupe)
