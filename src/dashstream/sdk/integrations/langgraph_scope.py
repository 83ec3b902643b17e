"""One run of a LangGraph program, as its callbacks tell it: tries of nodes, model calls, tool calls.

Shared by the full observer and the reduced one. Callbacks come from any thread and in any order across nodes;
within one node execution they are in order.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from langgraph.errors import GraphBubbleUp, GraphInterrupt

from dashstream.sdk.captures import Place, TokenStream
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.integrations.langgraph_graph import START, is_call, node_path, split_namespace

PUSH = "__pregel_push"
STEP_TAG = "graph:step:"


class Execution:
    """One visit of a node; ``place`` is that of its current try."""

    __slots__ = ("attempt", "error", "is_open", "place", "started_ns", "superstep")

    def __init__(self, place: Place, superstep: int | None) -> None:
        self.place = place
        self.superstep = superstep
        self.attempt = place.attempt
        self.is_open = True
        self.started_ns = time.perf_counter_ns()
        self.error: BaseException | None = None


class Call:
    """A model or tool call in flight."""

    __slots__ = ("name", "place", "request_id", "started_ns", "stream", "superstep")

    def __init__(self, place: Place, superstep: int | None, request_id: str, name: str) -> None:
        self.place = place
        self.superstep = superstep
        self.request_id = request_id
        self.name = name
        self.stream: TokenStream | None = None
        self.started_ns = time.perf_counter_ns()

    @property
    def duration_us(self) -> int:
        return (time.perf_counter_ns() - self.started_ns) // 1000


class RunScope:
    """What is in flight in one run."""

    def __init__(self, emitter: RunEmitter) -> None:
        self.emitter = emitter
        self.executions: dict[str, Execution] = {}
        self._tries: dict[UUID, Execution] = {}
        self._calls: dict[UUID, Call] = {}

    # ---- node tries ------------------------------------------------------------------------------------------

    def chain_started(
        self, run_id: UUID, tags: Sequence[str] | None, metadata: Mapping[str, Any] | None, given: Any
    ) -> Execution | None:
        """A runnable starts; return its execution if it is a try of a node."""
        if not tags or not metadata:
            return None
        ns = metadata.get("langgraph_checkpoint_ns")
        if not ns or metadata.get("langgraph_node") == START:  # where a run may start by choice: no node of the program
            return None
        path = metadata.get("langgraph_path", ())
        is_try = _is_try(tags)
        if not is_try and not is_call(path):  # most are parts of a node
            return None
        home, task_id = split_namespace(ns, path)
        earlier = self.executions.get(task_id)
        if not is_try and earlier is not None and earlier.is_open:
            return None
        superstep = metadata.get("langgraph_step")
        attempt = earlier.attempt + 1 if earlier is not None else 1
        execution = Execution(Place(node_path(ns), task_id, attempt, home), superstep)
        self.executions[task_id] = execution
        self._tries[run_id] = execution
        own = given if path and path[0] == PUSH else None
        triggers = metadata.get("langgraph_triggers", ())
        self.emitter.node_started(execution.place, superstep, triggers, own)
        return execution

    def chain_ended(self, run_id: UUID) -> None:
        execution = self._tries.pop(run_id, None)
        if execution is not None:
            execution.is_open = False
            self.emitter.node_ended(execution.place, execution.superstep, self._age_us(execution))

    def chain_failed(self, run_id: UUID, error: BaseException, *, will_retry: bool | None) -> None:
        """A runnable failed. A pause is no failure, and a command to a parent graph ends the node well."""
        execution = self._tries.pop(run_id, None)
        if execution is None:
            return
        execution.is_open = False
        if isinstance(error, GraphInterrupt):
            return
        age = self._age_us(execution)
        if isinstance(error, GraphBubbleUp):
            self.emitter.node_ended(execution.place, execution.superstep, age)
            return
        execution.error = error
        self.emitter.node_failed(execution.place, execution.superstep, age, error, will_retry=will_retry)

    def try_of(self, run_id: UUID) -> Execution | None:
        """Return the execution whose try this run of a runnable is."""
        return self._tries.get(run_id)

    def settle(self, task_id: str) -> Execution | None:
        """The execution is over for good; return it."""
        return self.executions.pop(task_id, None)

    @staticmethod
    def _age_us(execution: Execution) -> int:
        return max(1, (time.perf_counter_ns() - execution.started_ns) // 1000)

    def place_of(self, metadata: Mapping[str, Any] | None) -> tuple[Place, int | None]:
        """Return where a call inside a node belongs."""
        ns = (metadata or {}).get("langgraph_checkpoint_ns")
        if not metadata or not ns:
            return Place(), None
        home, task_id = split_namespace(ns, metadata.get("langgraph_path", ()))
        execution = self.executions.get(task_id)
        superstep = metadata.get("langgraph_step")
        if execution is not None:
            return execution.place, superstep
        return Place(node_path(ns), task_id, 1, home), superstep

    # ---- models ----------------------------------------------------------------------------------------------

    def llm_started(
        self,
        run_id: UUID,
        messages: Sequence[Any],
        metadata: Mapping[str, Any] | None,
        params: Mapping[str, Any],
        serialized: Mapping[str, Any] | None,
    ) -> None:
        place, superstep = self.place_of(metadata)
        known = metadata or {}
        model = str(known.get("ls_model_name") or params.get("model") or params.get("model_name") or "")
        if not model:
            model = str((serialized or {}).get("name") or params.get("_type") or "model")
        call = Call(place, superstep, str(run_id), model)
        self._calls[run_id] = call
        self.emitter.llm_started(
            place,
            superstep,
            call.request_id,
            model=model,
            provider=str(known.get("ls_provider") or ""),
            messages=messages,
        )

    def token(self, run_id: UUID, text: str) -> None:
        call = self._calls.get(run_id)
        if call is None:
            return
        if call.stream is None:
            call.stream = TokenStream(call.request_id, call.name)
        self.emitter.token(call.place, call.superstep, call.stream, text)

    def llm_ended(self, run_id: UUID, response: Any) -> None:
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        message, generation = _answer(response)
        usage = _usage(message, response)
        reason = _finish_reason(message, generation)
        output = None
        if call.stream is not None:
            self.emitter.tokens_ended(call.place, call.superstep, call.stream, reason, usage or (0, 0, 0))
        else:
            output = message if message is not None else getattr(generation, "text", None)
        self.emitter.llm_ended(
            call.place,
            call.superstep,
            call.request_id,
            call.duration_us,
            usage=usage,
            finish_reason=reason,
            output=output,
        )

    def llm_failed(self, run_id: UUID, error: BaseException) -> None:
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        if call.stream is not None:
            self.emitter.tokens_ended(call.place, call.superstep, call.stream, "error", (0, 0, 0))
        self.emitter.llm_failed(call.place, call.superstep, call.request_id, call.duration_us, error)

    # ---- tools -----------------------------------------------------------------------------------------------

    def tool_started(
        self, run_id: UUID, name: str, arguments: Any, call_id: str | None, metadata: Mapping[str, Any] | None
    ) -> None:
        place, superstep = self.place_of(metadata)
        call = Call(place, superstep, call_id or str(run_id), name)
        self._calls[run_id] = call
        self.emitter.tool_started(place, superstep, call.request_id, name, arguments)

    def tool_ended(self, run_id: UUID, output: Any) -> None:
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        result = getattr(output, "content", output)
        failed = getattr(output, "status", None) == "error"
        self.emitter.tool_ended(
            call.place,
            call.superstep,
            call.request_id,
            call.name,
            call.duration_us,
            result=result,
            error=ToolError(str(result)) if failed else None,
        )

    def tool_failed(self, run_id: UUID, error: BaseException) -> None:
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        if isinstance(error, GraphBubbleUp):
            result = {"$type": "interrupt"} if isinstance(error, GraphInterrupt) else None
            self.emitter.tool_ended(
                call.place, call.superstep, call.request_id, call.name, call.duration_us, result=result
            )
            return
        self.emitter.tool_ended(call.place, call.superstep, call.request_id, call.name, call.duration_us, error=error)


class ToolError(Exception):
    """A tool answered with an error instead of raising one."""


def _is_try(tags: Sequence[str]) -> bool:
    for tag in tags:  # noqa: SIM110  # this runs for every part of every node, and a generator takes three times as long
        if tag.startswith(STEP_TAG):
            return True
    return False


def _answer(response: Any) -> tuple[Any, Any]:
    try:
        generation = response.generations[0][0]
    except (AttributeError, IndexError, TypeError):
        return None, None
    return getattr(generation, "message", None), generation


def _usage(message: Any, response: Any) -> tuple[int, int, int] | None:
    usage = getattr(message, "usage_metadata", None)
    if usage:
        return _counts(usage, "input_tokens", "output_tokens")
    output = getattr(response, "llm_output", None) or {}
    usage = output.get("token_usage") or output.get("usage")
    return _counts(usage, "prompt_tokens", "completion_tokens") if isinstance(usage, Mapping) else None


def _counts(usage: Mapping[str, Any], prompt: str, completion: str) -> tuple[int, int, int]:
    first, second = int(usage.get(prompt) or 0), int(usage.get(completion) or 0)
    return first, second, int(usage.get("total_tokens") or first + second)


def _finish_reason(message: Any, generation: Any) -> str:
    for source in (getattr(message, "response_metadata", None), getattr(generation, "generation_info", None)):
        if isinstance(source, Mapping):
            for key in ("finish_reason", "stop_reason", "done_reason"):
                if source.get(key):
                    return str(source[key])
    return ""
