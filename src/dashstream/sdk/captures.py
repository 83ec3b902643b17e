"""What the program's thread hands to the background thread: small values that are never changed afterwards.

A capture holds no live object of the program: states, inputs and prompts were made into JSON values before
(``normalise.py``). Turning captures into record bytes, hashing and redaction happen in the background thread
(``encoder.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashstream.protocol.gen import dashstream_pb2 as pb

EVENT = int(pb.MESSAGE_TYPE_EVENT)
STATE_DIFF = int(pb.MESSAGE_TYPE_STATE_DIFF)
TOKEN_CHUNK = int(pb.MESSAGE_TYPE_TOKEN_CHUNK)
TOOL_EXECUTION = int(pb.MESSAGE_TYPE_TOOL_EXECUTION)
CHECKPOINT = int(pb.MESSAGE_TYPE_CHECKPOINT)
ERROR = int(pb.MESSAGE_TYPE_ERROR)
LOSS = int(pb.MESSAGE_TYPE_LOSS)
GRAPH_SCHEMA = int(pb.MESSAGE_TYPE_GRAPH_SCHEMA)

BASE_BYTES = 300
"""Estimated memory of a capture without its content; the queue's bound in bytes counts with it."""


class RunContext:
    """One run as all its records name it. ``dropped`` and ``observer_ns`` are counted while it runs."""

    __slots__ = (
        "counted",
        "dropped",
        "graph_id",
        "observer_ns",
        "parent_run_id",
        "prefix",
        "prefix_owner",
        "run_id",
        "tenant",
        "thread_id",
    )

    def __init__(
        self, *, run_id: str, thread_id: str, tenant: str = "default", parent_run_id: str = "", graph_id: str = ""
    ) -> None:
        self.run_id = run_id
        self.thread_id = thread_id
        self.tenant = tenant
        self.parent_run_id = parent_run_id
        self.graph_id = graph_id
        self.dropped = 0
        self.observer_ns = 0
        self.counted = (0, 0)
        """The epoch of the newest record and how many there were in it."""
        self.prefix = b""
        self.prefix_owner: tuple[str, int, str] | None = None


class Place:
    """Where in a run something happened: a try of a node execution in a namespace, or the run itself."""

    __slots__ = ("attempt", "encoded", "execution_id", "node_id", "ns")

    def __init__(self, node_id: str = "", execution_id: str = "", attempt: int = 0, ns: str = "") -> None:
        self.node_id = node_id
        self.execution_id = execution_id
        self.attempt = attempt
        self.ns = ns
        self.encoded: bytes | None = None


RUN_PLACE = Place()


class JsonText:
    """A JSON value that becomes text of at most ``limit`` bytes in a record."""

    __slots__ = ("limit", "truncated_key", "value")

    def __init__(self, value: Any, limit: int, truncated_key: str = "") -> None:
        self.value = value
        self.limit = limit
        self.truncated_key = truncated_key


class Capture:
    """Common part: which run, which kind, when, where, and the estimated size in memory."""

    __slots__ = ("place", "run", "size", "superstep", "timestamp_us")
    kind = 0
    is_vital = False

    def __init__(self, run: RunContext, timestamp_us: int, place: Place, superstep: int | None, size: int) -> None:
        self.run = run
        self.timestamp_us = timestamp_us
        self.place = place
        self.superstep = superstep
        self.size = size


class EventCapture(Capture):
    """A lifecycle fact. Vital ones (a run's start and end) may use the queue's reserve."""

    __slots__ = ("attributes", "duration_us", "event_type", "is_vital", "request_id", "routing", "status")
    kind = EVENT

    def __init__(  # noqa: PLR0917  # one parameter for each fact that most events have
        self,
        run: RunContext,
        timestamp_us: int,
        place: Place,
        superstep: int | None,
        event_type: int,
        attributes: Mapping[str, Any] | None = None,
        duration_us: int = 0,
        size: int = BASE_BYTES,
    ) -> None:
        self.run = run  # not through the base class: most captures are made here
        self.timestamp_us = timestamp_us
        self.place = place
        self.superstep = superstep
        self.size = size
        self.event_type = event_type
        self.attributes = attributes
        self.duration_us = duration_us
        self.request_id = ""
        self.status = 0
        self.routing: tuple[str, str, int, str, int] | None = None
        self.is_vital = False


