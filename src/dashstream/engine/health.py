"""Health: facts in, one level with its reasons out. Pure.

Laws:

1. A fact that is not known is None and says so in ``unknown``; it never counts as zero and never as good.
2. Idle is not degraded: a check looks at what failed among what was tried, so nothing tried is nothing
   failed.
3. Rates look at a recent window, so an incident of last week does not colour today.
4. Every level is reachable, and each reason names its check, so that an alert can say what to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

WINDOW_S = 60.0
"""Length of a recent window."""
BUCKET_S = 5.0
"""Resolution of a recent window."""

FAILURE_SAMPLE_RECORDS = 50
"""Fewest recent new records from which a rate of failures says anything."""
FAILURE_RATIO_HIGH = 0.05

DISK_FREE_LOW_BYTES = 512 << 20
INDEX_LAG_HIGH_RECORDS = 50_000
PAUSES_SHOWN = 5


class Level(StrEnum):
    """How well the gateway does its work."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the level is not ok."""

    check: str
    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the gateway now; None is "not known". Counts are over the recent window."""

    log_error: str | None = None
    log_reachable: bool | None = None
    pump_running: bool | None = None
    index_error: str | None = None
    index_lag: int | None = None
    keys_error: str | None = None
    """Why the file of keys, as it is now, is not used."""
    disk_free_bytes: int | None = None
    records_accepted: int | None = None
    records_rejected: int | None = None
    new_records: int | None = None
    """Records that came after the session began, of the partitions owned here; old ones are in no count."""
    new_failures: int | None = None
    payloads_missing: int | None = None
    requests_overloaded: int | None = None
    clients: int | None = None
    """Connections now; told and never judged, as is how long the latest of them takes to apply."""
    slow_clients: int | None = None
    apply_lag_s: float | None = None
    sends_failed: Mapping[str, int] | None = None
    """Connections that broke, by what was sent on them, since the gateway started; told and never judged."""
    sends_failed_recently: int | None = None
    sends_timed_out: Mapping[str, int] | None = None
    """As above, of peers that did not read in time."""
    sends_timed_out_recently: int | None = None
    duties_error: str | None = None
    heads_unresolved: int | None = None
    partitions_paused: tuple[str, ...] | None = None
    """What stopped each paused partition, in words."""
    dead_letters_error: str | None = None
    dead_letters_lost: int | None = None
    dead_letters_written: int | None = None
    """Since the gateway started, as the ones waiting: what there is to look at, and never judged."""
    dead_letters_waiting: int | None = None
    commit_error: str | None = None
    retained_failing: bool | None = None
    """Whether the retained tier cannot be written; None also where there is none."""


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict: the worst level of its reasons, the facts it is about, and those that could not be judged."""

    level: Level
    reasons: tuple[Reason, ...]
    unknown: tuple[str, ...]
    facts: Facts


class RecentWindow:
    """Counts of the last minute or so. Time is given by the caller and must not go back."""

    def __init__(self, window_s: float = WINDOW_S, bucket_s: float = BUCKET_S) -> None:
        self._window_s = window_s
        self._bucket_s = bucket_s
        self._buckets: deque[tuple[float, int]] = deque()

    def add(self, count: int, now: float) -> None:
        """Count something that happened at ``now`` (monotonic seconds)."""
        start = now - now % self._bucket_s
        if self._buckets and self._buckets[-1][0] == start:
            self._buckets[-1] = (start, self._buckets[-1][1] + count)
        else:
            self._buckets.append((start, count))
        self._forget(now)

    def total(self, now: float) -> int:
        """Return the count within the window that ends at ``now``."""
        self._forget(now)
        return sum(count for _, count in self._buckets)

    def _forget(self, now: float) -> None:
        while self._buckets and self._buckets[0][0] + self._bucket_s <= now - self._window_s:
            self._buckets.popleft()


class RisingTotal:
    """A total that only rises, seen as a count within the recent window: what it rose by counts when that is seen."""

    def __init__(self, total: Callable[[], int]) -> None:
        self._total = total
        self._last = total()
        self._window = RecentWindow()

    def recent(self, now: float) -> int:
        """Look at the total; return by how much it was seen to rise within the window that ends at ``now``."""
        total = self._total()
        if total > self._last:
            self._window.add(total - self._last, now)
        self._last = total
        return self._window.total(now)


def judge(facts: Facts) -> Health:
    """Return the verdict on the facts."""
    reasons = tuple(reason for check in _CHECKS if (reason := check(facts)))
    levels = [reason.level for reason in reasons]
    worst = max(levels, key=list(Level).index, default=Level.OK)
    unknown = tuple(name for name in _JUDGED if getattr(facts, name) is None)
    return Health(worst, reasons, unknown, facts)


