"""What clients are refused: counted for the gateway, told in the log once per connection and class.

The classes are closed sets, so neither metrics nor log grow with what a client sends; nothing of its text is logged.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from dashstream.engine.ports import Metrics
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.position import PositionFault

_log = structlog.get_logger(__name__)


class Refusals:
    """Counts of one gateway."""

    def __init__(self, metrics: Metrics) -> None:
        self._frames = metrics.counter(
            "dashstream_client_frames_refused_total",
            "Frames of clients that were answered by an error",
            {"code": [code.value for code in ErrorCode]},
        )
        self._entries = metrics.counter(
            "dashstream_cursor_entries_ignored_total",
            "Entries of cursors that could not be used, whether the rest was or the whole was refused",
            {"reason": [fault.value for fault in PositionFault]},
        )

    def of_connection(self, session: str) -> ConnectionRefusals:
        """Return where one connection's refusals go."""
        return ConnectionRefusals(self, session)

    def count(self, what: ErrorCode | PositionFault, count: int) -> None:
        """Count refusals of one class."""
        if isinstance(what, ErrorCode):
            self._frames.inc(count, code=what)
        else:
            self._entries.inc(count, reason=what)


class ConnectionRefusals:
    """Those of one connection: all are counted, the first of each class is told."""

    def __init__(self, gateway: Refusals, session: str) -> None:
        self._gateway = gateway
        self._session = session
        self._told: set[str] = set()

    def note(self, refused: Iterable[tuple[ErrorCode | PositionFault, int]]) -> None:
        """Count what was refused since the last call."""
        for what, count in refused:
            self._gateway.count(what, count)
            if what not in self._told:
                self._told.add(what)
                _log.warning("client refused", session=self._session, reason=what.value, count=count)
