"""The full observer: what LangGraph's own loop says about supersteps, routing, state and the end of a run.

Called by the wrappers of ``langgraph_hooks.py``. State is read from the channels right after they were updated,
through the same function that LangGraph's own ``get_state`` uses; routing from the writes of each task.
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from langgraph.pregel import _retry
from langgraph.pregel._io import read_channels

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import RUN_PLACE, Place, RunContext
from dashstream.sdk.integrations.langgraph_graph import START, GraphFacts, facts_of, node_path
from dashstream.sdk.integrations.langgraph_runs import OpenRun
from dashstream.sdk.integrations.langgraph_scope import Execution, RunScope

_log = logging.getLogger("dashstream.sdk")

BRANCH = "branch:to:"
JOIN = "join:"
TASKS = "__pregel_tasks"
ERROR = "__error__"
INTERRUPT = "__interrupt__"

MAX_TOLD = 32
"""Exceptions kept to recognise them on their way out. An identity alone would not do: it is used again once an
exception that the program caught is gone. Few, because each keeps alive the frames that it came through."""


class _Watch:
    """What :meth:`RunObserver.watch` returns; a generator would take three times as long at every step."""

    __slots__ = ("_run", "_started_ns")

    def __init__(self, run: RunContext) -> None:
        self._run = run

    def __enter__(self) -> None:
        self._started_ns = time.perf_counter_ns()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        self._run.observer_ns += time.perf_counter_ns() - self._started_ns
        if error is None or not isinstance(error, Exception):
            return False
        _log.debug("observer failed", exc_info=error)
        return True


class RunObserver:
    """One run: its scope, and the loops of the root graph and of subgraphs that are alive."""

    def __init__(self, run: OpenRun) -> None:
        self.run = run
        self.emitter = run.emitter
        self.scope = RunScope(run.emitter)
        self.loops: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        self._told: deque[BaseException] = deque(maxlen=MAX_TOLD)
        self._interrupts: set[str] = set()

    def watch(self) -> _Watch:
        """Observe: nothing escapes, and the time it takes is counted."""
        return _Watch(self.emitter.run)

    def will_retry(self, execution: Execution, error: BaseException) -> bool | None:
        """Say whether LangGraph will try a node again, where that follows from its policy alone."""
        loop = self.loops.get(execution.place.ns)
        task = loop.tasks.get(execution.place.execution_id) if loop is not None else None
        if loop is None or task is None or not isinstance(error, Exception):
            return False if task is not None else None
        policies = task.retry_policy or loop.retry_policy
        for policy in policies:
            retry_on = policy.retry_on
            is_known = isinstance(retry_on, (type, Sequence)) or retry_on is _DEFAULT_RETRY_ON
            if not is_known:
                return None
            if _retry._should_retry_on(policy, error):
                return bool(execution.attempt < policy.max_attempts)
        return False

    def fail_once(self, error: BaseException, place: Place, superstep: int | None) -> None:
        """Report a final failure, the first time that it is seen on its way out."""
        if isinstance(error, asyncio.CancelledError) or self.was_told(error):
            return
        self._told.append(error)
        self.emitter.failure(error, place, superstep)

    def was_told(self, error: BaseException) -> bool:
        return any(told is error for told in self._told)

    def pause_once(self, interrupt: Any, place: Place, superstep: int | None) -> None:
        """Report an interrupt raised inside a node, the first time that it is seen on its way out."""
        interrupt_id = str(getattr(interrupt, "id", "") or id(interrupt))
        if interrupt_id in self._interrupts:
            return
        self._interrupts.add(interrupt_id)
        value = getattr(interrupt, "value", None)
        self.emitter.interrupted(place, superstep, interrupt_id=interrupt_id, value=value, when="inside")


class LoopObserver:
    """One loop: the root graph's or a subgraph's."""

    def __init__(self, observer: RunObserver, loop: Any, graph: Any, *, is_root: bool) -> None:
        self.observer = observer
        self.emitter = observer.emitter
        self.facts: GraphFacts = facts_of(graph)
        self.is_root = is_root
        self.ns = "" if is_root else "|".join(loop.checkpoint_ns)
        self.parent = node_path(self.ns) if self.ns else ""
        self.has_begun = False
        self._early: list[tuple[str, Sequence[tuple[str, Any]]]] = []
        observer.loops[self.ns] = loop

    def node_id(self, name: str) -> str:
        return f"{self.parent}:{name}" if self.parent else name

    # ---- begin and end ---------------------------------------------------------------------------------------

    def begun(self, loop: Any) -> None:
        """The input was applied: the run, or the subgraph, starts from this state."""
        self.has_begun = True
        superstep = loop.step - 1
        if self.is_root:
            self.observer.run.begin(loop, self.facts)
        self.emitter.state(self.ns, _state_of(loop), superstep, is_start=True)
        for _, writes in self._early:
            self._route(loop, Place(self.node_id(START), ns=self.ns), superstep + 1, START, writes)
        self._early = []

    def ended(self, loop: Any, error: BaseException | None) -> None:
        """The loop is left. For the root that is the end of the run, whatever the way."""
        if self.has_begun:
            self.emitter.settle_state(self.ns, _state_of(loop), loop.step - 1)
        if not self.is_root:
            return
        if not self.has_begun:
            self.observer.run.begin(loop, self.facts)
        was_told = error is None or self.observer.was_told(error)
        if error is not None and not was_told and self.observer.run.is_failure(loop, error, was_told=was_told):
            self.observer.fail_once(error, RUN_PLACE, loop.step)
        self.observer.run.end(loop, error, was_told=was_told)

    # ---- supersteps ------------------------------------------------------------------------------------------

    def stepped(self, loop: Any, before: int) -> None:
        """A superstep was applied to the channels."""
        if loop.step > before:
            self.emitter.state(self.ns, _state_of(loop), loop.step - 1)

    def paused(self, loop: Any, names: Sequence[str], chosen: Any, when: str) -> None:
        """The graph was asked to stop before or after these nodes."""
        for name in dict.fromkeys(names):
            if chosen != "*" and name not in chosen:
                continue
            node = self.node_id(name)
            interrupt_id = f"{when}:{node}:{loop.checkpoint['id']}"
            place = Place(node, ns=self.ns)
            self.emitter.interrupted(place, loop.step, interrupt_id=interrupt_id, value=None, when=when)

    # ---- writes ----------------------------------------------------------------------------------------------

    def wrote(self, loop: Any, task_id: str, writes: Sequence[tuple[str, Any]], *, is_cached: bool) -> None:
        """A task is done, paused or failed: these are its writes, routing included."""
        if not self.has_begun:
            self._early.append((task_id, list(writes)))
            return
        task = loop.tasks.get(task_id) if hasattr(loop, "tasks") else None
        if task is None:
            return
        execution = self.observer.scope.settle(task_id)
        place = execution.place if execution is not None else self._place(task)
        first, value = writes[0]
        if first == ERROR:
            if isinstance(value, BaseException):
                self.observer.fail_once(value, place, loop.step)
            return
        if first == INTERRUPT:
            for interrupt in value if isinstance(value, Sequence) else (value,):
                self.observer.pause_once(interrupt, place, loop.step)
            return
        if is_cached and task.name != START:
            self.emitter.node_started(place, loop.step, task.triggers)
            self.emitter.node_ended(place, loop.step, 0, {"cached": True})
        self._route(loop, place, loop.step, task.name, writes)

    def _place(self, task: Any) -> Place:
        if task.name == START:
            return Place(self.node_id(START), ns=self.ns)
        return Place(self.node_id(task.name), task.id, 1, self.ns)

    def _route(self, loop: Any, place: Place, superstep: int, name: str, writes: Sequence[tuple[str, Any]]) -> None:
        source = self.node_id(name)
        sends: dict[str, int] = {}
        is_routed = False
        for channel, value in writes:
            if channel.startswith(BRANCH):
                target = channel[len(BRANCH) :]
                is_routed = True
                self.emitter.edge(place, superstep, source, self.node_id(target), self.facts.kind_of(name, target))
            elif channel == TASKS:
                sends[value.node] = sends.get(value.node, 0) + 1
            elif channel.startswith(JOIN):
                is_routed = True
                target = self.node_id(channel.rpartition(":")[2])
                self.emitter.edge(place, superstep, source, target, int(pb.EDGE_KIND_JOIN))
        for node, count in sends.items():
            self.emitter.edge(place, superstep, source, self.node_id(node), int(pb.EDGE_KIND_SEND), count)
        end_kind = self.facts.end_kind(name, is_routed=is_routed or bool(sends))
        if end_kind:
            self.emitter.edge(place, superstep, source, self.node_id("__end__"), end_kind)


_DEFAULT_RETRY_ON = getattr(_retry, "default_retry_on", None)
if _DEFAULT_RETRY_ON is None:
    from langgraph.types import default_retry_on as _DEFAULT_RETRY_ON  # type: ignore[attr-defined]  # noqa: N812  # older versions


def _state_of(loop: Any) -> Any:
    return read_channels(loop.channels, loop.stream_keys)
