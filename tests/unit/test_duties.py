"""The duties of a partition's owner: old and new, policies, commits, what survives a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from dashstream.adapters.memory.retained import MemoryRetainedStore
from dashstream.engine.commits import Commit
from dashstream.engine.duty_limits import DeadLetterLimits, DutyLimits
from dashstream.engine.head_finder import LogHeads
from dashstream.engine.ports import NoMetrics
from dashstream.engine.retained import RetainedLimits
from dashstream.engine.retainer import Retainer
from dashstream.errors import ConflictError, LogError, NotFoundError
from duty_rig import KINDS, Rig, bad, good


async def test_old_failures_count_apart_and_the_switch_is_at_the_head_of_each_partition() -> None:
    rig = Rig(partitions=3, limits=DutyLimits(commit_interval_s=0, page_records=300))
    history = [bad("frame") if number % 10 == 0 else good() for number in range(5000)]
    for partition in range(3):
        await rig.append(*history, partition=partition)
    await rig.duties.start()
    await rig.duties.follow()
    assert rig.metric('dashstream_partition_catching_up{partition="2"}') == 1
    await rig.append(*[bad("decode")] * 10, partition=0)
    await rig.append(*[bad("decode")] * 10, partition=1)
    await rig.settle()
    assert rig.outcomes == {"ok": 13_500, "old_error": 1_500, "new_error": 20}
    assert len(await rig.letter_places()) == 20
    assert rig.duties.numbers.new_records == rig.duties.numbers.new_failures == 20
    for partition in range(3):
        assert rig.metric(f'dashstream_partition_catching_up{{partition="{partition}"}}') == 0
        assert rig.metric(f'dashstream_partition_head{{partition="{partition}"}}') == 5000
    assert rig.metric('dashstream_duties_records_total{outcome="old_error"}') == 1500
    assert rig.metric('dashstream_duties_failures_total{age="new",kind="decode"}') == 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("age", ["old", "new"])
@pytest.mark.parametrize("policy", ["skip", "pause"])
async def test_policy_matrix(kind: str, age: str, policy: str) -> None:
    setting = {"frame": "undecodable", "decode": "undecodable"}.get(kind, kind)
    rig = Rig(limits=DutyLimits(commit_interval_s=0, **{f"{setting}_policy": policy}))
    if age == "old":
        await rig.append(good(), bad(kind), good())
        await rig.duties.start()
    else:
        await rig.duties.start()
        await rig.append(good(), bad(kind), good())
    await rig.settle()
    missing = "missing_payload" if kind == "null" else f"{age}_error"
    stops = (age, policy) == ("new", "pause")
    assert rig.commits.kept[0].position == (1 if stops else 3)
    assert rig.outcomes == ({"ok": 1} if stops else {"ok": 2, missing: 1})
    assert await rig.letter_places() == ([] if age == "old" or stops else [(0, 1)])
    assert [pause.offset for pause in rig.duties.pauses] == ([1] if stops else [])
    assert sum(rig.outcomes.values()) == len(rig.taken)


async def test_a_pause_holds_across_a_restart_and_resume_lets_one_record_pass() -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=0, undecodable_policy="pause"))
    await rig.duties.start()
    await rig.append(good(), bad("frame"), bad("decode"), good())
    await rig.settle()
    rig.restart()
    await rig.settle()
    assert [(pause.offset, pause.reason) for pause in rig.duties.pauses] == [(1, "frame")]
    assert rig.duties.resume(0).offset == 1
    await rig.settle()
    assert [(pause.offset, pause.reason) for pause in rig.duties.pauses] == [(2, "decode")]
    rig.duties.resume(0)
    await rig.settle()
    assert rig.duties.pauses == []
    assert await rig.letter_places() == [(0, 1), (0, 2)]
    assert rig.commits.kept[0].position == 4
    with pytest.raises(ConflictError):
        rig.duties.resume(0)
    with pytest.raises(NotFoundError):
        rig.duties.resume(7)


async def test_an_empty_value_is_a_wrong_frame_and_no_missing_payload() -> None:
    rig = Rig()
    await rig.duties.start()
    await rig.append(b"", None)
    await rig.settle()
    assert rig.outcomes == {"new_error": 1, "missing_payload": 1}


async def test_what_was_appended_while_no_owner_lived_is_new_for_the_next_one() -> None:
    rig = Rig()
    await rig.append(bad("frame"), good())
    await rig.settle()
    await rig.append(bad("decode"))
    rig.restart()
    await rig.settle()
    assert rig.outcomes == {"new_error": 1}
    assert await rig.letter_places() == [(0, 2)]


async def test_the_head_of_an_empty_partition_is_kept_before_anything_comes() -> None:
    rig = Rig()
    await rig.settle()
    assert rig.commits.kept[0] == Commit(0, 0, rig.log.epoch)
    await rig.append(bad("frame"))
    rig.restart()
    await rig.settle()
    assert rig.outcomes == {"new_error": 1}


async def test_a_crash_between_dead_letter_and_commit_repeats_under_the_same_key() -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=3600))
    await rig.settle()
    await rig.append(bad("frame"), bad("decode"))
    await rig.settle()
    assert rig.commits.kept[0].position == 0
    rig.restart()
    await rig.settle()
    assert await rig.letter_places() == [(0, 0), (0, 1)]
    assert len(rig.letters_log._partitions[0].records) == 4


async def test_stop_writes_letters_and_commits() -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=3600))
    await rig.settle()
    await rig.append(*[bad("frame")] * 50)
    await rig.duties.follow()
    await rig.duties.turn()
    await rig.duties.stop()
    assert len(await rig.letter_places()) == 50
    assert rig.commits.kept[0].position == 50


async def test_a_broken_sink_holds_the_commit_and_nothing_is_lost() -> None:
    rig = Rig(letter_limits=DeadLetterLimits(queue=2))
    await rig.settle()
    rig.sink.is_broken = True
    await rig.append(good(), *[bad("frame")] * 4, good())
    await rig.settle()
    assert rig.commits.kept[0].position == 1
    assert rig.duties.walks[0].position == 3
    assert rig.sender.error
    assert rig.metric('dashstream_dead_letters_failed_total{reason="refused"}') > 0
    rig.sink.is_broken = False
    await rig.settle()
    assert rig.commits.kept[0].position == 6
    assert len(await rig.letter_places()) == 4
    assert rig.sender.totals == {"written": 4, "lost": 0}


async def test_best_effort_goes_on_and_counts_what_is_lost() -> None:
    rig = Rig(letter_limits=DeadLetterLimits(mode="best_effort", queue=2))
    await rig.settle()
    rig.sink.is_broken = True
    await rig.append(*[bad("frame")] * 10)
    await rig.settle()
    assert rig.commits.kept[0].position == 10
    assert rig.sender.totals == {"written": 0, "lost": 10}
    failed = [
        rig.metric(f'dashstream_dead_letters_failed_total{{reason="{reason}"}}')
        for reason in ("timeout", "refused", "backpressure")
    ]
    assert failed == [0, 2, 8]


async def test_catching_up_ends_over_offsets_that_hold_no_record() -> None:
    rig = Rig(dense=False)
    await rig.append(good())
    rig.log.skip(0, 5)
    await rig.settle()
    assert rig.duties.walks[0].position == rig.duties.walks[0].head == 6
    assert rig.metric('dashstream_partition_catching_up{partition="0"}') == 0


async def test_ownership_moves_and_gauges_go_with_it() -> None:
    rig = Rig(partitions=2)
    rig.ownership.owned = frozenset({0})
    await rig.settle()
    assert set(rig.duties.walks) == {0}
    rig.ownership.owned = frozenset({1})
    await rig.append(bad("frame"), partition=1)
    await rig.settle()
    assert set(rig.duties.walks) == {1}
    assert rig.metric('dashstream_partition_position{partition="0"}') is None
    assert rig.metric('dashstream_partition_position{partition="1"}') == 1
    assert rig.outcomes == {"new_error": 1}


async def test_a_recreated_topic_holds_only_what_is_new() -> None:
    rig = Rig()
    await rig.append(bad("frame"), good())
    await rig.settle()
    before = rig.log
    rig.log = type(before)(before._limits)
    await rig.append(good(), good(), good(), bad("frame"))
    rig.restart()
    await rig.settle()
    assert rig.outcomes == {"ok": 3, "new_error": 1}
    assert await rig.letter_places() == [(0, 0 + 3)]
    assert rig.commits.kept[0] == Commit(4, 0, rig.log.epoch)


async def test_a_log_that_took_anothers_place_is_new_even_without_a_commit() -> None:
    rig = Rig()
    await rig.append(bad("frame"))
    rig.restart(is_recreated=True)
    await rig.settle()
    assert rig.outcomes == {"new_error": 1}


async def test_a_failing_commit_is_seen_and_tried_again() -> None:
    rig = Rig()
    await rig.settle()
    await rig.append(good())
    rig.commits.fail_next_save(LogError("read-only"))
    await rig.duties.follow()
    await rig.duties.turn()
    await rig.duties.commit()
    assert rig.duties.commit_error == "read-only"
    assert rig.commits.kept[0].position == 0
    await rig.duties.commit()
    assert rig.duties.commit_error is None
    assert rig.commits.kept[0].position == 1


class Answers:
    """A source of heads that answers as the test says: highs, an error, or never."""

    def __init__(self, *answers: Mapping[int, int] | LogError | None, since: Mapping[int, int] | None = None) -> None:
        self._answers = list(answers)
        self._since = since or {}

    async def highs(self) -> Mapping[int, int]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, LogError):
            raise answer
        return answer or {}

    async def offsets_at(self, highs: Mapping[int, int], time_us: int) -> Mapping[int, int]:
        return {**highs, **{p: offset for p, offset in self._since.items() if p in highs}}


async def until_heads(rig: Rig, tries: int) -> None:
    for _ in range(tries):
        rig.clock.pass_(60)
        await rig.duties.follow()
        assert rig.duties._retrying is not None
        await rig.duties._retrying


async def test_one_partition_without_an_answer_holds_no_other() -> None:
    rig = Rig(partitions=2, source=Answers({0: 1}, {0: 1}, {0: 1, 1: 2}))
    await rig.append(bad("frame"), partition=0)
    await rig.append(bad("frame"), bad("frame"), partition=1)
    await rig.settle()
    assert rig.outcomes == {"old_error": 1}
    assert rig.duties.heads_unresolved == 1
    assert rig.metric("dashstream_heads_unresolved") == 1
    await until_heads(rig, 2)
    await rig.settle()
    assert rig.outcomes == {"old_error": 3}
    assert rig.metric("dashstream_heads_unresolved") == 0
    assert rig.metric("dashstream_heads_queries_failed_total") == 2


async def test_readiness_waits_no_longer_than_the_budget() -> None:
    rig = Rig(partitions=200, source=Answers(None), limits=DutyLimits(commit_interval_s=0, heads_budget_s=0.02))
    async with asyncio.timeout(5):
        await rig.duties.start()
    assert rig.duties.is_started
    assert rig.metric("dashstream_heads_unresolved") == 200


async def test_what_came_between_start_and_a_late_discovery_is_new() -> None:
    rig = Rig(source=Answers(LogError("no metadata"), {0: 4}))
    await rig.append(bad("frame"), good())
    rig.clock.pass_(10)
    rig.restart()
    await rig.duties.start()
    rig.clock.pass_(1)
    await rig.append(bad("decode"), good())
    rig.source.offsets_at = LogHeads(rig.log).offsets_at  # the log's own search
    await until_heads(rig, 1)
    await rig.settle()
    assert rig.duties.walks[0].head == 2
    assert rig.outcomes == {"ok": 2, "old_error": 1, "new_error": 1}


async def test_a_stamp_in_the_future_makes_nothing_old() -> None:
    rig = Rig(source=Answers(LogError("no"), {0: 2}, since={0: 9}))
    await rig.duties.start()
    await rig.append(good(), good())
    await until_heads(rig, 1)
    await rig.settle()
    assert rig.duties.walks[0].head == 2


async def test_a_partition_added_while_running_has_only_new_records() -> None:
    rig = Rig(partitions=1)
    await rig.append(bad("frame"))
    await rig.settle()
    await rig.log.add_partitions(2)
    rig.partitions = 3
    rig.ownership.owned = frozenset(range(3))
    await rig.append(bad("frame"), good(), partition=2)
    await rig.settle()
    assert rig.outcomes == {"old_error": 1, "new_error": 1, "ok": 1}
    assert await rig.letter_places() == [(2, 0)]
    assert rig.metric('dashstream_partition_catching_up{partition="2"}') == 0
    rig.restart()
    await rig.settle()
    assert rig.outcomes == {}


async def test_stamps_of_the_past_are_counted_and_change_nothing() -> None:
    rig = Rig()
    rig.clock.pass_(7_200)
    await rig.settle()
    for age_us in (7_000_000_000, 3_000_000_000):
        rig.clock.time_us -= age_us
        await rig.append(bad("frame"), good(), good(at_us=rig.clock.time_us))
        rig.clock.time_us += age_us
    await rig.settle()
    assert rig.outcomes == {"new_error": 2, "ok": 4}
    assert rig.metric("dashstream_duties_old_by_time_total") == 2, "one that decodes, and one judged by the log's stamp"


async def test_the_loop_runs_by_itself() -> None:
    rig = Rig()
    rig.ownership.changed = lambda _: asyncio.Event().wait()  # type: ignore[assignment]  # nothing changes
    running = [asyncio.create_task(rig.duties.run()), asyncio.create_task(rig.sender.run())]
    async with asyncio.timeout(10):
        await rig.until(lambda: 0 in rig.commits.kept)
        await rig.append(good(), bad("frame"), good())
        await rig.until(lambda: rig.commits.kept[0].position == 3)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert await rig.letter_places() == [(0, 1)]


async def test_the_retained_tier_is_written_by_the_owner_without_a_false_bridge() -> None:
    rig = Rig()
    rig.retainer = Retainer(MemoryRetainedStore(), rig.log.epoch, RetainedLimits(), rig.clock, NoMetrics())
    rig.restart()
    await rig.append(good(), good())
    await rig.settle()
    rig.ownership.owned = frozenset()
    await rig.settle()
    await rig.append(good(), good())
    rig.commits.kept[0] = Commit(4, 0, rig.log.epoch)  # another owner did these
    rig.ownership.owned = frozenset({0})
    await rig.append(good())
    await rig.settle()
    (run,) = [lane.take() for lane in rig.retainer._lanes.values()]
    assert (run.start, [record.offset for record in run.records]) == (4, [4])


async def test_waiting_for_a_head_does_not_spin() -> None:
    rig = Rig(partitions=2, source=Answers({0: 0}, None))
    rig.ownership.changed = lambda _: asyncio.Event().wait()  # type: ignore[assignment]  # nothing changes
    await rig.duties.start()
    rig.clock.pass_(60)
    rounds = 0
    follow = rig.duties.follow

    async def counted() -> None:
        nonlocal rounds
        rounds += 1
        await follow()

    rig.duties.follow = counted  # type: ignore[method-assign]  # to count the rounds
    running = asyncio.create_task(rig.duties.run())
    await rig.until(lambda: rig.duties._retrying is not None)
    for _ in range(200):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await rig.duties.stop()
    assert rounds < 10
