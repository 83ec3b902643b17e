"""Runs of LangGraph programs: which invocations are observed, how a run is named, and how it truly ended."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import threading
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from langgraph.errors import GraphInterrupt
from langgraph.types import Command

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.integrations.langgraph_callbacks import ObserveHandler, RunHandler
from dashstream.sdk.integrations.langgraph_graph import GraphFacts
from dashstream.sdk.publisher import Publisher

MAX_REMEMBERED = 10_000
SDK_VERSION = importlib.metadata.version("dashstream")
FRAMEWORK_VERSION = importlib.metadata.version("langgraph")

observed_here: ContextVar[Publisher | None] = ContextVar("dashstream_observed_here", default=None)
"""Set inside ``dashstream.observe()``."""


class Everywhere:
    """What ``dashstream.auto()`` set for the whole process."""

    publisher: Publisher | None = None
    reduced_reason: str = ""


class _Memory:
    """Threads whose last run was interrupted, and run ids that were used: bounded, for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupted: OrderedDict[str, str] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()
        self.open: set[RunEmitter] = set()

    def after_fork_in_child(self) -> None:
        """Leave the parent's runs to the parent; its other threads, who may have held the lock, are not here."""
        self._lock = threading.Lock()
        self.open = set()

    def remember_interrupt(self, thread_id: str, run_id: str) -> None:
        with self._lock:
            self._interrupted[thread_id] = run_id
            while len(self._interrupted) > MAX_REMEMBERED:
                self._interrupted.popitem(last=False)

    def take_interrupted(self, thread_id: str) -> str | None:
        with self._lock:
            return self._interrupted.pop(thread_id, None)

    def unused(self, wanted: str) -> str:
        """Return ``wanted``, or a fresh id when a run of this process had it already."""
        with self._lock:
            run_id = str(uuid.uuid4()) if wanted in self._used else wanted
            self._used[run_id] = None
            while len(self._used) > MAX_REMEMBERED:
                self._used.popitem(last=False)
            return run_id


memory = _Memory()


def _after_fork() -> None:
    memory.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def end_open_runs() -> None:
    """At exit: runs that nobody will finish any more are closed."""
    for emitter in list(memory.open):
        emitter.end(int(pb.RUN_STATUS_CLOSED))
    memory.open.clear()


def choose_publisher(handlers: Iterable[Any]) -> Publisher | None:
    """Return where an invocation's records go, None when it is not observed."""
    here = observed_here.get()
    if here is not None:
        return here
    for handler in handlers:
        if isinstance(handler, ObserveHandler):
            publisher: Publisher = handler.publisher
            return publisher
    return Everywhere.publisher


def parent_run_of(handlers: Iterable[Any]) -> RunHandler | None:
    """Return the handler of the run that an invocation happens in, if any."""
    found = None
    for handler in handlers:
        if isinstance(handler, RunHandler):
            found = handler
    return found


class OpenRun:
    """A run from its first to its last record."""

    def __init__(self, emitter: RunEmitter, name: str) -> None:
        self.emitter = emitter
        self.run_id = emitter.run.run_id
        self.thread_id = emitter.run.thread_id
        self._name = name
        self._finalizer: weakref.finalize[..., Any] | None = None

    def watch_for_loss_of(self, loop: Any) -> None:
        """End the run as closed should its loop vanish without having been left."""
        memory.open.add(self.emitter)
        self._finalizer = weakref.finalize(loop, _abandoned, self.emitter)
        self._finalizer.atexit = False

    def begin(self, loop: Any, facts: GraphFacts) -> None:
        """Emit what comes before the first state."""
        self.emitter.run.graph_id = facts.graph_id
        attributes: dict[str, Any] = {
            "graph.name": self._name or facts.name,
            "framework": "langgraph",
            "framework.version": FRAMEWORK_VERSION,
            "sdk.version": SDK_VERSION,
            "truth.edges": "observed",
            "pid": os.getpid(),
        }
        given = loop.input
        is_resume = isinstance(given, Command) and given.resume is not None
        interrupted = memory.take_interrupted(self.thread_id)
        if interrupted is not None and (is_resume or given is None):
            attributes["resumes"] = interrupted
            is_resume = True
        self.emitter.start(attributes, None if is_resume else given)
        if is_resume:
            self.emitter.resumed(given.resume if isinstance(given, Command) else None)
        if facts.schema:
            self.emitter.schema(facts.schema)

    def end(self, loop: Any, error: BaseException | None, *, was_told: bool) -> None:
        """Emit the end with its true status."""
        if self._finalizer is not None:
            self._finalizer.detach()
        memory.open.discard(self.emitter)
        status = status_of(getattr(loop, "status", ""), error, is_task_failure=was_told)
        if status == pb.RUN_STATUS_INTERRUPTED:
            memory.remember_interrupt(self.thread_id, self.run_id)
            error = None
        elif status == pb.RUN_STATUS_RECURSION_LIMIT and error is None:
            error = RecursionLimitReached(loop.config.get("recursion_limit"))
        self.emitter.end(status, error)

    def is_failure(self, loop: Any, error: BaseException, *, was_told: bool) -> bool:
        """Tell whether this way of leaving the loop is a failure at all."""
        status = status_of(getattr(loop, "status", ""), error, is_task_failure=was_told)
        return status in {pb.RUN_STATUS_ERROR, pb.RUN_STATUS_TIMED_OUT}


class RecursionLimitReached(Exception):  # noqa: N818  # the name is what a reader sees
    """The run used up its supersteps."""

    def __init__(self, limit: Any) -> None:
        super().__init__(f"recursion limit of {limit} reached")


def begin_run(publisher: Publisher, loop: Any, parent_run_id: str) -> OpenRun:
    """Name a run; nothing is emitted yet."""
    manager = loop.manager
    run_id = memory.unused(str(manager.run_id) if manager is not None else str(uuid.uuid4()))
    thread_id = loop.config.get("configurable", {}).get("thread_id")
    context = RunContext(
        run_id=run_id,
        thread_id=str(thread_id) if thread_id is not None else run_id,
        tenant=publisher.settings.tenant,
        parent_run_id=parent_run_id,
    )
    return OpenRun(RunEmitter(publisher, context), str(loop.config.get("run_name") or ""))


def status_of(loop_status: str, error: BaseException | None, *, is_task_failure: bool) -> int:
    """Return how a run ended, from the state of its loop and what was raised through it."""
    if error is None:
        known = {"out_of_steps": pb.RUN_STATUS_RECURSION_LIMIT, "draining": pb.RUN_STATUS_CANCELLED}
        return int(known.get(loop_status, pb.RUN_STATUS_OK))
    if isinstance(error, GraphInterrupt):
        return int(pb.RUN_STATUS_INTERRUPTED)
    if isinstance(error, GeneratorExit):
        return int(pb.RUN_STATUS_CLOSED)
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
        return int(pb.RUN_STATUS_CANCELLED)
    is_node_timeout = type(error).__name__ == "NodeTimeoutError"
    if is_node_timeout or (isinstance(error, TimeoutError) and not is_task_failure):
        return int(pb.RUN_STATUS_TIMED_OUT)
    return int(pb.RUN_STATUS_ERROR)


def _abandoned(emitter: RunEmitter) -> None:
    memory.open.discard(emitter)
    emitter.end(int(pb.RUN_STATUS_CLOSED))
