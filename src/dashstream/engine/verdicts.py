"""What an examination of a log means: one finding for each promise that a log makes. Pure."""

from __future__ import annotations

from collections import Counter as Tally

from dashstream.engine.examination import Examination
from dashstream.engine.finding import Finding, ok, problem, warning
from dashstream.engine.run_state import Doubt

RESTORE = "Restore the directory from a copy, or export the runs that are whole and start with an empty directory"


def judge_log(examination: Examination) -> list[Finding]:
    """Return the findings about offsets, records, sequences and states, in that order."""
    return [
        _offsets(examination),
        _records(examination),
        _sequences(examination),
        _states(examination),
    ]


def _offsets(examination: Examination) -> Finding:
    name, exam = "offsets", examination.offsets
    expected = sum(mark.high - mark.low for mark in examination.marks.values())
    counts = {"records": exam.records, "missing": exam.missing, "unread": exam.unread}
    if exam.missing or exam.unread:
        detail = f"{exam.missing + exam.unread} of {expected} offsets give no record ({'; '.join(exam.examples)})"
        return problem(name, detail, RESTORE, **counts)
    used = sum(mark.high > mark.low for mark in examination.marks.values())
    return ok(name, f"{exam.records} records in {used} of {len(examination.marks)} partitions, no hole", **counts)


def _records(examination: Examination) -> Finding:
    name, unreadable = "records", examination.unreadable
    counts = {"readable": examination.offsets.records - unreadable.total(), **unreadable}
    if not unreadable:
        return ok(name, "every record decodes", **counts)
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(unreadable.items()))
    if set(unreadable) == {"schema_mismatch"}:
        return warning(name, f"{reasons}: written by a newer version", "Update DashStream", **counts)
    return problem(name, f"{unreadable.total()} records do not decode: {reasons}", RESTORE, **counts)


def _sequences(examination: Examination) -> Finding:
    name, exam = "sequences", examination.sequences
    missing, lost, unexplained = exam.missing.total(), exam.lost.total(), exam.unexplained
    counts = {
        "counters": len(exam.counters),
        "sequenced": exam.sequenced,
        "missing": missing,
        "unexplained": unexplained,
        "reported_lost": lost,
        "between_runs": exam.between_runs,
        "duplicates": exam.duplicates,
        "reordered": exam.reordered,
    }
    if exam.duplicates or unexplained:
        worst = sorted(thread for thread, count in exam.missing.items() if count > exam.lost[thread])
        where = f" (thread {worst[0]})" if worst else ""
        detail = f"{unexplained} sequences are missing without a reported loss, {exam.duplicates} came twice{where}"
        return problem(name, detail, RESTORE, **counts)
    if exam.reordered:
        return warning(name, f"{exam.reordered} records are out of order", "Export and import the runs", **counts)
    if lost:
        remedy = "See the reasons on the run's page; raise DASHSTREAM_SDK_QUEUE_RECORDS or _SPOOL_BYTES"
        return warning(name, f"producers reported {lost} lost records, which explains every gap", remedy, **counts)
    if exam.between_runs:
        detail = f"no gap within a run; {exam.between_runs} records of other runs of these threads are not here"
        return ok(name, detail, **counts)
    return ok(name, f"no gap and no duplicate in {len(exam.counters)} counters", **counts)


def _states(examination: Examination) -> Finding:
    name, exam = "states", examination.states
    unexplained: Tally[Doubt] = Tally()
    explained: Tally[Doubt] = Tally()
    broken: list[str] = []
    for run_id, seen in exam.doubts.items():
        allowed = examination.explained_doubts(run_id)
        explained.update({doubt: count for doubt, count in seen.items() if doubt in allowed})
        found = {doubt: count for doubt, count in seen.items() if doubt not in allowed}
        unexplained.update(found)
        if found:
            broken.append(run_id)
    doubts = {str(doubt): unexplained[doubt] + explained[doubt] for doubt in [*unexplained, *explained]}
    counts = {"steps": exam.steps, "verified": exam.verified, **doubts}
    if unexplained:
        reasons = ", ".join(f"{count} {doubt}" for doubt, count in sorted(unexplained.items()))
        detail = f"{len(broken)} runs have states that their hash does not verify: {reasons} (run {broken[0]})"
        return problem(
            name, detail, "Look at the run; its page marks the steps and heals at the next checkpoint", **counts
        )
    if exam.unfinished:
        detail = (
            f"{exam.verified} of {exam.steps} steps verified; {len(exam.unfinished)} open runs were too many to follow"
        )
        return warning(name, detail, "Check again when fewer runs are open", **counts)
    if explained:
        detail = f"{exam.verified} of {exam.steps} steps verified; retention or reported losses explain the rest"
        return ok(name, detail, **counts)
    rest = exam.steps - exam.verified
    detail = f"{exam.verified} of {exam.steps} steps verified by hash"
    return ok(name, f"{detail}; {rest} carry none that can be verified" if rest else detail, **counts)
