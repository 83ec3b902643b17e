"""The checker of chaos runs catches what it is there for: each way of breaking a promise, one at a time."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chaos.checker import check_commits, check_letters
from chaos.facts import CommitSample, Letter
from chaos.plan import FaultKind, Plan
from dashstream.bench.facts import Identity, LogFacts, Record
from dashstream.bench.judge import CUT, JournalChecker, check_sequences

EPOCH, TOPIC = "epoch-1", "topic"
LOW = 4
"""Records of partition 0 below it were removed while the client was away."""
REMOVED = range(2, LOW)
Journal = list[dict[str, Any]]


def facts_of(count: int = 8, partitions: int = 2) -> LogFacts:
    """A log with a bad record at offset 5 of each partition; keys take turns."""
    facts = LogFacts(EPOCH)
    for partition in range(partitions):
        facts.low[partition], facts.high[partition] = 0, count
        sequences = {"a": 0, "b": 0}
        records = []
        for offset in range(count):
            key = "ab"[offset % 2]
            is_bad = offset == 5
            sequences[key] += not is_bad
            identity = None if is_bad else Identity(f"p{partition}", 1, key, sequences[key])
            records.append(Record(offset, key, 100 * partition + offset, is_bad, identity))
        facts.add(partition, records)
    facts.low[0] = LOW
    return facts


def data(first: int, *rows: tuple[int, int, int]) -> dict[str, Any]:
    return {"is": "data", "first": first, "rows": [[p, o, step, 100 * p + o] for p, o, step in rows]}


def subscribed(**start: str) -> Journal:
    return [
        {"is": "subscribe"},
        {"is": "subscribed", "epoch": EPOCH, "start": {name[1:]: offset for name, offset in start.items()}},
    ]


def verdict(outcome: str, delivered: int, gaps: int) -> dict[str, Any]:
    return {"is": "replay_complete", "outcome": outcome, "delivered": str(delivered), "gaps": gaps}


def journal_of() -> Journal:
    """What a client got: two connections, and a gap where records were removed between them."""
    return [
        *subscribed(p0="0", p1="0"),
        data(1, (0, 0, 0), (0, 1, 1), (1, 0, 0)),
        verdict("complete", 3, 0),
        data(4, (1, 1, 1), (1, 2, 1)),
        {"is": "closed", "reason": CUT},
        *subscribed(p0="4", p1="3"),
        {"is": "gap", "partition": 0, "from": "2", "to": "4", "reason": "not_retained"},
        data(1, (0, 4, 0), (0, 5, 1), (1, 3, 0)),
        verdict("partial", 3, 1),
        data(4, (0, 6, 1), (1, 4, 1), (1, 5, 1), (0, 7, 1), (1, 6, 1), (1, 7, 1)),
        {"is": "done"},
    ]


def rules_broken(journal: Journal, threads: set[str] | None = None, facts: LogFacts | None = None) -> set[str]:
    return {violation.rule for violation in JournalChecker("client", threads, facts or facts_of()).check(journal)}


def skip(journal: Journal) -> None:
    del journal[-2]["rows"][1]


def skip_with_right_counters(journal: Journal) -> None:
    """A gateway that lost a record and counts as if it had never been."""
    del journal[-2]["rows"][1]
    journal[-2]["rows"][1][2] = 2


def skip_last(journal: Journal) -> None:
    del journal[-2]["rows"][-1]


def double(journal: Journal) -> None:
    journal[-2]["rows"].insert(1, journal[-2]["rows"][0])


def double_over_connections(journal: Journal) -> None:
    journal[9]["rows"].insert(2, [1, 2, 0, 102])
    journal[10]["delivered"] = "4"
    journal[11]["first"] = 5


def reorder(journal: Journal) -> None:
    rows = journal[-2]["rows"]
    rows[0], rows[3] = rows[3], rows[0]


def drop_gap(journal: Journal) -> None:
    del journal[8]
    journal[9].update(outcome="complete", gaps=0)


def shorten_gap(journal: Journal) -> None:
    journal[8]["to"] = "3"


def widen_gap(journal: Journal) -> None:
    journal[8]["to"] = "5"
    del journal[9]["rows"][0]
    journal[9]["rows"][0][2] = 0
    journal[10]["delivered"] = "2"
    journal[11]["first"] = 3


def name_no_reason(journal: Journal) -> None:
    journal[8]["reason"] = "whatever"


def alter(journal: Journal) -> None:
    journal[2]["rows"][0][3] += 1


def invent(journal: Journal) -> None:
    journal[-2]["rows"].append([1, 8, 1, 108])


def miscount(journal: Journal) -> None:
    journal[-2]["first"] = 5


def mislead(journal: Journal) -> None:
    journal[-2]["rows"][0][2] = 2


def pass_over(journal: Journal) -> None:
    del journal[-2]["rows"][-1]
    journal.insert(-1, {"is": "progress", "positions": {"1": "8"}})


def stop_early(journal: Journal) -> None:
    del journal[-1]


def change_epoch(journal: Journal) -> None:
    journal[7]["epoch"] = "epoch-2"


def ignore(journal: Journal) -> None:
    journal[7]["ignored"] = [{"reason": "offset_ahead", "count": 1, "examples": ["1:3"]}]


def refuse(journal: Journal) -> None:
    journal[7:7] = [
        {"is": "error", "code": "bad_positions", "message": "", "retryable": False},
        verdict("refused", 0, 0),
        {"is": "subscribe"},
    ]


def lie(journal: Journal) -> None:
    journal[10]["outcome"] = "complete"


def judge_twice(journal: Journal) -> None:
    journal.insert(4, dict(journal[3]))


def test_what_was_delivered_as_promised_is_found_right() -> None:
    checker = JournalChecker("client", None, facts_of())
    assert checker.check(journal_of()) == []
    assert (checker.delivered, checker.gaps, checker.connections) == (14, 1, 2)


def test_a_failure_that_passes_is_no_refusal() -> None:
    journal = journal_of()
    journal[7:7] = [
        {"is": "error", "code": "replay_failed", "message": "", "retryable": True},
        verdict("refused", 0, 0),
        {"is": "subscribe"},
    ]
    assert rules_broken(journal) == set()


@pytest.mark.parametrize(
    ("mutation", "rule"),
    [
        (skip, "missing"),
        (skip_with_right_counters, "missing"),
        (skip_last, "missing"),
        (double, "duplicate"),
        (double_over_connections, "duplicate"),
        (reorder, "reordered"),
        (drop_gap, "missing"),
        (shorten_gap, "missing"),
        (widen_gap, "false gap"),
        (name_no_reason, "gap"),
        (alter, "altered"),
        (invent, "foreign"),
        (miscount, "delivery number"),
        (mislead, "step"),
        (pass_over, "missing"),
        (stop_early, "unfinished"),
        (change_epoch, "epoch"),
        (ignore, "resume"),
        (refuse, "refused"),
        (lie, "verdict"),
        (judge_twice, "verdict"),
    ],
)
def test_each_broken_promise_is_caught(mutation: Callable[[Journal], None], rule: str) -> None:
    journal = copy.deepcopy(journal_of())
    mutation(journal)
    assert rule in rules_broken(journal)


def test_a_filter_spans_what_does_not_pass() -> None:
    facts = facts_of(partitions=1)
    facts.low[0] = 0
    journal = [
        *subscribed(p0="0"),
        data(1, (0, 1, 0), (0, 3, 2), (0, 5, 2), (0, 7, 2)),
        verdict("complete", 4, 0),
        {"is": "done"},
    ]
    assert rules_broken(journal, {"b"}, facts) == set()
    journal[2]["rows"][1][2] = 1
    assert rules_broken(journal, {"b"}, facts) == {"step"}
    assert rules_broken(journal, {"a"}, facts) >= {"foreign", "missing"}


def letters_of(facts: LogFacts) -> list[Letter]:
    return [
        Letter(number, f"{TOPIC}/{EPOCH}/{partition}/5", TOPIC, EPOCH, partition, 5)
        for number, partition in enumerate(facts.records)
    ]


def test_letters_are_one_by_key_about_each_bad_record() -> None:
    facts = facts_of()
    letters = letters_of(facts)
    again = Letter(2, letters[0].key, TOPIC, EPOCH, 0, 5)
    assert check_letters(facts, TOPIC, [*letters, again]) == []
    assert [each.rule for each in check_letters(facts, TOPIC, letters[1:])] == ["no letter"]
    other = Letter(3, f"{TOPIC}/{EPOCH}/1/6", TOPIC, EPOCH, 1, 6)
    assert [each.rule for each in check_letters(facts, TOPIC, [*letters, other])] == ["foreign letter"]
    wrong = Letter(3, letters[0].key, TOPIC, EPOCH, 1, 5)
    assert [each.rule for each in check_letters(facts, TOPIC, [letters[1], wrong])] == ["letter's key"]


@pytest.mark.parametrize(
    ("samples", "is_right"),
    [
        ([CommitSample({0: 5, 1: 5}, 0), CommitSample({0: 8, 1: 5}, 1), CommitSample({0: 8, 1: 8}, 2)], True),
        ([CommitSample({0: 6}, 0), CommitSample({0: 8, 1: 8}, 2)], False),
        ([CommitSample({1: 6}, 1)], False),
        ([CommitSample({0: 9}, 2)], False),
    ],
)
def test_a_commit_above_a_record_without_a_letter_is_caught(samples: list[CommitSample], is_right: bool) -> None:
    facts = facts_of()
    assert (check_commits(facts, TOPIC, letters_of(facts), samples) == []) is is_right


def test_sequences_are_whole_once_repeats_are_left_out() -> None:
    facts = facts_of(partitions=1)
    report = {"producer": "p0", "counts": [[1, "a", 4], [1, "b", 3]]}
    assert check_sequences(facts, [report]).violations == []
    records = facts.records[0]
    records.append(records[0]._replace(offset=8))
    found = check_sequences(facts, [report])
    assert (found.violations, found.records, found.repeats) == ([], 8, 1)
    assert check_sequences(facts, [{**report, "counts": [[1, "a", 5], [1, "b", 3]]}]).violations
    del records[2]
    assert check_sequences(facts, [report]).violations


def test_a_plan_follows_from_its_seed() -> None:
    plan = Plan(seed=3)
    faults = plan.schedule()
    assert faults == Plan(seed=3).schedule() != Plan(seed=4).schedule()
    assert [fault.at_s for fault in faults] == sorted(fault.at_s for fault in faults)
    assert all(0 < fault.at_s < plan.seconds for fault in faults)
    assert Counter(fault.kind for fault in faults) == plan.counts()


@pytest.mark.parametrize("faults", [len(FaultKind), 150, 301])
def test_a_plan_has_as_many_faults_as_it_says_and_every_kind(faults: int) -> None:
    counts = Plan(faults=faults).counts()
    assert set(counts) == set(FaultKind)
    assert min(counts.values()) > 0
    assert faults <= sum(counts.values()) <= faults + len(FaultKind)


def test_a_plan_lasts_long_enough_for_its_good_records() -> None:
    plan = Plan(rate=2_000, bad_share=0.01)
    assert plan.seconds_for(990) == pytest.approx(0.5)


def test_what_clients_do_to_themselves_is_counted() -> None:
    checker = JournalChecker("client", None, facts_of())
    assert checker.check(journal_of()) == []
    assert checker.cuts == 1
