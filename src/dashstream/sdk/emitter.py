"""What a run says, as methods: the one place that knows which records a run emits and what they carry.

The recorder and the framework integrations call it from the program's threads. Every method takes what is live, makes
it into JSON, and offers a capture to the publisher; none raises, none blocks on anything but the publisher's short
lock. docs/specs/telemetry.md, "What a run emits", describes the result.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk import captures as cap
from dashstream.sdk.captures import RUN_PLACE, JsonText, Place
from dashstream.sdk.normalise import StateNormaliser
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.redaction import Redactor

_FAILED = frozenset({int(pb.RUN_STATUS_ERROR), int(pb.RUN_STATUS_RECURSION_LIMIT), int(pb.RUN_STATUS_TIMED_OUT)})
MAX_PROMPTS_KEPT = 256


def now_us() -> int:
    """Return the wall clock in microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class RunEmitter:
    """Emits the records of one run. Thread-safe."""

    def __init__(self, publisher: Publisher, run: cap.RunContext) -> None:
        self.run = run
        self.settings = publisher.settings
        self._offer = publisher.offer
        self._started_ns = time.perf_counter_ns()
        self._tracks: dict[str, cap.StateTrack] = {}
        self._prompts: dict[str, tuple[str, list[Any]]] = {}
        self._normaliser = StateNormaliser(
            Redactor(self.settings),
            max_depth=self.settings.state_depth,
            max_values=self.settings.state_values,
            guard_values=self.settings.guard_values,
            guard_share=self.settings.guard_share,
        )
        self.is_ended = False

    # ---- the run ---------------------------------------------------------------------------------------------

    def start(self, attributes: Mapping[str, Any], given: Any = None) -> None:
        """The run begins; ``given`` is its input."""
        described = dict(attributes)
        described.setdefault("program", PurePath(sys.argv[0] or "python").name if sys.argv else "python")
        size = cap.BASE_BYTES * 2
        if given is not None:
            described["input"], more = self._text(given, self.settings.attribute_bytes)
            size += more
        self._event(pb.EVENT_TYPE_GRAPH_START, attributes=described, is_vital=True, size=size)

    def schema(self, encoded: bytes) -> None:
        """The declared structure of the graph, as an encoded GraphSchema without header."""
        self._offer(cap.SchemaCapture(self.run, now_us(), encoded))

    def resumed(self, value: Any) -> None:
        """A human, or the program, answered an interrupt."""
        text, size = self._text(value, self.settings.attribute_bytes)
        self._event(pb.EVENT_TYPE_HUMAN_RESUME, attributes={"resume.value": text}, size=size + cap.BASE_BYTES)

    def end(self, status: int, error: BaseException | None = None, attributes: Mapping[str, Any] | None = None) -> None:
        """The run is over; only the first call counts."""
        if self.is_ended:
            return
        self.is_ended = True
        described = dict(attributes or {})
        if error is not None:
            described["error.type"] = _name_of(error)
            described["error.message"] = _message_of(error)
        event_type = pb.EVENT_TYPE_GRAPH_ERROR if status in _FAILED else pb.EVENT_TYPE_GRAPH_END
        duration_us = (time.perf_counter_ns() - self._started_ns) // 1000
        event = cap.EventCapture(self.run, now_us(), RUN_PLACE, None, event_type, described, duration_us)
        event.status = status
        event.is_vital = True
        self._offer(event)

    def interrupted(self, place: Place, superstep: int | None, *, interrupt_id: str, value: Any, when: str) -> None:
        """The run pauses for a human: not an error."""
        text, size = self._text(value, self.settings.attribute_bytes)
        self._event(
            pb.EVENT_TYPE_HUMAN_INTERRUPT,
            place,
            superstep,
            {"interrupt.id": interrupt_id, "interrupt.value": text, "interrupt.when": when},
            is_vital=True,
            size=size + cap.BASE_BYTES,
        )

    def warning(self, code: str, message: str, place: Place = RUN_PLACE, superstep: int | None = None) -> None:
        """Something about the observation that a reader should know."""
        self._event(pb.EVENT_TYPE_NODE_WARNING, place, superstep, {"code": code, "message": message})

    def failure(self, error: BaseException, place: Place = RUN_PLACE, superstep: int | None = None) -> None:
        """A node execution, or the run itself, failed for good."""
        try:
            stack = "".join(traceback.format_exception(error, limit=64))
        except Exception:  # noqa: BLE001  # an exception may have a broken __str__
            stack = ""
        self._offer(
            cap.ErrorCapture(
                self.run,
                now_us(),
                place,
                superstep,
                exception_type=_name_of(error),
                message=_message_of(error),
                stack_trace=stack,
            )
        )

    # ---- nodes and edges -------------------------------------------------------------------------------------

    def node_started(
        self, place: Place, superstep: int | None, triggers: Sequence[str] = (), given: Any = None
    ) -> None:
        """A try of a node execution begins; ``given`` is its own input, where it is not the state."""
        attributes: dict[str, Any] | None = None
        size = cap.BASE_BYTES
        if triggers:
            attributes = {"triggers": tuple(map(str, triggers))}  # texts, for the encoder tells them apart as such
        if given is not None:
            attributes = attributes or {}
            attributes["input"], more = self._text(given, self.settings.attribute_bytes)
            size += more
        self._event(pb.EVENT_TYPE_NODE_START, place, superstep, attributes, size=size)

    def node_ended(
        self, place: Place, superstep: int | None, duration_us: int, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """A node execution is done."""
        self._event(pb.EVENT_TYPE_NODE_END, place, superstep, attributes, duration_us=duration_us)

    def node_failed(
        self,
        place: Place,
        superstep: int | None,
        duration_us: int,
        error: BaseException,
        *,
        will_retry: bool | None,
    ) -> None:
        """A try of a node execution failed; ``will_retry`` None means that only the future knows."""
        self._event(
            pb.EVENT_TYPE_NODE_ERROR,
            place,
            superstep,
            {"error.type": _name_of(error), "error.message": _message_of(error), "will_retry": will_retry},
            duration_us=duration_us,
        )

    def edge(self, place: Place, superstep: int | None, source: str, target: str, kind: int, count: int = 1) -> None:
        """An edge was taken."""
        edge = cap.EventCapture(self.run, now_us(), place, superstep, pb.EVENT_TYPE_EDGE_TRAVERSAL)
        edge.routing = (source, target, kind, place.execution_id, count)
        self._offer(edge)

    def progress(self, place: Place, superstep: int | None, attributes: Mapping[str, Any]) -> None:
        """Something that the program itself wants to say."""
        described: dict[str, Any] = {}
        size = cap.BASE_BYTES
        for key, value in attributes.items():
            if isinstance(value, (str, bool, int, float)) or value is None:
                described[key] = value
            else:
                described[key], more = self._text(value, self.settings.attribute_bytes)
                size += more
        self._event(pb.EVENT_TYPE_NODE_PROGRESS, place, superstep, described, size=size)

    # ---- state -----------------------------------------------------------------------------------------------

    def state(
        self, ns: str, value: Any, superstep: int | None, *, is_start: bool = False, place: Place | None = None
    ) -> None:
        """The state of a namespace after a superstep, or as it is before the first (``is_start``)."""
        if not self.settings.state:
            return
        self._state(ns, value, superstep, is_start=is_start, is_final=False, place=place)

    def settle_state(self, ns: str, value: Any, superstep: int | None) -> None:
        """Compare the last state of a namespace once more as a whole; what was missed goes out now."""
        if self.settings.state and ns in self._tracks and self._normaliser.is_trusted(ns):
            self._state(ns, value, superstep, is_start=False, is_final=True, place=None)

    def _state(
        self, ns: str, value: Any, superstep: int | None, *, is_start: bool, is_final: bool, place: Place | None
    ) -> None:
        json, size, tripped = self._normaliser.state(ns, value, final=is_final)
        place = place or (RUN_PLACE if not ns else Place(ns=ns))
        if is_final and not tripped:
            return
        track = self._tracks.get(ns)
        if track is None:
            track = self._tracks[ns] = cap.StateTrack()
        if tripped:
            message = "parts of the state were changed in place; this diff may hold changes of earlier steps"
            self.warning("in_place_mutation", message, place, superstep)
        self._offer(
            cap.StateCapture(
                self.run,
                now_us(),
                place,
                superstep,
                track,
                json,
                is_start=is_start,
                size=cap.BASE_BYTES + size,
            )
        )

    # ---- models and tools ------------------------------------------------------------------------------------

    def llm_started(
        self,
        place: Place,
        superstep: int | None,
        request_id: str,
        *,
        model: str,
        provider: str,
        messages: Sequence[Any],
    ) -> None:
        """A model is asked. Only what its prompt adds to the node's previous one is carried."""
        attributes: dict[str, Any] = {"llm.model": model, "llm.provider": provider}
        size = cap.BASE_BYTES
        if self.settings.prompts:
            prompt, more = self._normaliser.value(list(messages))
            size += more
            base = self._prompts.get(place.node_id)
            shared = _shared(base[1], prompt) if base is not None else 0
            if base is not None and shared:
                attributes["llm.prompt_base"] = base[0]
                attributes["llm.prompt_base_count"] = shared
            attributes["llm.prompt"] = JsonText(prompt[shared:], self.settings.prompt_bytes, "llm.prompt_truncated")
            if len(self._prompts) < MAX_PROMPTS_KEPT or place.node_id in self._prompts:
                self._prompts[place.node_id] = (request_id, prompt)
        self._event(pb.EVENT_TYPE_LLM_START, place, superstep, attributes, request_id=request_id, size=size)

    def token(self, place: Place, superstep: int | None, stream: cap.TokenStream, text: str) -> None:
        """A model said something; gathered with what follows within the flush interval."""
        stream.parts.append(text)
        if not stream.is_queued:
            stream.is_queued = True
            self._offer(cap.TokenCapture(self.run, now_us(), place, superstep, stream, None))

    def tokens_ended(
        self,
        place: Place,
        superstep: int | None,
        stream: cap.TokenStream,
        finish_reason: str,
        usage: tuple[int, int, int],
    ) -> None:
        """The last token of a model call was seen."""
        self._offer(cap.TokenCapture(self.run, now_us(), place, superstep, stream, (finish_reason, *usage)))

    def llm_ended(
        self,
        place: Place,
        superstep: int | None,
        request_id: str,
        duration_us: int,
        *,
        usage: tuple[int, int, int] | None,
        finish_reason: str,
        output: Any = None,
    ) -> None:
        """A model answered; ``output`` is given only where no tokens were recorded."""
        attributes: dict[str, Any] = {"llm.finish_reason": finish_reason or None}
        size = cap.BASE_BYTES
        if usage is not None:
            attributes["llm.prompt_tokens"], attributes["llm.completion_tokens"] = usage[0], usage[1]
            attributes["llm.total_tokens"] = usage[2]
        if output is not None and self.settings.prompts:
            attributes["llm.output"], more = self._text(output, self.settings.attribute_bytes)
            size += more
        self._event(
            pb.EVENT_TYPE_LLM_END,
            place,
            superstep,
            attributes,
            duration_us=duration_us,
            request_id=request_id,
            size=size,
        )

    def llm_failed(
        self, place: Place, superstep: int | None, request_id: str, duration_us: int, error: BaseException
    ) -> None:
        """A model call failed."""
        self._event(
            pb.EVENT_TYPE_LLM_ERROR,
            place,
            superstep,
            {"error.type": _name_of(error), "error.message": _message_of(error)},
            duration_us=duration_us,
            request_id=request_id,
        )

    def tool_started(self, place: Place, superstep: int | None, call_id: str, name: str, arguments: Any) -> None:
        """A tool is called."""
        text, size = self._text(arguments, self.settings.attribute_bytes)
        stage = int(pb.ToolExecution.STARTED)
        self._offer(
            cap.ToolCapture(
                self.run,
                now_us(),
                place,
                superstep,
                call_id=call_id,
                name=name,
                stage=stage,
                arguments=text,
                size=cap.BASE_BYTES + size,
            )
        )

    def tool_ended(
        self,
        place: Place,
        superstep: int | None,
        call_id: str,
        name: str,
        duration_us: int,
        *,
        result: Any = None,
        error: BaseException | None = None,
    ) -> None:
        """A tool answered or failed."""
        text, size = self._text(result, self.settings.attribute_bytes) if error is None else (None, 0)
        self._offer(
            cap.ToolCapture(
                self.run,
                now_us(),
                place,
                superstep,
                call_id=call_id,
                name=name,
                stage=int(pb.ToolExecution.COMPLETED if error is None else pb.ToolExecution.FAILED),
                result=text,
                error="" if error is None else f"{_name_of(error)}: {_message_of(error)}",
                duration_us=duration_us,
                size=cap.BASE_BYTES + size,
            )
        )

    # ---- shared ----------------------------------------------------------------------------------------------

    def _text(self, value: Any, limit: int) -> tuple[JsonText, int]:
        json, size = self._normaliser.value(value)
        return JsonText(json, limit), size

    def _event(
        self,
        event_type: int,
        place: Place = RUN_PLACE,
        superstep: int | None = None,
        attributes: Mapping[str, Any] | None = None,
        *,
        duration_us: int = 0,
        request_id: str = "",
        is_vital: bool = False,
        size: int = cap.BASE_BYTES,
    ) -> None:
        event = cap.EventCapture(self.run, now_us(), place, superstep, event_type, attributes, duration_us, size)
        event.request_id = request_id
        event.is_vital = is_vital
        self._offer(event)


def _shared(before: list[Any], after: list[Any]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old != new:
            break
        count += 1
    return count


def _name_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # a broken __str__ belongs to the program
        return ""
