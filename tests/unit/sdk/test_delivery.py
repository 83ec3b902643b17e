"""Where batches go, under a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dashstream.adapters.spool import SpoolDirectory
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import EVENT, RunContext
from dashstream.sdk.counters import Number
from dashstream.sdk.delivery import ABSENT_PAUSE_S, ORPHAN_PAUSE_S, Delivery
from dashstream.sdk.encoder import Encoded
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Verdict

RUN = RunContext(run_id="r", thread_id="t")
DELIVERED = Outcome(Verdict.DELIVERED)
ABSENT = Outcome(Verdict.ABSENT)
RETRY = Outcome(Verdict.RETRY)


@dataclass
class Scene:
    """A delivery with everything around it faked: gateway, clock; the disk is real."""

    folder: Path
    spool_bytes: int = 1 << 20
    now: float = 1000.0
    sent: list[list[bytes]] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    otherwise: Outcome = DELIVERED
    lost: list[tuple[list[int], int, bool]] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = SdkSettings(data_dir=self.folder, batch_bytes=1_024, spool_bytes=self.spool_bytes)
        self.delivery = Delivery(
            settings,
            self,
            self.folder / "spool",
            "me",
            on_lost=self._on_lost,
            on_rejected=self.rejected.extend,
            clock=lambda: self.now,
        )

    def _on_lost(self, records: Sequence[Encoded], reason: int, /, *, never_left: bool) -> None:
        self.lost.append(([record.number.sequence for record in records], reason, never_left))

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        self.sent.append(list(values))
        return self.answers.pop(0) if self.answers else self.otherwise

    def abort(self) -> None: ...

    def tend(self) -> None: ...

    def close(self) -> None: ...

    def forget(self) -> None: ...

    @property
    def flat(self) -> list[bytes]:
        return [value for batch in self.sent for value in batch]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def records(*numbers: int, size: int = 400) -> list[Encoded]:
    return [Encoded(value(number, size), EVENT, RUN, number, Number(1, number, number)) for number in numbers]


def value(number: int, size: int = 400) -> bytes:
    return str(number).encode().ljust(size, b".")


def values(*numbers: int) -> list[bytes]:
    return [value(number) for number in numbers]


def test_batches_are_cut_by_size_and_sent_in_order(scene: Scene) -> None:
    scene.delivery.deliver(records(1, 2, 3, 4, 5))
    assert scene.sent == [values(1, 2), values(3, 4), values(5)]
    assert scene.delivery.delivered == 5


def test_a_record_above_the_batch_size_goes_alone(scene: Scene) -> None:
    scene.delivery.deliver([*records(1), *records(2, size=5_000), *records(3)])
    assert [len(batch) for batch in scene.sent] == [1, 1, 1]


def test_while_the_spool_holds_something_new_records_go_behind_it(scene: Scene) -> None:
    scene.answers = [RETRY]
    scene.delivery.deliver(records(1, 2, 3))
    scene.now += 60
    scene.delivery.deliver(records(4))
    assert len(scene.sent) == 1, "nothing overtakes the spool"
    scene.delivery.pump()
    assert scene.flat == values(1, 2) + values(1, 2, 3, 4)
    scene.delivery.deliver(records(5))
    assert scene.flat[-1] == value(5)


@pytest.mark.parametrize("failure", [ABSENT, RETRY])
def test_nothing_is_sent_between_attempts_and_they_back_off(scene: Scene, failure: Outcome) -> None:
    scene.otherwise = failure
    scene.delivery.deliver(records(1))
    pauses = []
    for _ in range(12):
        attempts = len(scene.sent)
        wait = scene.delivery.due_in()
        assert wait is not None
        scene.now += wait * 0.99
        scene.delivery.pump()
        scene.delivery.deliver(records(2))
        assert len(scene.sent) == attempts
        scene.now += wait * 0.02
        scene.delivery.pump()
        assert len(scene.sent) == attempts + 1
        pauses.append(wait)
    assert max(pauses) <= 2.0, "the cap"
    if failure is RETRY:
        assert pauses[-1] > 4 * pauses[0]
    else:
        assert all(0.5 * ABSENT_PAUSE_S <= pause <= ABSENT_PAUSE_S for pause in pauses)


def test_retry_after_is_honoured(scene: Scene) -> None:
    scene.answers = [Outcome(Verdict.RETRY, retry_after_s=7.0)]
    scene.delivery.deliver(records(1))
    wait = scene.delivery.due_in()
    assert wait is not None
    assert 7.0 <= wait <= 7.2


def test_after_a_success_the_backoff_starts_anew(scene: Scene) -> None:
    scene.otherwise = RETRY
    scene.delivery.deliver(records(1))
    for _ in range(8):
        scene.now += 5
        scene.delivery.pump()
    scene.otherwise = DELIVERED
    scene.now += 5
    scene.delivery.pump()
    assert scene.delivery.is_up
    scene.answers = [RETRY]
    scene.delivery.deliver(records(2))
    assert (scene.delivery.due_in() or 9) < 0.3


def test_records_refused_one_by_one_or_all_together_are_told_and_not_sent_again(scene: Scene) -> None:
    scene.answers = [Outcome(Verdict.DELIVERED, rejected=(1,)), Outcome(Verdict.REFUSED)]
    scene.delivery.deliver(records(1, 2, 3))
    rejected = int(pb.LOSS_REASON_REJECTED)
    assert scene.lost == [([2], rejected, False), ([3], rejected, False)]
    assert scene.delivery.due_in() == 0.0, "nothing is left but to look for orphans"


def test_refusals_out_of_the_spool_are_told(scene: Scene) -> None:
    scene.answers = [ABSENT, Outcome(Verdict.DELIVERED, rejected=(0,)), Outcome(Verdict.REFUSED)]
    scene.delivery.deliver(records(1, 2, 3, 4))
    scene.now += 60
    scene.delivery.pump()
    assert scene.rejected == values(1, 3, 4)


def test_a_full_spool_loses_the_batch_and_what_follows(tmp_path: Path) -> None:
    scene = Scene(tmp_path, spool_bytes=1_000)
    scene.otherwise = ABSENT
    scene.delivery.deliver(records(1, 2, 3, 4, 5))
    assert scene.lost == [([3, 4, 5], int(pb.LOSS_REASON_SPOOL_FULL), True)]


def test_records_that_may_have_left_keep_their_sequences(tmp_path: Path) -> None:
    scene = Scene(tmp_path, spool_bytes=0)
    scene.otherwise = RETRY
    scene.delivery.deliver(records(1, 2, 3))
    full = int(pb.LOSS_REASON_SPOOL_FULL)
    assert scene.lost == [([1, 2], full, False), ([3], full, True)]


def test_spools_of_producers_that_are_gone_are_forwarded_after_the_own(scene: Scene) -> None:
    gone = SpoolDirectory.create(scene.folder / "spool", "gone", 1 << 20)
    gone.append([b"theirs"])
    gone.close()
    scene.delivery.pump()
    assert scene.sent == [], "not before this producer has reached a gateway itself"
    scene.delivery.deliver(records(1))
    scene.delivery.pump()
    assert scene.flat == [value(1), b"theirs"]
    assert not (scene.folder / "spool" / "gone").exists()
    scene.delivery.pump()
    wait = scene.delivery.due_in()
    assert wait is not None
    assert ORPHAN_PAUSE_S - 1 <= wait <= ORPHAN_PAUSE_S


def test_at_the_end_a_gateway_that_failed_is_not_waited_for(scene: Scene) -> None:
    scene.answers = [RETRY]
    scene.delivery.deliver(records(1))
    scene.now += 60
    scene.delivery.is_closing = True
    scene.delivery.deliver(records(2))
    assert len(scene.sent) == 1
    scene.delivery.close()
    assert (scene.folder / "spool" / "me").exists()


def test_last_words_fit_when_nothing_else_does(tmp_path: Path) -> None:
    scene = Scene(tmp_path, spool_bytes=1_000)
    scene.otherwise = ABSENT
    scene.delivery.deliver(records(1, 2, 3, 4))
    scene.lost.clear()
    scene.delivery.say_last(records(3))
    assert scene.lost == []
    scene.delivery.say_last([*records(4, size=200_000), *records(5)])
    assert scene.lost == [([4, 5], int(pb.LOSS_REASON_SPOOL_FULL), True)]
