"""Keeps the gateway's own tasks running: what fails is logged, counted and started again, with backoff.

A supervised task never ends silently: it returns (it is done), it is cancelled (we stop), or it raises and is
restarted. Which tasks are failing now, and why, is there to be read by health; a task that says that it got on, or that
has run for a while since its last failure, is not failing any more. One kind of error may be named that no restart can
mend: the first of it ends what the supervisor stands for, and is there to be waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from dashstream.engine.backoff import Backoff, BackoffLimits
from dashstream.engine.ports import Clock, Counter, Metrics

_log = structlog.get_logger(__name__)

HEALTHY_AFTER_S = 10.0
"""A task that runs this long is healthy again, and its next failure is a first one."""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """The last failure of a task that has not recovered since."""

    name: str
    error: str
    at_us: int
    attempts: int


class Supervisor:
    """Owns a set of tasks by name."""

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        names: tuple[str, ...],
        limits: BackoffLimits | None = None,
        *,
        ends: type[Exception] | None = None,
    ) -> None:
        self._clock = clock
        self._limits = limits or BackoffLimits()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, TaskFailure] = {}
        self._running_since: dict[str, float] = {}
        self._ends = ends
        self._ended: Exception | None = None
        self._end = asyncio.Event()
        self._restarts: Counter = metrics.counter(
            "dashstream_tasks_restarted_total", "Own tasks that failed and were started again", {"task": names}
        )

    @property
    def failures(self) -> list[TaskFailure]:
        """Tasks that are failing now."""
        now = self._clock.monotonic()
        for name, since in self._running_since.items():
            if now - since >= HEALTHY_AFTER_S:
                self._failures.pop(name, None)
        return list(self._failures.values())

    async def ended(self) -> Exception:
        """Return the first error of the kind that no restart can mend, once there is one."""
        await self._end.wait()
        assert self._ended is not None  # noqa: S101  # set before the event
        return self._ended

    def note_progress(self, name: str) -> None:
        """A task got on with its work: whatever made it fail is over."""
        self._failures.pop(name, None)

    def start(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job until it returns or ``stop`` is called."""
        self._tasks[name] = asyncio.get_running_loop().create_task(self._run(name, job), name=f"dashstream-{name}")

    async def stop(self) -> None:
        """Cancel all jobs and wait for their end."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        backoff = Backoff(self._limits)
        while True:
            started = self._running_since[name] = self._clock.monotonic()
            try:
                await job()
            except Exception as error:  # noqa: BLE001  # whatever it is, the task must run again
                del self._running_since[name]
                if self._ends is not None and isinstance(error, self._ends):
                    self._ended = self._ended or error
                    self._end.set()
                    return
                if self._clock.monotonic() - started >= HEALTHY_AFTER_S:
                    backoff.reset()
                self._note(name, error, backoff.attempt + 1)
            else:
                del self._running_since[name]
                self._failures.pop(name, None)
                return
            await asyncio.sleep(backoff.next_delay())

    def _note(self, name: str, error: Exception, attempts: int) -> None:
        self._restarts.inc(task=name)
        self._failures[name] = TaskFailure(name, repr(error), self._clock.now_us(), attempts)
        _log.warning("task_failed", task=name, error=repr(error), attempts=attempts)
