"""Failures and pauses in the gateway's own log: one line per interval, and none when all is well.

Numbers are the primary signal; this is for who reads the log. No record has a line of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from typing import Any

import structlog

from dashstream.engine.duties import Duties
from dashstream.engine.letter_sender import LetterSender

_log = structlog.get_logger(__name__)


class DutyReport:
    """Sums up what happened since it was last asked."""

    def __init__(self, duties: Duties, sender: LetterSender) -> None:
        self._duties = duties
        self._sender = sender
        self._failures: Tally[tuple[str, str]] = Tally()
        self._lost = 0

    def line(self) -> dict[str, Any] | None:
        """Return what there is to say, or None."""
        fresh = self._duties.numbers.failures - self._failures
        lost = self._sender.totals["lost"] - self._lost
        self._failures += fresh
        self._lost += lost
        said: dict[str, Any] = {}
        for (age, kind), count in sorted(fresh.items()):
            said.setdefault(age, {})[kind] = count
        if lost:
            said["dead_letters_lost"] = lost
        if self._sender.error is not None:
            said["dead_letters"] = self._sender.error
        if pauses := self._duties.pauses:
            said["paused"] = [str(pause) for pause in pauses[:5]]
        return said or None

    async def run(self, interval_s: float) -> None:
        """Write a line per interval, until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            if (said := self.line()) is not None:
                _log.warning("unprocessable_records", **said)
