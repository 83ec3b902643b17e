"""The one place that knows every adapter: settings in, a running gateway out."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from starlette.types import ASGIApp

from dashstream.adapters.audit import AuditFile
from dashstream.adapters.http.app import create_app
from dashstream.adapters.http.connection import http_protocol_class
from dashstream.adapters.http.services import HttpServices
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.adapters.system_clock import SystemClock
from dashstream.adapters.websocket.native import Lanes, library
from dashstream.adapters.websocket.registry import Connections
from dashstream.adapters.websocket.upgrade import protocol_class
from dashstream.app.auth_wiring import open_auth
from dashstream.app.data_dir import INDEX_FILE, SPOOL_DIR
from dashstream.app.duty_wiring import open_duties
from dashstream.app.facts import FactsGatherer
from dashstream.app.log_wiring import open_log
from dashstream.app.retained_wiring import open_retained
from dashstream.app.settings import Settings, is_loopback
from dashstream.app.spool_intake import SpoolIntake
from dashstream.engine.admission import Admission
from dashstream.engine.deliveries import DeliveryServices
from dashstream.engine.hub import Hub
from dashstream.engine.ingest import IngestPump
from dashstream.engine.ingest_service import IngestService
from dashstream.engine.ring import Ring
from dashstream.engine.run_index import Indexer
from dashstream.engine.run_reader import RunReader
from dashstream.engine.sends import Sends
from dashstream.engine.supervisor import Supervisor
from dashstream.errors import LogEpochChangedError
from dashstream.protocol.effects import ServerIdentity
from dashstream.protocol.framing import Limits
from dashstream.protocol.proto_codec import SCHEMA_VERSION

PAGE = Path(__file__).resolve().parent.parent / "_page"
TASKS = (
    "pump",
    "indexer",
    "sweeper",
    "retention",
    "duties",
    "dead_letters",
    "duty_report",
    "spools",
    "health",
    "retainer",
    "keys",
)
RETENTION_INTERVAL_S = 30.0


@dataclass(slots=True)
class Gateway:
    """The parts that the process drives."""

    epoch: str
    http_app: ASGIApp
    http_protocol: type[asyncio.Protocol]
    websocket_protocol: type[asyncio.Protocol]
    connections: Connections
    metrics: PrometheusMetrics
    supervisor: Supervisor

    async def drain(self, timeout_s: float) -> None:
        """Tell clients when to come back; returns when they are gone. Who is not after ``timeout_s`` seconds is
        dropped.
        """
        self.connections.drain()
        try:
            await asyncio.wait_for(self.connections.gone(), timeout_s)
        except TimeoutError:
            self.connections.abort()

    async def ended(self) -> Exception:
        """Return when the log was made anew: this gateway is over, and another one has to be built."""
        return await self.supervisor.ended()


@asynccontextmanager
async def build(
    settings: Settings, token: str, instance: str, *, earlier_epochs: Sequence[str] = ()
) -> AsyncIterator[Gateway]:
    """Open log and index, start the gateway's own tasks, and stop all of it in the reverse order.

    ``earlier_epochs``: those of the logs whose place this one took while the process ran.

    Raises:
        DashStreamError: the log or the index cannot be opened.
    """
    metrics, clock = PrometheusMetrics(), SystemClock()
    record_limits = Limits(max_record_bytes=settings.ingest.max_record_bytes)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_log(settings, metrics))
        log = opened.log
        recreations = sum(epoch != log.epoch for epoch in earlier_epochs)
        metrics.counter(
            "dashstream_log_recreated_total", "Times that the log was made anew while this process ran"
        ).inc(recreations)
        index = await SqliteRunIndex.open(settings.data_dir / INDEX_FILE, log, record_limits, settings.index, metrics)
        stack.push_async_callback(index.close)
        tier = await stack.enter_async_context(open_retained(settings, log, clock, metrics))
        own = await stack.enter_async_context(
            open_duties(
                settings,
                log,
                opened.heads,
                clock,
                metrics,
                instance,
                retainer=tier.retainer if tier else None,
                is_recreated=recreations > 0,
            )
        )
        ring = Ring(settings.ring)
        hub = Hub(ring, settings.client, metrics)
        pump = IngestPump(log, ring, hub, settings.ingest, metrics, tap=opened.tap, begin=opened.begin)
        indexer = Indexer(log, index, settings.index, metrics)
        ingest = IngestService(log, settings.ingest, clock, metrics)
        spools = SpoolIntake(settings.data_dir / SPOOL_DIR, ingest, metrics)
        supervisor = Supervisor(clock, metrics, TASKS, ends=LogEpochChangedError)
        stack.push_async_callback(supervisor.stop)
        reads = asyncio.Semaphore(settings.client.concurrent_log_reads)
        services = DeliveryServices(
            log,
            ring,
            hub,
            index,
            settings.client,
            record_limits,
            reads,
            lambda: own.duties.pauses,
            tier.reader if tier else None,
        )
        entrance, sends = open_auth(settings, token, clock, metrics), Sends(metrics)
        admission = Admission(entrance.auth, settings.admission, settings.client.max_connections, clock, metrics)
        release = version("dashstream")
        identity = ServerIdentity(release, instance, log.topic, log.epoch, SCHEMA_VERSION, log.partition_count)
        connections = Connections(
            services,
            admission,
            identity,
            max_record_bytes=record_limits.max_record_bytes,
            allowed_hosts=settings.http.allowed_hosts,
            metrics=metrics,
            sends=sends,
            lanes=Lanes(library()),
        )
        own.duties.on_pause_changed = connections.send_pauses
        pump.on_progress = partial(supervisor.note_progress, "pump")
        own.duties.on_progress = partial(supervisor.note_progress, "duties")
        facts = FactsGatherer(
            clock,
            ingest=ingest,
            own=own,
            indexer=indexer,
            supervisor=supervisor,
            connections=connections,
            keys_error=entrance.keys_error,
            disk_free=lambda: shutil.disk_usage(settings.data_dir).free,
        )

        async def retain() -> None:
            while True:
                await log.enforce_retention(clock.now_us())
                await indexer.trim()
                await own.letters_log.enforce_retention(clock.now_us())
                await asyncio.sleep(RETENTION_INTERVAL_S)

        http = HttpServices(
            admission=admission,
            audit=AuditFile(settings.data_dir, settings.audit, clock, metrics),
            log=log,
            index=index,
            reader=RunReader(log, index, record_limits),
            ingest=ingest,
            duties=own.duties,
            letters=own.letters,
            health=facts.health,
            is_ready=lambda: pump.is_started and own.duties.is_started,
            metrics=metrics.render,
            limits=settings.http,
            max_body_bytes=settings.ingest.max_batch_bytes,
            max_batch_records=settings.ingest.max_batch_records,
            max_record_bytes=record_limits.max_record_bytes,
            send_timeout_s=settings.client.send_timeout_s,
            is_remote=not is_loopback(settings.gateway.host),
            version=release,
            instance=instance,
            page=PAGE,
        )
        await pump.start()
        await own.duties.start()
        jobs = (
            pump.run,
            indexer.run,
            connections.sweep_forever,
            retain,
            own.duties.run,
            own.sender.run,
            lambda: own.report.run(settings.duties.log_interval_s),
            lambda: spools.run(settings.ingest.spool_interval_s),
            facts.watch,
        )
        for name, job in zip(TASKS, jobs, strict=False):
            supervisor.start(name, job)
        if tier:
            supervisor.start("retainer", tier.retainer.run)
        if entrance.watch:
            supervisor.start("keys", entrance.watch)
        yield Gateway(
            log.epoch,
            create_app(http),
            http_protocol_class(settings.http, settings.client.send_timeout_s, sends),
            protocol_class(connections),
            connections,
            metrics,
            supervisor,
        )
