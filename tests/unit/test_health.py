"""Health's verdict on what the duties say: new failures only, from a minimum sample, each reason reachable."""

from __future__ import annotations

import dataclasses

import pytest

from dashstream.engine.health import BUCKET_S, FAILURE_SAMPLE_RECORDS, WINDOW_S, Facts, Level, RisingTotal, judge

WELL = Facts(
    log_reachable=True,
    pump_running=True,
    index_lag=0,
    disk_free_bytes=1 << 40,
    records_accepted=0,
    records_rejected=0,
    new_records=0,
    new_failures=0,
    payloads_missing=0,
    requests_overloaded=0,
    slow_clients=0,
    heads_unresolved=0,
    partitions_paused=(),
    dead_letters_lost=0,
)


def checks(**facts: object) -> list[str]:
    return [reason.check for reason in judge(dataclasses.replace(WELL, **facts)).reasons]


def test_nothing_tried_is_nothing_failed() -> None:
    assert judge(WELL).level is Level.OK
    assert judge(WELL).unknown == ()


@pytest.mark.parametrize(
    ("seen", "failed", "expected"),
    [
        (1, 1, []),
        (FAILURE_SAMPLE_RECORDS - 1, FAILURE_SAMPLE_RECORDS - 1, []),
        (100, 5, []),
        (100, 6, ["decode"]),
        (FAILURE_SAMPLE_RECORDS, FAILURE_SAMPLE_RECORDS, ["decode"]),
    ],
)
def test_a_rate_needs_a_sample(seen: int, failed: int, expected: list[str]) -> None:
    assert checks(new_records=seen, new_failures=failed) == expected


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"payloads_missing": 1}, "missing_payload"),
        ({"duties_error": "x"}, "duties"),
        ({"commit_error": "x"}, "duties"),
        ({"heads_unresolved": 2}, "heads"),
        ({"partitions_paused": ("partition 1 is paused",)}, "paused"),
        ({"dead_letters_error": "x"}, "dead_letters"),
        ({"dead_letters_lost": 1}, "dead_letters"),
    ],
)
def test_each_reason_can_be_reached(facts: dict[str, object], check: str) -> None:
    assert checks(**facts) == [check]


def test_the_paused_reason_is_bounded() -> None:
    (reason,) = judge(dataclasses.replace(WELL, partitions_paused=tuple("abcdefgh"))).reasons
    assert reason.message == "a; b; c; d; e; and 3 more"


def test_what_rose_while_somebody_looked_now_and_then_is_of_the_recent_window_only() -> None:
    total = 100
    rising = RisingTotal(lambda: total)
    assert rising.recent(0.0) == 0, "what was before is not recent"
    for turn in range(10):
        total += 1
        assert rising.recent(turn * BUCKET_S) == turn + 1
    assert rising.recent(9 * BUCKET_S + WINDOW_S + BUCKET_S) == 0
    total += 7
    assert rising.recent(1_000.0) == 7, "nobody looked meanwhile: it counts when it is seen"
