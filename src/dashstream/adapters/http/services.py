"""What the HTTP routes need from the rest of the gateway, as one value that wiring fills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dashstream.adapters.http.limits import HttpLimits
from dashstream.engine.admission import Admission
from dashstream.engine.audit import Audit
from dashstream.engine.dead_letters import DeadLetters
from dashstream.engine.duties import Duties
from dashstream.engine.health import Health
from dashstream.engine.ingest_service import IngestResult
from dashstream.engine.ports import Log
from dashstream.engine.run_index import RunIndex
from dashstream.engine.run_reader import RunReader


class Ingest(Protocol):
    """Makes records durable."""

    async def submit(self, values: Sequence[bytes], tenants: frozenset[str] | None = None) -> IngestResult: ...


@dataclass(frozen=True, slots=True)
class HttpServices:
    """Everything behind the routes."""

    admission: Admission
    audit: Audit
    log: Log
    index: RunIndex
    reader: RunReader
    ingest: Ingest
    duties: Duties
    letters: DeadLetters
    health: Callable[[], Awaitable[Health]]
    is_ready: Callable[[], bool]
    metrics: Callable[[], bytes]
    limits: HttpLimits
    max_body_bytes: int
    max_batch_records: int
    max_record_bytes: int
    send_timeout_s: float
    is_remote: bool
    version: str
    instance: str
    page: Path