class StateTrack:
    """The background thread's memory of one namespace of one run: what readers have been told so far."""

    __slots__ = ("diff_bytes", "full_bytes", "generation", "hashed", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.hashed: Any = None
        self.generation = -1
        self.diff_bytes = 0
        self.full_bytes = 0


class StateCapture(Capture):
    """A state as it is after a superstep, or (``is_start``) as it is before the first."""

    __slots__ = ("is_start", "track", "value")
    kind = STATE_DIFF

    def __init__(
        self,
        run: RunContext,
        timestamp_us: int,
        place: Place,
        superstep: int | None,
        track: StateTrack,
        value: Any,
        *,
        is_start: bool,
        size: int,
    ) -> None:
        super().__init__(run, timestamp_us, place, superstep, size)
        self.track = track
        self.value = value
        self.is_start = is_start


class TokenStream:
    """Tokens of one model call; text gathers here until the background thread takes it."""

    __slots__ = ("chunk_index", "is_queued", "model", "parts", "request_id")

    def __init__(self, request_id: str, model: str) -> None:
        self.request_id = request_id
        self.model = model
        self.parts: list[str] = []
        self.is_queued = False
        self.chunk_index = 0


class TokenCapture(Capture):
    """Notice that a token stream has text, or (``final``) that it ended."""

    __slots__ = ("final", "stream")
    kind = TOKEN_CHUNK

    def __init__(
        self,
        run: RunContext,
        timestamp_us: int,
        place: Place,
        superstep: int | None,
        stream: TokenStream,
        final: tuple[str, int, int, int] | None,
    ) -> None:
        super().__init__(run, timestamp_us, place, superstep, BASE_BYTES)
        self.stream = stream
        self.final = final


class ToolCapture(Capture):
    """A stage of one tool call."""

    __slots__ = ("arguments", "call_id", "duration_us", "error", "name", "result", "stage")
    kind = TOOL_EXECUTION

    def __init__(  # noqa: PLR0913  # one parameter for each fact
        self,
        run: RunContext,
        timestamp_us: int,
        place: Place,
        superstep: int | None,
        *,
        call_id: str,
        name: str,
        stage: int,
        arguments: JsonText | None = None,
        result: JsonText | None = None,
        error: str = "",
        duration_us: int = 0,
        size: int = BASE_BYTES,
    ) -> None:
        super().__init__(run, timestamp_us, place, superstep, size)
        self.call_id = call_id
        self.name = name
        self.stage = stage
        self.arguments = arguments
        self.result = result
        self.error = error
        self.duration_us = duration_us


class ErrorCapture(Capture):
    """The final failure of a node execution or of a run."""

    __slots__ = ("exception_type", "message", "stack_trace")
    kind = ERROR

    def __init__(
        self,
        run: RunContext,
        timestamp_us: int,
        place: Place,
        superstep: int | None,
        *,
        exception_type: str,
        message: str,
        stack_trace: str,
    ) -> None:
        super().__init__(run, timestamp_us, place, superstep, BASE_BYTES + len(message) + len(stack_trace))
        self.exception_type = exception_type
        self.message = message
        self.stack_trace = stack_trace


class SchemaCapture(Capture):
    """The declared structure of a graph, already encoded once for all its runs."""

    __slots__ = ("encoded",)
    kind = GRAPH_SCHEMA
    is_vital = True

    def __init__(self, run: RunContext, timestamp_us: int, encoded: bytes) -> None:
        super().__init__(run, timestamp_us, RUN_PLACE, None, BASE_BYTES + len(encoded))
        self.encoded = encoded


class LossCapture(Capture):
    """Telemetry of this run that was dropped: (kind, reason) -> [count, first timestamp, last timestamp]."""

    __slots__ = ("items",)
    kind = LOSS
    is_vital = True

    def __init__(self, run: RunContext, timestamp_us: int, items: dict[tuple[int, int], list[int]]) -> None:
        super().__init__(run, timestamp_us, RUN_PLACE, None, BASE_BYTES)
        self.items = items
