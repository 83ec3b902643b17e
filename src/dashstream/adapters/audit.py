"""The audit log: operators' acts as JSON lines in a file of their own, and in the gateway's log.

The file is open to its owner only and bounded: above its size it becomes the first of a few older ones, and the oldest
goes. What cannot be written is counted and told in the gateway's log; the act itself goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from dashstream.engine.audit import Act
from dashstream.engine.ports import Clock, Metrics
from dashstream.options import option

AUDIT_FILE = "audit.jsonl"
MAX_TEXT = 256
OUTCOMES = ("written", "failed")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """Section AUDIT: how much of operators' acts is kept."""

    max_bytes: int = option(8 << 20, "size above which a new file is begun", unit="bytes", low=1_024)
    older_files: int = option(3, "older files that are kept", unit="count", low=0)


class AuditFile:
    """Acts in ``audit.jsonl`` of a directory. Implements the ``Audit`` port."""

    def __init__(self, folder: Path, limits: AuditLimits, clock: Clock, metrics: Metrics) -> None:
        self._path = folder / AUDIT_FILE
        self._limits = limits
        self._clock = clock
        self._records = metrics.counter(
            "dashstream_audit_records_total", "Acts of operators, by whether they could be kept", {"outcome": OUTCOMES}
        )

    def note(self, act: Act) -> None:
        """Keep one; never raises."""
        fields = asdict(act)
        fields["target"] = {name: value[:MAX_TEXT] for name, value in act.target.items()}
        _log.info("operator act", **fields)
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).isoformat(timespec="milliseconds")
        try:
            self._append(json.dumps({"time": now, **fields}) + "\n")
        except OSError as error:
            self._records.inc(outcome="failed")
            _log.error("audit cannot be written", path=str(self._path), error=error.strerror)
        else:
            self._records.inc(outcome="written")

    def _append(self, line: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_size + len(line) > self._limits.max_bytes:
                self._shift()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(line)

    def _shift(self) -> None:
        """Make the file the first of the older ones; the last of them goes."""
        if not self._limits.older_files:
            self._path.unlink()
            return
        for number in range(self._limits.older_files, 1, -1):
            with contextlib.suppress(FileNotFoundError):
                self._older(number - 1).replace(self._older(number))
        self._path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{AUDIT_FILE}.{number}")
