"""When a client is too late to go on with: both ends of it leave the cursor valid, and it may come back at once.

- *slow*: its window is full and it has acknowledged nothing for a while. It reads, or it would be found by the send
  timeout, but it does not apply: a page that hangs, or one that nobody sees.
- *replay timed out*: its replay has not come to the verdict in time, however slowly it goes on.

Short of that, *lag* says how long what is sent waits to be applied: at each look all that was sent by then is marked,
and timed until it is acknowledged. So the hot path takes no time, and a lag is right to the pause between two looks.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.engine.credit import Credit
from dashstream.engine.limits import ClientLimits
from dashstream.protocol.codes import CloseCode


@dataclass(slots=True)
class Lateness:
    """What one subscription is measured by; ``now`` is monotonic seconds and must not go back."""

    begun: float
    _stuck_since: float | None = None
    _acknowledged: int = 0
    _marked_pages: int = 0
    _marked_since: float | None = None
    _last_lag_s: float = 0.0
    lag_s: float = 0.0
    """Seconds from sending to the word that it is applied: of the last mark, or of the present one if longer."""

    def judge(self, credit: Credit, limits: ClientLimits, now: float, *, has_verdict: bool) -> CloseCode | None:
        """Return the code to close with, None while all is well. To be called now and then."""
        self._measure(credit, now)
        if not has_verdict and now - self.begun > limits.replay_timeout_s:
            return CloseCode.REPLAY_TIMEOUT
        if credit.is_open or credit.acknowledged_pages != self._acknowledged:
            self._stuck_since, self._acknowledged = None, credit.acknowledged_pages
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > limits.ack_timeout_s:
            return CloseCode.SLOW
        return None

    def _measure(self, credit: Credit, now: float) -> None:
        if self._marked_since is None:
            self._last_lag_s = 0.0
        elif credit.acknowledged_pages >= self._marked_pages:
            self._last_lag_s, self._marked_since = now - self._marked_since, None
        owes = credit.sent_pages > credit.acknowledged_pages
        if self._marked_since is None and owes:
            self._marked_pages, self._marked_since = credit.sent_pages, now
        self.lag_s = max(self._last_lag_s, 0.0 if self._marked_since is None else now - self._marked_since)
