"""Gathers what health judges: totals of the parts turned into counts of the recent window, and the state now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashstream.adapters.websocket.registry import Connections
from dashstream.app.duty_wiring import DutyStack
from dashstream.engine.health import BUCKET_S, Facts, Health, RisingTotal, judge
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.outcomes import NULL, Age
from dashstream.engine.patient_question import PatientQuestion
from dashstream.engine.ports import Clock
from dashstream.engine.run_index import Indexer
from dashstream.engine.supervisor import Supervisor
from dashstream.errors import LogError

LOG_PATIENCE_S = 1.0
"""A log that has not answered by then is said to hang: what asks for health gives up later than that."""


class FactsGatherer:
    """Asks the parts and judges. ``watch`` keeps the recent windows true while nobody asks."""

    def __init__(
        self,
        clock: Clock,
        *,
        ingest: IngestService,
        own: DutyStack,
        indexer: Indexer,
        supervisor: Supervisor,
        connections: Connections,
        keys_error: Callable[[], str | None],
        disk_free: Callable[[], int],
    ) -> None:
        self._clock = clock
        self._indexer = indexer
        self._lag = PatientQuestion(indexer.lag, LOG_PATIENCE_S)
        self._supervisor = supervisor
        self._connections = connections
        self._retainer = own.retainer
        self._keys_error = keys_error
        self._disk_free = disk_free
        self._risings: list[RisingTotal] = []
        self._accepted = self._rising(lambda: ingest.totals["accepted"])
        self._rejected = self._rising(lambda: ingest.totals["rejected"])
        self._overloaded = self._rising(lambda: ingest.overloaded)
        sends = self._sends = connections.sends
        self._sends_failed = self._rising(lambda: sum(sends.failed.values()))
        self._sends_timed_out = self._rising(lambda: sum(sends.timed_out.values()))
        self._duties = own.duties
        self._sender = own.sender
        numbers = own.duties.numbers
        self._new = self._rising(lambda: numbers.new_records)
        self._failed = self._rising(lambda: numbers.new_failures)
        self._missing = self._rising(lambda: numbers.failures[Age.NEW, NULL])
        self._lost = self._rising(lambda: own.sender.totals["lost"])

    def _rising(self, total: Callable[[], int]) -> RisingTotal:
        self._risings.append(rising := RisingTotal(total))
        return rising

    def look(self) -> None:
        """Note what has risen, so that it counts at about the time at which it did, whenever somebody asks."""
        now = self._clock.monotonic()
        for rising in self._risings:
            rising.recent(now)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(BUCKET_S)
            self.look()

    async def health(self) -> Health:
        """Return the verdict as of now, soon also while the log hangs."""
        log_error: str | None = None
        index_lag: int | None = None
        try:
            index_lag = await self._lag.answer()
        except LogError as error:
            log_error = str(error)
        except TimeoutError:
            log_error = f"the log has not answered within {LOG_PATIENCE_S:.0f} s"
        failing = {failure.name: failure.error for failure in self._supervisor.failures}
        now = self._clock.monotonic()
        return judge(
            Facts(
                log_error=log_error,
                log_reachable=log_error is None,
                pump_running="pump" not in failing,
                index_error=self._indexer.error or failing.get("indexer"),
                index_lag=index_lag,
                keys_error=self._keys_error(),
                disk_free_bytes=self._free(),
                records_accepted=self._accepted.recent(now),
                records_rejected=self._rejected.recent(now),
                new_records=self._new.recent(now),
                new_failures=self._failed.recent(now),
                payloads_missing=self._missing.recent(now),
                requests_overloaded=self._overloaded.recent(now),
                clients=len(self._connections),
                slow_clients=self._connections.slow,
                apply_lag_s=self._connections.apply_lag_s,
                sends_failed={path.value: count for path, count in self._sends.failed.items()},
                sends_failed_recently=self._sends_failed.recent(now),
                sends_timed_out={path.value: count for path, count in self._sends.timed_out.items()},
                sends_timed_out_recently=self._sends_timed_out.recent(now),
                duties_error=failing.get("duties") or failing.get("dead_letters"),
                heads_unresolved=self._duties.heads_unresolved,
                partitions_paused=tuple(str(pause) for pause in self._duties.pauses),
                dead_letters_error=self._sender.error,
                dead_letters_lost=self._lost.recent(now),
                dead_letters_written=self._sender.totals["written"],
                dead_letters_waiting=self._sender.waiting,
                commit_error=self._duties.commit_error,
                retained_failing=None if self._retainer is None else self._retainer.is_degraded,
            )
        )

    def _free(self) -> int | None:
        try:
            return self._disk_free()
        except OSError:
            return None
