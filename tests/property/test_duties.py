"""Two owners over one log, in any order of appends, crashes, moves of ownership and failures of the dead letters' log.

At every step no commit is beyond a record whose dead letter is missing, or that a pause holds. In the end each new bad
record has one letter, no old one has any, and each process's outcomes add up to what it passed.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dashstream.engine import dead_letter
from dashstream.engine.duty_limits import DeadLetterLimits, DutyLimits
from duty_rig import KINDS, Rig, bad, good

PARTITIONS = 2
HOLDING = "too_large"
values = st.lists(st.sampled_from(("good", *KINDS)), max_size=4)
partitions = st.integers(0, PARTITIONS - 1)
processes = st.integers(0, 1)


runner = asyncio.Runner()
"""One loop for all examples: one that is cut short has no chance to close its own."""


@pytest.fixture(scope="module", autouse=True)
def closed_runner():
    with runner:
        yield


class TwoOwners(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        limits = DutyLimits(commit_interval_s=0, page_records=3, too_large_policy="pause")
        first = Rig(PARTITIONS, limits, DeadLetterLimits(queue=3, batch=2), dense=False)
        self.rigs = [first, first.beside()]
        for rig in self.rigs:
            rig.ownership.owned = frozenset()
        self.kinds: list[dict[int, str]] = [{} for _ in range(PARTITIONS)]
        self.heads = [0] * PARTITIONS
        self.let_pass: set[tuple[int, int]] = set()

    def run(self, work):
        return runner.run(work)

    @initialize(history=st.lists(values, min_size=PARTITIONS, max_size=PARTITIONS))
    def begin(self, history: list[list[str]]) -> None:
        for partition, kinds in enumerate(history):
            self.append(partition, kinds)
        self.heads = [self.high(partition) for partition in range(PARTITIONS)]
        for rig in self.rigs:
            self.run(rig.duties.start())
        self.rigs[0].ownership.owned = frozenset(range(PARTITIONS))
        self.run(self.rigs[0].duties.follow())
        self.run(self.rigs[0].duties.commit())

    @rule(partition=partitions, kinds=values)
    def append(self, partition: int, kinds: list[str]) -> None:
        given = [good() if kind == "good" else bad(kind) for kind in kinds]
        self.kinds[partition].update(enumerate(kinds, self.high(partition)))
        self.run(self.rigs[0].append(*given, partition=partition))

    @rule(partition=partitions, count=st.integers(1, 5))
    def leave_offsets_without_records(self, partition: int, count: int) -> None:
        self.rigs[0].log.skip(partition, count)

    def high(self, partition: int) -> int:
        return self.rigs[0].log._partitions[partition].high

    @rule(partition=partitions, process=processes)
    def move(self, partition: int, process: int) -> None:
        for number, rig in enumerate(self.rigs):
            owned = set(rig.ownership.owned)
            (owned.add if number == process else owned.discard)(partition)
            rig.ownership.owned = frozenset(owned)

    @rule(process=processes)
    def follow(self, process: int) -> None:
        self.run(self.rigs[process].duties.follow())

    @rule(process=processes)
    def turn(self, process: int) -> None:
        self.run(self.rigs[process].duties.turn())

    @rule(process=processes)
    def send(self, process: int) -> None:
        self.run(self.rigs[process].sender.send_batch())

    @rule(process=processes, is_broken=st.booleans())
    def sink(self, process: int, is_broken: bool) -> None:
        self.rigs[process].sink.is_broken = is_broken

    @rule(process=processes)
    def commit(self, process: int) -> None:
        self.run(self.rigs[process].duties.commit())

    @rule(process=processes)
    def resume(self, process: int) -> None:
        for pause in self.rigs[process].duties.pauses:
            self.let_pass.add((pause.partition, pause.offset))
            self.rigs[process].duties.resume(pause.partition)

    @rule(process=processes)
    def crash(self, process: int) -> None:
        self.check_sums(self.rigs[process])
        self.rigs[process].taken.clear()
        self.rigs[process].restart()
        self.run(self.rigs[process].duties.start())

    @invariant()
    def commits_pass_nothing_unsettled(self) -> None:
        written = self.written()
        for partition, commit in self.rigs[0].commits.kept.items():
            assert commit.head == self.heads[partition]
            for offset in range(commit.head, commit.position):
                kind = self.kinds[partition].get(offset, "good")
                assert kind == "good" or (partition, offset) in written
                assert kind != HOLDING or (partition, offset) in self.let_pass

    def written(self) -> set[tuple[int, int]]:
        found = [dead_letter.decode(r.value or b"") for r in self.rigs[0].letters_log._partitions[0].records]
        return {(letter.partition, int(letter.offset)) for letter in found}

    def check_sums(self, rig: Rig) -> None:
        assert sum(rig.outcomes.values()) == len(rig.taken)

    def teardown(self) -> None:
        for process in (0, 1):
            self.sink(process, is_broken=False)
        for _ in range(2 + sum(map(len, self.kinds))):
            for process, rig in enumerate(self.rigs):
                self.run(rig.settle())
                self.resume(process)
        unowned = frozenset(range(PARTITIONS)) - self.rigs[0].ownership.owned - self.rigs[1].ownership.owned
        assert not unowned
        expected = {
            (partition, offset)
            for partition, kinds in enumerate(self.kinds)
            for offset, kind in kinds.items()
            if kind != "good" and offset >= self.heads[partition]
        }
        assert self.run(self.rigs[0].letter_places()) == sorted(expected)
        for partition, commit in self.rigs[0].commits.kept.items():
            assert commit.position == self.high(partition)
        for rig in self.rigs:
            self.check_sums(rig)


TestTwoOwners = TwoOwners.TestCase
TestTwoOwners.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
