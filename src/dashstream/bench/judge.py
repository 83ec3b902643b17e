"""The judge of what clients were delivered: compares their journals with what is on the log.

It shares no code with the gateway, so that both are not wrong in the same way. Two questions, each answered by a list
of violations, empty if all is well:

- ``JournalChecker``: did a client get each record that passes its filter once, in order, unaltered, or an explicit gap
  where records had been removed; and were all counters right on the way?
- ``check_sequences``: is every acknowledged record on the log, and are the first copies of each thread exactly 1 to n,
  in order?
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dashstream.bench.facts import LogFacts, Record

GAP_REASONS = {"lost", "not_retained", "epoch_changed"}
CUT = "cut by the client"
"""Why a connection ended that nobody but its client wanted to end."""
Frame = Mapping[str, Any]


class Violation(NamedTuple):
    """What was promised and not kept."""

    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.detail}"


@dataclass
class _Line:
    """One partition as one client should see it: the records that pass, and how far the client is."""

    passing: list[Record]
    offsets: list[int]
    low: int
    next: int | None = None
    index: int = 0
    got: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    is_fresh: bool = True
    """Whether nothing was delivered since the subscription began or a gap was told."""

    def begin(self, start: int) -> None:
        """A subscription starts; what was followed before goes on where it was."""
        if self.next is None:
            self.next, self.index = start, bisect_left(self.offsets, start)
        self.is_fresh = True

    def pass_to(self, offset: int) -> list[int]:
        """The client's cursor is raised; return the records on the way."""
        end = bisect_left(self.offsets, offset, self.index)
        passed = self.offsets[self.index : end]
        self.index, self.next = end, max(self.next or 0, offset)
        return passed


