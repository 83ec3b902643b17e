"""The reduced observer: what public callbacks alone show of a LangGraph run.

Runs, node tries, model and tool calls are true. Edges are not observed, and state is what nodes were given and the
graph returned, so a step that ends a run without another node shows its state only in the final output.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from langchain_core.tracers.context import register_configure_hook

from dashstream.sdk.captures import RUN_PLACE, RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.integrations.langgraph_callbacks import ScopeHandler, quietly
from dashstream.sdk.integrations.langgraph_runs import FRAMEWORK_VERSION, SDK_VERSION, memory, status_of
from dashstream.sdk.integrations.langgraph_scope import PUSH, RunScope
from dashstream.sdk.publisher import Publisher

MAX_OPEN = 100_000


class ReducedHandler(ScopeHandler):
    """One handler for all runs of a process."""

    def __init__(self, publisher: Publisher, reason: str) -> None:
        self._publisher = publisher
        self._reason = reason
        self._scopes: dict[UUID, RunScope] = {}
        self._roots: set[UUID] = set()
        self._steps: dict[RunScope, int] = {}

    def scope_of(self, run_id: UUID, parent_run_id: UUID | None) -> RunScope | None:
        scope = self._scopes.get(run_id)
        if scope is None and parent_run_id is not None:
            scope = self._scopes.get(parent_run_id)
            if scope is not None and len(self._scopes) < MAX_OPEN:
                self._scopes[run_id] = scope
        return scope

    def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: dict[str, Any],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        scope = self.scope_of(run_id, parent_run_id)
        if scope is None:
            if _is_graph(metadata, kwargs):
                quietly(self._begin, run_id, inputs, metadata or {}, kwargs)
            return
        if tags:
            quietly(self._node, scope, run_id, tags, metadata or {}, inputs)

    def on_chain_end(self, outputs: dict[str, Any], *, run_id: UUID, **kwargs: Any) -> None:
        if run_id in self._roots:
            quietly(self._end, run_id, outputs, None)
            return
        super().on_chain_end(outputs, run_id=run_id, **kwargs)
        self._scopes.pop(run_id, None)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if run_id in self._roots:
            quietly(self._end, run_id, None, error)
            return
        super().on_chain_error(error, run_id=run_id, **kwargs)
        self._scopes.pop(run_id, None)

    def _begin(self, run_id: UUID, inputs: Any, metadata: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
        thread_id = metadata.get("thread_id")
        context = RunContext(
            run_id=memory.unused(str(run_id)),
            thread_id=str(thread_id) if thread_id is not None else str(uuid.uuid4()),
            tenant=self._publisher.settings.tenant,
        )
        emitter = RunEmitter(self._publisher, context)
        scope = RunScope(emitter)
        self._scopes[run_id] = scope
        self._roots.add(run_id)
        memory.open.add(emitter)
        emitter.start(
            {
                "graph.name": str(extra.get("name") or "graph"),
                "framework": "langgraph",
                "framework.version": FRAMEWORK_VERSION,
                "sdk.version": SDK_VERSION,
                "truth.edges": "reduced",
                "truth.reason": self._reason,
                "pid": os.getpid(),
            },
            inputs,
        )

    def _node(self, scope: RunScope, run_id: UUID, tags: list[str], metadata: Mapping[str, Any], inputs: Any) -> None:
        step = metadata.get("langgraph_step")
        path = metadata.get("langgraph_path", ())
        is_root_node = "|" not in str(metadata.get("langgraph_checkpoint_ns", "|"))
        if is_root_node and isinstance(step, int) and path and path[0] != PUSH:
            before = self._steps.get(scope)
            if before is None or step > before:
                self._steps[scope] = step
                scope.emitter.state("", inputs, step - 1, is_start=before is None)
        scope.chain_started(run_id, tags, metadata, inputs)

    def _end(self, run_id: UUID, outputs: Any, error: BaseException | None) -> None:
        self._roots.discard(run_id)
        scope = self._scopes.pop(run_id)
        for known in [one for one, owner in self._scopes.items() if owner is scope]:
            del self._scopes[known]
        step = self._steps.pop(scope, -1)
        memory.open.discard(scope.emitter)
        if error is None and isinstance(outputs, Mapping):
            scope.emitter.state("", outputs, step)
        recursion = type(error).__name__ == "GraphRecursionError"
        status = status_of("out_of_steps" if recursion else "", None if recursion else error, is_task_failure=True)
        if error is not None and isinstance(error, Exception) and not recursion:
            scope.emitter.failure(error, RUN_PLACE, None)
        scope.emitter.end(status, error)


class _Everywhere:
    """Holds the handler that langchain-core is to add to every invocation."""

    here: ContextVar[ReducedHandler | None] = ContextVar("dashstream_reduced_here", default=None)

    def __init__(self) -> None:
        self.handler: ReducedHandler | None = None

    def get(self) -> ReducedHandler | None:
        """Answer langchain-core, which asks as if this were a context variable."""
        return self.here.get() or self.handler


reduced_everywhere = _Everywhere()
register_configure_hook(reduced_everywhere, inheritable=True)  # type: ignore[arg-type]  # only `get` is called


def _is_graph(metadata: Mapping[str, Any] | None, extra: Mapping[str, Any]) -> bool:
    known = metadata or {}
    return known.get("ls_integration") == "langgraph" or extra.get("name") == "LangGraph"
