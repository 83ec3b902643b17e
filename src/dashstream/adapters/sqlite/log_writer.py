"""The one thread that writes the embedded log.

Law 1: batches that wait together are committed together (one fsync), up to ``commit_bytes``.
Law 2: a batch is answered after its commit, and in the order of arrival.
Law 3: a commit that fails writes nothing. If it held several batches they are tried again one by one, so that
one batch's trouble is its own.
Law 4: after an error other than a full disk the connection is opened anew.
Law 5: what a commit wrote and all answers to it are handed over in one call. Each wakes the event loop, and whoever is
woken wants Python's lock.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from dashstream.adapters.sqlite import log_store as store
from dashstream.adapters.sqlite.log_append import Appender
from dashstream.adapters.sqlite.log_tail import Piece
from dashstream.engine.limits import LogLimits
from dashstream.engine.ports import Appended, NewRecord
from dashstream.errors import LogError, LogFullError

_value_of = attrgetter("value")


Outcome = tuple[asyncio.Future[list[Appended]], list[Appended] | LogError]
"""What becomes of the answer to a batch; only its event loop may touch it."""


@dataclass(slots=True)
class _Append:
    records: Sequence[NewRecord]
    size: int
    answer: asyncio.Future[list[Appended]]


@dataclass(slots=True)
class _Retain:
    now_us: int
    removed: int = 0
    answer: Future[int] = field(default_factory=Future)


@dataclass(slots=True)
class _Stop:
    pass


@dataclass(frozen=True, slots=True)
class _Connected:
    connection: sqlite3.Connection
    appender: Appender


class LogWriter:
    """Commits batches on its own thread.

    ``on_settled`` is called there with what was written, by partition, and with the batches that this answers.
    """

    def __init__(
        self,
        path: Path,
        limits: LogLimits,
        partition_count: int,
        on_settled: Callable[[Mapping[int, Piece], Sequence[Outcome]], None],
    ) -> None:
        self._path = path
        self._limits = limits
        self._partition_count = partition_count
        self._on_settled = on_settled
        self._jobs: queue.SimpleQueue[_Append | _Retain | _Stop] = queue.SimpleQueue()
        self._open: _Connected | None = None
        self._thread = threading.Thread(target=self._run, name="dashstream-log-writer", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[NewRecord], answer: asyncio.Future[list[Appended]]) -> None:
        """Hand over a batch; the answer comes after its commit. One that is cancelled before is not written."""
        self._jobs.put(_Append(records, sum(map(len, map(_value_of, records))), answer))

    def retain(self, now_us: int) -> Future[int]:
        """Remove what retention does not keep, a little at a time between batches."""
        job = _Retain(now_us)
        self._jobs.put(job)
        return job.answer

    def stop(self) -> None:
        """Commit what was handed over, then end the thread; blocks until it has ended."""
        self._jobs.put(_Stop())
        self._thread.join()

    def _run(self) -> None:
        waiting: _Append | _Retain | _Stop | None = None
        while True:
            job = waiting if waiting is not None else self._jobs.get()
            waiting = None
            if isinstance(job, _Append):
                group, waiting = self._group(job)
                self._commit([job for job in group if not job.answer.cancelled()])
            elif isinstance(job, _Retain):
                self._retain_step(job)
            else:
                break
        self._finish_rest()
        self._disconnect()

    def _group(self, first: _Append) -> tuple[list[_Append], _Append | _Retain | _Stop | None]:
        group, size = [first], first.size
        while size < self._limits.commit_bytes:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if not isinstance(job, _Append):
                return group, job
            group.append(job)
            size += job.size
        return group, None

    def _commit(self, group: list[_Append]) -> None:
        if not group:
            return
        try:
            answers, written = self._connected().appender.append([job.records for job in group])
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the batches' answer
            if len(group) > 1:
                for job in group:
                    self._commit([job])
                return
            self._on_settled({}, [(group[0].answer, self._failed(error))])
            return
        self._on_settled(written, [(job.answer, answer) for job, answer in zip(group, answers, strict=True)])

    def _retain_step(self, job: _Retain) -> None:
        if not job.answer.running() and not job.answer.set_running_or_notify_cancel():
            return
        age_us = int(self._limits.retention_age_s * 1e6)
        try:
            connected = self._connected()
            connected.appender.forget()
            removed = store.remove_old(
                connected.connection,
                older_than_us=job.now_us - age_us if age_us else None,
                max_bytes=self._limits.retention_bytes,
            )
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's answer
            job.answer.set_exception(self._failed(error))
            return
        job.removed += removed
        if removed:
            self._jobs.put(job)
        else:
            job.answer.set_result(job.removed)

    def _failed(self, error: Exception) -> LogError:
        """Return the log's error for another one, with no connection left that may be at fault."""
        if not isinstance(error, LogFullError):
            self._disconnect()
        return error if isinstance(error, LogError) else LogError(repr(error))

    def _finish_rest(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if isinstance(job, _Append):
                if not job.answer.cancelled():
                    self._commit([job])
            elif isinstance(job, _Retain) and (job.answer.running() or job.answer.set_running_or_notify_cancel()):
                job.answer.set_result(job.removed)

    def _connected(self) -> _Connected:
        if self._open is None:
            connection = store.connect(self._path, read_only=False, busy_timeout_s=self._limits.busy_timeout_s)
            self._open = _Connected(connection, Appender(connection, self._partition_count))
        return self._open

    def _disconnect(self) -> None:
        if self._open is not None:
            self._open.connection.close()
            self._open = None
