"""What became of sending: failures and timeouts, each by the path that was being sent on.

A *timeout* is a peer that did not read within the send timeout; a *failure* is one whose connection broke with
something on its way or owed to it. Neither ever counts as the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dashstream.engine.ports import Metrics


class SendPath(StrEnum):
    """What was being sent."""

    CONTROL = "control"
    REPLAY = "replay"
    LIVE = "live"
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"
    HTTP = "http"


class Sends:
    """Counts of one gateway."""

    def __init__(self, metrics: Metrics) -> None:
        labels = {"path": [path.value for path in SendPath]}
        self._failed = dict.fromkeys(SendPath, 0)
        self._timed_out = dict.fromkeys(SendPath, 0)
        self._failures = metrics.counter(
            "dashstream_sends_failed_total", "Connections that broke, by what was sent on them last", labels
        )
        self._timeouts = metrics.counter(
            "dashstream_sends_timed_out_total",
            "Connections closed because their peer did not read or answer in time, by what it was sent",
            labels,
        )

    @property
    def failed(self) -> Mapping[SendPath, int]:
        """Failures since the gateway started."""
        return self._failed

    @property
    def timed_out(self) -> Mapping[SendPath, int]:
        """Timeouts since the gateway started."""
        return self._timed_out

    def note_failure(self, path: SendPath) -> None:
        """Count a connection that broke."""
        self._failed[path] += 1
        self._failures.inc(path=path)

    def note_timeout(self, path: SendPath) -> None:
        """Count a peer that did not read in time."""
        self._timed_out[path] += 1
        self._timeouts.inc(path=path)
