"""Folding in a process of its own, so that neither the event loop nor the writer of the log shares a core with it.

One request at a time. Whatever goes wrong (the process was killed, the disk is full, the file was written by another
one) is a ``RunIndexError`` for who asked, and the process is replaced at the next request; its successor goes on from
what the file says. A caller that is cancelled does not wait: the process finishes what it does and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dashstream.adapters.sqlite.fold_messages import (
    LENGTH,
    Done,
    Failed,
    Open,
    Request,
    TellPositions,
    Trim,
    answer_of,
    apply_of,
    framed,
    pairs_of,
)
from dashstream.engine.index_limits import IndexLimits
from dashstream.engine.ports import LogRecord, Metrics, Watermark
from dashstream.errors import RunIndexError
from dashstream.protocol.framing import Limits

END_TIMEOUT_S = 10.0
"""How long a process may take to finish what it does and end, before it is killed: what it did is undone then."""


class FoldProcess:
    """The one process that writes an index file. Belongs to one event loop; use :meth:`open`."""

    def __init__(self, opening: Open, metrics: Metrics) -> None:
        self._opening = opening
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._restarts = metrics.counter(
            "dashstream_index_process_restarts_total", "Times that the process that folds the run index was replaced"
        )
        self._cpu = metrics.counter(
            "dashstream_index_process_cpu_seconds_total", "CPU time of the process that folds the run index, in seconds"
        )
        self._cpu_s = 0.0
        self.version = ""

    @classmethod
    async def open(
        cls,
        path: Path,
        epoch: str,
        marks: Mapping[int, Watermark],
        limits: Limits,
        bounds: IndexLimits,
        metrics: Metrics,
    ) -> FoldProcess:
        """Start the process, which opens the index of a log, made anew if the file does not fit that log.

        Raises:
            RunIndexError: the process cannot be started, or the file cannot be opened or made.
        """
        opening = Open(str(path), epoch, pairs_of(marks), limits.max_record_bytes, bounds.cached_runs)
        fold = cls(opening, metrics)
        try:
            await fold.positions()
        except BaseException:
            await fold.close()
            raise
        fold._opening = msgspec.structs.replace(opening, marks=None)
        return fold

    async def positions(self) -> Mapping[int, int]:
        """See ``FoldStore.positions``."""
        return (await self._ask(TellPositions())).positions or {}

    async def apply(self, records: Sequence[LogRecord]) -> None:
        """See ``FoldStore.apply``."""
        await self._ask(apply_of(records))

    async def trim(self, marks: Mapping[int, Watermark]) -> None:
        """See ``FoldStore.trim``."""
        await self._ask(Trim(pairs_of(marks)))

    async def close(self) -> None:
        """Let the process finish and end; whoever still asks gets an error."""
        self._leave()
        await self._ended()

    @property
    def pid(self) -> int | None:
        """The process that folds now; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def _ask(self, request: Request) -> Done:
        async with self._turn:
            try:
                process = self._process or await self._start()
                return await self._exchange(process, request)
            except BaseException:
                self._leave()
                raise

    async def _start(self) -> asyncio.subprocess.Process:
        await self._ended()
        module = "dashstream.adapters.sqlite.fold_worker"
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise RunIndexError(f"the process that folds the index cannot be started: {error}") from error
        self._process, self._cpu_s = process, 0.0
        if self._opening.marks is None:
            self._restarts.inc()
        await self._exchange(process, self._opening)
        return process

    async def _exchange(self, process: asyncio.subprocess.Process, request: Request) -> Done:
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101  # as above
        try:
            process.stdin.write(framed(request))
            await process.stdin.drain()
            (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            answer = answer_of(await process.stdout.readexactly(size))
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            raise RunIndexError("the process that folds the index ended without an answer") from error
        if isinstance(answer, Failed):
            raise RunIndexError(answer.message)
        self.version = answer.version
        self._cpu.inc(answer.cpu_s - self._cpu_s)
        self._cpu_s = answer.cpu_s
        return answer

    def _leave(self) -> None:
        """Ask nothing more of the process."""
        if self._process is None:
            return
        task = asyncio.create_task(_end(self._process))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        self._process = None

    async def _ended(self) -> None:
        """Return when no process is left of those that nothing is asked of any more."""
        await asyncio.gather(*(asyncio.shield(task) for task in self._ending))


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
