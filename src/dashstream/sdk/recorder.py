"""Recorder: telemetry of a program that no integration knows, by context managers.

::

    recorder = dashstream.Recorder("my agent")
    with recorder.run(thread_id="t1", input={"q": "..."}) as run:
        run.state({"q": "...", "notes": []})
        with run.node("plan") as node:
            with node.llm("small-model", prompt=[...]) as call:
                call.token("Let")
            with node.tool("search", {"q": "..."}) as tool:
                tool.result = search(...)
        run.edge("plan", "write")
        run.state({"q": "...", "notes": ["..."]})

Each ``state`` is one step: the reader sees the diff to the one before. Exceptions pass through unchanged and give the
node, call and run their true status. Nothing here raises on its own account.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import RUN_PLACE, Place, RunContext, TokenStream
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.process import process_publisher
from dashstream.sdk.publisher import Publisher


class Recorder:
    """Starts runs of one program; ``graph_name`` is what readers see."""

    def __init__(self, graph_name: str, *, publisher: Publisher | None = None) -> None:
        self._graph_name = graph_name
        self._publisher = publisher if publisher is not None else process_publisher()

    @contextmanager
    def run(
        self,
        *,
        thread_id: str | None = None,
        input: Any = None,  # noqa: A002  # the word of the graph frameworks
        run_id: str | None = None,
    ) -> Iterator[RecordedRun]:
        """Record one run; it ends with the block: ok, error, cancelled or closed, as the block ends."""
        name = run_id or str(uuid.uuid4())
        context = RunContext(run_id=name, thread_id=thread_id or name, tenant=self._publisher.settings.tenant)
        emitter = RunEmitter(self._publisher, context)
        emitter.start(
            {"graph.name": self._graph_name, "framework": "recorder", "truth.edges": "observed", "pid": os.getpid()},
            input,
        )
        try:
            yield RecordedRun(emitter)
        except BaseException as error:
            status = _status_of(error)
            if status == pb.RUN_STATUS_ERROR:
                emitter.failure(error)
            emitter.end(status, error)
            raise
        emitter.end(int(pb.RUN_STATUS_OK))


class _Scope:
    """What can be said inside a run and inside a node alike."""

    def __init__(self, emitter: RunEmitter, place: Place, step: list[int]) -> None:
        self._emitter = emitter
        self._place = place
        self._step = step

    def event(self, **attributes: Any) -> None:
        """Say something of the program's own."""
        self._emitter.progress(self._place, self._step[0], attributes)

    @contextmanager
    def llm(self, model: str, *, provider: str = "", prompt: Sequence[Any] = ()) -> Iterator[ModelCall]:
        """Record a model call: its prompt, its tokens, its usage."""
        call = ModelCall(self._emitter, self._place, self._step[0], model)
        self._emitter.llm_started(
            self._place, self._step[0], call.request_id, model=model, provider=provider, messages=prompt
        )
        try:
            yield call
        except BaseException as error:
            call.failed(error)
            raise
        call.ended()

    @contextmanager
    def tool(self, name: str, arguments: Any = None) -> Iterator[ToolCall]:
        """Record a tool call; set ``result`` on what is yielded."""
        call = ToolCall(str(uuid.uuid4()))
        started = time.perf_counter_ns()
        self._emitter.tool_started(self._place, self._step[0], call.call_id, name, arguments)
        failure: BaseException | None = None
        try:
            yield call
        except BaseException as error:
            failure = error
            raise
        finally:
            age = _age_us(started)
            self._emitter.tool_ended(
                self._place, self._step[0], call.call_id, name, age, result=call.result, error=failure
            )


class RecordedRun(_Scope):
    """A run that is being recorded."""

    def __init__(self, emitter: RunEmitter) -> None:
        super().__init__(emitter, RUN_PLACE, [-1])
        self._has_state = False

    @property
    def run_id(self) -> str:
        return self._emitter.run.run_id

    def state(self, value: Mapping[str, Any] | Sequence[Any]) -> None:
        """The state as it is now: the first is where the run starts, each further one is a step."""
        if self._has_state:
            self._step[0] += 1
        self._emitter.state("", value, self._step[0], is_start=not self._has_state)
        self._has_state = True

    def edge(self, source: str, target: str, *, conditional: bool = False) -> None:
        """An edge between two nodes was taken."""
        kind = pb.EDGE_KIND_CONDITIONAL if conditional else pb.EDGE_KIND_STATIC
        self._emitter.edge(RUN_PLACE, self._step[0], source, target, int(kind))

    @contextmanager
    def node(self, name: str, *, attempt: int = 1, input: Any = None) -> Iterator[_Scope]:  # noqa: A002  # as in run
        """Record one visit of a node."""
        place = Place(name, str(uuid.uuid4()), attempt)
        step = self._step[0] + 1
        self._emitter.node_started(place, step, (), input)
        started = time.perf_counter_ns()
        try:
            yield _Scope(self._emitter, place, [step])
        except BaseException as error:
            self._emitter.node_failed(place, step, _age_us(started), error, will_retry=None)
            raise
        self._emitter.node_ended(place, step, _age_us(started))


class ModelCall:
    """A model call in flight. Set ``usage`` (prompt, completion, total) and ``output`` before the block ends."""

    def __init__(self, emitter: RunEmitter, place: Place, superstep: int, model: str) -> None:
        self.request_id = str(uuid.uuid4())
        self.usage: tuple[int, int, int] | None = None
        self.finish_reason = ""
        self.output: Any = None
        self._emitter = emitter
        self._place = place
        self._superstep = superstep
        self._model = model
        self._stream: TokenStream | None = None
        self._started_ns = time.perf_counter_ns()

    def token(self, text: str) -> None:
        """The model said ``text``."""
        if not self._emitter.settings.tokens:
            return
        if self._stream is None:
            self._stream = TokenStream(self.request_id, self._model)
        self._emitter.token(self._place, self._superstep, self._stream, text)

    def ended(self) -> None:
        if self._stream is not None:
            self._emitter.tokens_ended(
                self._place, self._superstep, self._stream, self.finish_reason, self.usage or (0, 0, 0)
            )
        self._emitter.llm_ended(
            self._place,
            self._superstep,
            self.request_id,
            _age_us(self._started_ns),
            usage=self.usage,
            finish_reason=self.finish_reason,
            output=self.output if self._stream is None else None,
        )

    def failed(self, error: BaseException) -> None:
        if self._stream is not None:
            self._emitter.tokens_ended(self._place, self._superstep, self._stream, "error", (0, 0, 0))
        self._emitter.llm_failed(self._place, self._superstep, self.request_id, _age_us(self._started_ns), error)


class ToolCall:
    """A tool call in flight."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.result: Any = None


def _age_us(started_ns: int) -> int:
    return max(1, (time.perf_counter_ns() - started_ns) // 1000)


def _status_of(error: BaseException) -> int:
    if isinstance(error, GeneratorExit):
        return int(pb.RUN_STATUS_CLOSED)
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
        return int(pb.RUN_STATUS_CANCELLED)
    return int(pb.RUN_STATUS_ERROR)
