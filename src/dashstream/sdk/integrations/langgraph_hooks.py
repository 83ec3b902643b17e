"""Wrapping LangGraph's loop: the one place that touches its private methods.

``PregelLoop`` is private. Each method is looked up before any is wrapped, the whole is tried on a small graph
(``langgraph_selftest.py``), and where either fails the reduced observer takes over (``langgraph_reduced.py``).

Every wrapper calls the original exactly as it was called, returns what it returned, lets through what it raised, and
observes around it without ever raising.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphInterrupt
from langgraph.pregel import _loop

from dashstream.sdk.integrations.langgraph_callbacks import run_handler
from dashstream.sdk.integrations.langgraph_loop import LoopObserver, RunObserver
from dashstream.sdk.integrations.langgraph_runs import begin_run, choose_publisher, parent_run_of

_log = logging.getLogger("dashstream.sdk")

OBSERVER = "_dashstream_observer"


def _attach(loop: Any, graph: Any) -> None:
    manager = loop.manager
    handlers = [*(manager.handlers if manager else ()), *(manager.inheritable_handlers if manager else ())]
    outer = parent_run_of(handlers)
    if loop.is_nested:
        if outer is not None:
            setattr(loop, OBSERVER, LoopObserver(outer.owner, loop, graph, is_root=False))
        return
    publisher = choose_publisher(handlers)
    if publisher is None or manager is None:
        return
    parent_id = outer.owner.run.run_id if outer is not None else ""
    observer = RunObserver(begin_run(publisher, loop, parent_id))
    handler = run_handler(observer.scope, observer, tokens=publisher.settings.tokens)
    manager.handlers = [one for one in manager.handlers if one is not outer]
    kept = [one for one in manager.inheritable_handlers if one is not outer]
    manager.inheritable_handlers = [*kept, handler]
    observer.run.watch_for_loss_of(loop)
    setattr(loop, OBSERVER, LoopObserver(observer, loop, graph, is_root=True))


def _init(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        try:
            migrate = kwargs.get("migrate_checkpoint")
            _attach(self, getattr(migrate, "__self__", None))
        except Exception:  # noqa: BLE001  # the program must not notice that it is observed
            _log.debug("could not attach", exc_info=True)

    return init


def _put_writes(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def put_writes(self: Any, task_id: str, writes: Any, **kwargs: Any) -> None:
        original(self, task_id, writes, **kwargs)
        observer: LoopObserver | None = getattr(self, OBSERVER, None)
        if observer is not None and writes:
            with observer.observer.watch():
                observer.wrote(self, task_id, writes, is_cached=bool(kwargs.get("cached")))

    return put_writes


def _tick(original: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(original)
    def tick(self: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return original(self, *args, **kwargs)
        except GraphInterrupt:
            observer: LoopObserver | None = getattr(self, OBSERVER, None)
            if observer is not None and self.status == "interrupt_before":
                with observer.observer.watch():
                    names = [task.name for task in self.tasks.values()]
                    observer.paused(self, names, self.interrupt_before, "before")
            raise

    return tick


def _after_tick(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def after_tick(self: Any, *args: Any, **kwargs: Any) -> None:
        observer: LoopObserver | None = getattr(self, OBSERVER, None)
        if observer is None:
            original(self, *args, **kwargs)
            return
        before = self.step
        names = [task.name for task in self.tasks.values()] if self.interrupt_after else ()
        try:
            original(self, *args, **kwargs)
        except GraphInterrupt:
            with observer.observer.watch():
                observer.stepped(self, before)
                observer.paused(self, names, self.interrupt_after, "after")
            raise
        with observer.observer.watch():
            observer.stepped(self, before)

    return after_tick


def _begun(loop: Any) -> None:
    observer: LoopObserver | None = getattr(loop, OBSERVER, None)
    if observer is not None:
        with observer.observer.watch():
            observer.begun(loop)


def _ended(loop: Any, error: BaseException | None) -> None:
    observer: LoopObserver | None = getattr(loop, OBSERVER, None)
    if observer is not None:
        with observer.observer.watch():
            observer.ended(loop, error)


def _enter(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def enter(self: Any) -> Any:
        try:
            entered = original(self)
        except BaseException as error:
            _ended(self, error)
            raise
        _begun(self)
        return entered

    return enter


def _aenter(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def aenter(self: Any) -> Any:
        try:
            entered = await original(self)
        except BaseException as error:
            _ended(self, error)
            raise
        _begun(self)
        return entered

    return aenter


def _exit(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def leave(self: Any, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        try:
            suppressed = original(self, kind, error, traceback)
        except BaseException as other:
            _ended(self, other)
            raise
        _ended(self, error)
        return suppressed

    return leave


def _aexit(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def aleave(self: Any, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        try:
            suppressed = await original(self, kind, error, traceback)
        except BaseException as other:
            _ended(self, error if error is not None else other)
            raise
        _ended(self, error)
        return suppressed

    return aleave


_PLAN: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("PregelLoop", "__init__", _init),
    ("PregelLoop", "put_writes", _put_writes),
    ("PregelLoop", "tick", _tick),
    ("PregelLoop", "after_tick", _after_tick),
    ("SyncPregelLoop", "__enter__", _enter),
    ("SyncPregelLoop", "__exit__", _exit),
    ("AsyncPregelLoop", "__aenter__", _aenter),
    ("AsyncPregelLoop", "__aexit__", _aexit),
)


def wrap_loop() -> Callable[[], None]:
    """Wrap LangGraph's loop; return what undoes it.

    Raises:
        AttributeError: this LangGraph has no such method; nothing was wrapped.
    """
    originals = [(getattr(_loop, owner), name, getattr(_loop, owner).__dict__[name]) for owner, name, _ in _PLAN]

    def unwrap() -> None:
        for owner, name, original in originals:
            setattr(owner, name, original)

    for (owner, name, original), (_, _, wrapper) in zip(originals, _PLAN, strict=True):
        setattr(owner, name, wrapper(original))
    return unwrap