def _log(facts: Facts) -> Reason | None:
    if facts.log_reachable is False:
        return Reason("log", Level.FAILED, f"the log cannot be read: {facts.log_error or 'no answer'}")
    if facts.log_error:
        return Reason("log", Level.FAILED, f"the log refuses records: {facts.log_error}")
    return None


def _pump(facts: Facts) -> Reason | None:
    if facts.pump_running is False:
        return Reason("pump", Level.FAILED, "the log is not being read for live delivery")
    return None


def _index(facts: Facts) -> Reason | None:
    if facts.index_error:
        return Reason("index", Level.DEGRADED, f"the run index is stopped: {facts.index_error}")
    if facts.index_lag is not None and facts.index_lag > INDEX_LAG_HIGH_RECORDS:
        return Reason("index", Level.DEGRADED, f"the run index is {facts.index_lag} records behind the log")
    return None


def _disk(facts: Facts) -> Reason | None:
    if facts.disk_free_bytes is not None and facts.disk_free_bytes < DISK_FREE_LOW_BYTES:
        return Reason("disk", Level.DEGRADED, f"{facts.disk_free_bytes >> 20} MiB free in the data directory")
    return None


def _keys(facts: Facts) -> Reason | None:
    if facts.keys_error:
        return Reason("keys", Level.DEGRADED, f"the file of keys is refused, those of before stay: {facts.keys_error}")
    return None


def _rejections(facts: Facts) -> Reason | None:
    if facts.records_rejected:
        return Reason("ingest", Level.DEGRADED, f"{facts.records_rejected} records were refused in the last minute")
    return None


def _failures(facts: Facts) -> Reason | None:
    seen, failed = facts.new_records or 0, facts.new_failures or 0
    if seen >= FAILURE_SAMPLE_RECORDS and failed > FAILURE_RATIO_HIGH * seen:
        return Reason("decode", Level.DEGRADED, f"{failed} of {seen} new records of the last minute are unprocessable")
    return None


def _missing(facts: Facts) -> Reason | None:
    if facts.payloads_missing:
        detail = f"{facts.payloads_missing} new records of the last minute have no payload: data may be lost"
        return Reason("missing_payload", Level.DEGRADED, detail)
    return None


def _duties(facts: Facts) -> Reason | None:
    if facts.duties_error:
        return Reason("duties", Level.DEGRADED, f"dead letters and commits stand still: {facts.duties_error}")
    if facts.commit_error:
        return Reason("duties", Level.DEGRADED, f"positions cannot be committed: {facts.commit_error}")
    return None


def _heads(facts: Facts) -> Reason | None:
    if facts.heads_unresolved:
        detail = f"where new data begins is not known for {facts.heads_unresolved} partitions; their duties wait"
        return Reason("heads", Level.DEGRADED, detail)
    return None


def _paused(facts: Facts) -> Reason | None:
    if facts.partitions_paused:
        shown = "; ".join(facts.partitions_paused[:PAUSES_SHOWN])
        more = len(facts.partitions_paused) - PAUSES_SHOWN
        return Reason("paused", Level.DEGRADED, shown + (f"; and {more} more" if more > 0 else ""))
    return None


def _dead_letters(facts: Facts) -> Reason | None:
    if facts.dead_letters_error:
        return Reason("dead_letters", Level.DEGRADED, f"dead letters cannot be written: {facts.dead_letters_error}")
    if facts.dead_letters_lost:
        return Reason("dead_letters", Level.DEGRADED, f"{facts.dead_letters_lost} dead letters of the last minute lost")
    return None


def _retained(facts: Facts) -> Reason | None:
    if facts.retained_failing:
        return Reason("retained", Level.DEGRADED, "the retained tier cannot be written; replays read the log instead")
    return None


def _overload(facts: Facts) -> Reason | None:
    if facts.requests_overloaded:
        return Reason(
            "overload",
            Level.DEGRADED,
            f"{facts.requests_overloaded} requests were put off in the last minute",
        )
    return None


def _slow_clients(facts: Facts) -> Reason | None:
    if facts.slow_clients:
        return Reason("clients", Level.DEGRADED, f"{facts.slow_clients} clients do not keep up")
    return None


_CHECKS: tuple[Callable[[Facts], Reason | None], ...] = (
    _log,
    _pump,
    _index,
    _disk,
    _keys,
    _rejections,
    _failures,
    _missing,
    _duties,
    _heads,
    _paused,
    _dead_letters,
    _retained,
    _overload,
    _slow_clients,
)

_JUDGED = (
    "log_reachable",
    "pump_running",
    "index_lag",
    "disk_free_bytes",
    "records_accepted",
    "records_rejected",
    "new_records",
    "new_failures",
    "payloads_missing",
    "requests_overloaded",
    "slow_clients",
    "heads_unresolved",
    "partitions_paused",
    "dead_letters_lost",
)
