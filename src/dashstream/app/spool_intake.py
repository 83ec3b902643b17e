"""Takes in what programs spooled and could not forward before they ended.

A program that ends while its gateway is away leaves its records on disk. The next observed program forwards them; where
there is none, the gateway itself does, for spools below its own data directory. Order and de-duplication are those of
``POST /v1/records``: values go through the same ``IngestService``, and are removed once they are durable. A spool whose
program lives is locked and passed over.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from dashstream.adapters.spool import SpoolDirectory, adopt_orphans
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.ports import Metrics

BATCH_BYTES = 1 << 20

_log = structlog.get_logger(__name__)


class SpoolIntake:
    """Forwards orphaned spools below one folder."""

    def __init__(self, folder: Path, ingest: IngestService, metrics: Metrics) -> None:
        self._folder = folder
        self._ingest = ingest
        self._taken = metrics.counter(
            "dashstream_records_unspooled_total", "Records taken in from spools of programs that are gone"
        )

    async def run(self, interval_s: float) -> None:
        """Look for spools every ``interval_s`` seconds until cancelled; 0 looks never.

        Raises:
            OverloadedError: too much is waiting for the disk; what was not taken stays spooled.
            LogError: the log takes nothing; likewise.
            OSError: a spool cannot be read or removed.
        """
        while interval_s > 0:
            await self.take_all()
            await asyncio.sleep(interval_s)
        await asyncio.Event().wait()

    async def take_all(self) -> int:
        """Take in every spool whose program is gone; return how many records."""
        taken = 0
        orphans = adopt_orphans(self._folder)
        while (spool := await asyncio.to_thread(next, orphans, None)) is not None:
            try:
                taken += await self._take(spool)
            finally:
                await asyncio.to_thread(spool.close)
        return taken

    async def _take(self, spool: SpoolDirectory) -> int:
        taken = 0
        while values := await asyncio.to_thread(spool.read, BATCH_BYTES):
            result = await self._ingest.submit(values)
            if result.rejected:
                _log.warning("spooled records refused", count=len(result.rejected), first=result.rejected[0][1])
            self._taken.inc(len(values))
            taken += len(values)
            await asyncio.to_thread(spool.advance)
        if spool.torn_bytes:
            _log.warning("a spool ended in the middle of a record", bytes=spool.torn_bytes)
        return taken