class JournalChecker:
    """Reads the journal of one client, frame by frame."""

    def __init__(self, name: str, threads: Collection[str] | None, facts: LogFacts) -> None:
        self.violations: list[Violation] = []
        self.delivered = self.gaps = self.connections = self.cuts = 0
        self._name = name
        self._epoch = facts.epoch
        self._lines: dict[int, _Line] = {}
        for partition, records in facts.records.items():
            passing = records if threads is None else [record for record in records if record.key in threads]
            offsets = [record.offset for record in passing]
            self._lines[partition] = _Line(passing, offsets, facts.low[partition])
        self._ends = facts.high
        self._number = 0
        self._told_gaps = self._verdicts = self._ignored = 0
        self._failed_retryably = False
        self._is_done = False

    def check(self, journal: Iterable[Frame]) -> list[Violation]:
        """Return what is wrong with it."""
        takers = {
            "subscribe": self._subscribe,
            "subscribed": self._subscribed,
            "data": self._data,
            "gap": self._gap,
            "progress": self._progress,
            "replay_complete": self._verdict,
            "error": self._error,
            "closed": self._closed,
        }
        for frame in journal:
            self._is_done = frame["is"] == "done"
            if taker := takers.get(frame["is"]):
                taker(frame)
        if not self._is_done:
            self._violate("unfinished", "the client has not got to the log's end")
        for partition, line in self._lines.items():
            if line.next is not None:
                line.missing.update(line.pass_to(self._ends[partition]))
            else:
                self._violate("missing", f"partition {partition} was never delivered")
            self._report_missing(partition, line)
        return self.violations

    def _subscribe(self, _: Frame) -> None:
        self.connections += 1
        self._number = 0
        self._told_gaps = self._verdicts = self._ignored = 0
        self._failed_retryably = False

    def _subscribed(self, frame: Frame) -> None:
        if frame["epoch"] != self._epoch:
            self._violate("epoch", f"{frame['epoch']} is not the log's")
        self._ignored = len(frame.get("ignored") or ())
        if self._ignored:
            self._violate("resume", f"a part of the cursor was ignored: {frame['ignored']}")
        for partition, start in frame["start"].items():
            self._lines[int(partition)].begin(int(start))

    def _data(self, frame: Frame) -> None:
        if frame["first"] != self._number + 1:
            self._violate("delivery number", f"{frame['first']} after {self._number}")
        self._number = frame["first"] + len(frame["rows"]) - 1
        for partition, offset, step, crc in frame["rows"]:
            self._record(partition, offset, step, crc)

    def _record(self, partition: int, offset: int, step: int, crc: int) -> None:
        line = self._lines[partition]
        if line.next is None:
            line.begin(offset)
        self.delivered += 1
        place = f"{partition}/{offset}"
        at = line.index
        if at >= len(line.offsets) or line.offsets[at] != offset:
            at = bisect_left(line.offsets, offset)
            if at >= len(line.offsets) or line.offsets[at] != offset:
                self._violate("foreign", f"{place} is not on the log, or does not pass the filter")
                return
        if line.passing[at].crc != crc:
            self._violate("altered", place)
        if offset in line.got:
            self._violate("duplicate", place)
            return
        line.got.add(offset)
        if offset < (line.next or 0):
            self._violate("reordered", f"{place} came after {line.next}")
            line.missing.discard(offset)
            return
        line.missing.update(line.pass_to(offset))
        self._check_step(line, place, at, step)
        line.index, line.next, line.is_fresh = at + 1, offset + 1, False

    def _check_step(self, line: _Line, place: str, at: int, step: int) -> None:
        before = line.offsets[at - 1] if at else None
        if line.is_fresh and (step == 0 or line.offsets[at] - step <= (before or 0)):
            return
        if before is None or line.offsets[at] - step != before:
            self._violate("step", f"{place} says {step}, the record before it that passes is at {before}")

    def _gap(self, frame: Frame) -> None:
        line = self._lines[frame["partition"]]
        start, end = int(frame["from"]), int(frame["to"])
        place = f"{frame['partition']}/{start}-{end}"
        self.gaps += 1
        self._told_gaps += 1
        if frame["reason"] not in GAP_REASONS or start >= end:
            self._violate("gap", f"{place} {frame['reason']}")
        line.missing.update(line.pass_to(start))
        if kept := [offset for offset in line.pass_to(end) if offset >= line.low]:
            self._violate("false gap", f"{place}: {len(kept)} of its records are still on the log")
        line.is_fresh = True

    def _progress(self, frame: Frame) -> None:
        for partition, offset in frame["positions"].items():
            line = self._lines[int(partition)]
            if line.next is None:
                line.begin(int(offset))
            line.missing.update(line.pass_to(int(offset)))

    def _verdict(self, frame: Frame) -> None:
        self._verdicts += 1
        if self._verdicts > 1:
            self._violate("verdict", "a second one on one subscription")
        if frame["outcome"] == "refused":
            if not self._failed_retryably:
                self._violate("refused", "a subscribe was refused")
        elif (frame["outcome"] == "complete") is not (not self._told_gaps and not self._ignored):
            self._violate("verdict", f"{frame['outcome']} after {self._told_gaps} gaps")
        elif frame["gaps"] != self._told_gaps or int(frame["delivered"]) != self._number:
            counts = f"{self._number} records and {self._told_gaps} gaps"
            self._violate("verdict", f"{frame['delivered']} records and {frame['gaps']} gaps said, not {counts}")

    def _error(self, frame: Frame) -> None:
        self._failed_retryably = frame["retryable"]
        if not frame["retryable"]:
            self._violate("error", f"{frame['code']}: {frame['message']}")

    def _closed(self, frame: Frame) -> None:
        self.cuts += frame["reason"] == CUT

    def _report_missing(self, partition: int, line: _Line) -> None:
        if line.missing:
            first = sorted(line.missing)[:5]
            self._violate("missing", f"partition {partition}: {len(line.missing)} records, the first at {first}")

    def _violate(self, rule: str, detail: str) -> None:
        self.violations.append(Violation(rule, self._name, detail))


@dataclass
class Sequences:
    """What was found out about the producers' records."""

    violations: list[Violation]
    records: int
    repeats: int


def check_sequences(facts: LogFacts, reports: Iterable[Mapping[str, Any]]) -> Sequences:
    """Compare what is on the log with what producers say was acknowledged; repeats are allowed, and counted."""
    last: dict[tuple[str, int, str], int] = {}
    violations = []
    records = repeats = 0
    for partition, found in facts.records.items():
        for record in found:
            if record.identity is None:
                if not record.is_bad:
                    violations.append(Violation("identity", f"{partition}/{record.offset}", "nobody's record"))
                continue
            records += 1
            sequence = record.identity.sequence
            counter = record.identity[:3]
            expected = last.get(counter, 0) + 1
            if sequence < expected:
                repeats += 1
            elif sequence > expected:
                detail = f"{sequence} at {partition}/{record.offset} after {expected - 1}"
                violations.append(Violation("sequence", str(counter), detail))
            last[counter] = max(sequence, last.get(counter, 0))
    reported = {
        (report["producer"], epoch, thread): count for report in reports for epoch, thread, count in report["counts"]
    }
    for counter in sorted(reported.keys() | last.keys()):
        if reported.get(counter, 0) != last.get(counter, 0):
            detail = f"{reported.get(counter, 0)} acknowledged, {last.get(counter, 0)} on the log"
            violations.append(Violation("sequence", str(counter), detail))
    return Sequences(violations, records, repeats)
