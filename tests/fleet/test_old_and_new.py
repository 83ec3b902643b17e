"""What was there before the session is old, and nothing else is: on gateways over a real Kafka, with exact numbers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from duty_rig import bad, good
from fleet.conftest import NewFleet
from fleet.fleet import DEADLINE_S, FAULTY_HEADS, Fleet, FleetGateway, Series, following

HISTORY, BAD_OF_IT, NEW = 5_000, 500, 20
MOST_LINES = 60
"""More lines than a gateway may log in one of these tests, whatever comes by."""
YEAR_MS = 365 * 86_400_000
FROZEN_BUDGET_S, MARGIN_S = 2.0, 8.0


async def write_history(fleet: Fleet) -> None:
    """Every tenth record of each partition is undecodable, of both kinds."""
    tens = [bad("frame"), *[good()] * 9, bad("decode"), *[good()] * 9]
    for partition in range(fleet.partitions):
        await fleet.produce(partition, *tens * (HISTORY // len(tens)))


async def until_flags_were_seen(gateway: FleetGateway) -> None:
    """Return when each partition has said that it is catching up."""
    raised: set[str] = set()

    def all_raised(seen: Series) -> bool:
        raised.update(partition for partition, flag in seen.catching_up.items() if flag)
        return len(raised) == 3

    await gateway.until_metrics(all_raised, "each partition is catching up")


@pytest.mark.parametrize(
    ("command", "faults"),
    [(None, {}), (FAULTY_HEADS, {"FAULT_MISSING": "1", "FAULT_TRIES": "2"})],
    ids=["all heads at once", "partition 1 without a head at first"],
)
async def test_history_is_old_and_what_is_appended_is_new(
    fleet: Fleet, command: tuple[str, ...] | None, faults: dict[str, str]
) -> None:
    await write_history(fleet)
    gateway = await fleet.gateway(command=command, **faults, DUTIES_PAGE_RECORDS="100", DUTIES_LOG_INTERVAL_S="1")
    await until_flags_were_seen(gateway)
    old = {"ok": 3 * (HISTORY - BAD_OF_IT), "old_error": 3 * BAD_OF_IT}
    seen = await gateway.until_outcomes(**old)
    assert seen.catching_up == {"0": 0, "1": 0, "2": 0}
    assert seen["dashstream_heads_queries_failed_total"] == int(faults.get("FAULT_TRIES", 0))
    assert seen["dashstream_heads_unresolved"] == 0
    assert await fleet.dead_letters() == []
    await gateway.until_health()

    await fleet.produce(0, *[bad("frame")] * (NEW // 2))
    await fleet.produce(1, *[bad("decode")] * (NEW // 2))
    await gateway.until_outcomes(**old, new_error=NEW)
    await fleet.until_committed(HISTORY + NEW // 2, HISTORY + NEW // 2, HISTORY)
    seen = await gateway.metrics()
    assert sum(seen.outcomes.values()) == 3 * HISTORY + NEW
    assert seen['dashstream_duties_failures_total{age="old",kind="frame"}'] == 3 * BAD_OF_IT / 2
    assert seen['dashstream_duties_failures_total{age="new",kind="decode"}'] == NEW / 2
    assert seen.by("dashstream_dead_letters_total", "result") == {"written": NEW}
    assert seen.catching_up == {"0": 0, "1": 0, "2": 0}
    await fleet.until_letters(*((partition, HISTORY + index) for partition in (0, 1) for index in range(NEW // 2)))
    await gateway.until_health()
    assert len(gateway.log.splitlines()) <= MOST_LINES


async def test_stamps_make_nothing_old(fleet: Fleet) -> None:
    await fleet.produce(0, bad("frame"), good())
    gateway = await fleet.gateway()
    await gateway.until_outcomes(ok=1, old_error=1)
    now = time.time_ns() // 1_000_000
    for stamp in (1, now - YEAR_MS, now - 2 * 3_600_000):
        await fleet.produce(0, bad("frame"), good(), timestamp_ms=stamp)
    seen = await gateway.until_outcomes(ok=4, old_error=1, new_error=3)
    assert seen["dashstream_duties_old_by_time_total"] == 3, "what does not decode is judged by the log's stamp"
    await fleet.until_letters((0, 2), (0, 4), (0, 6))


async def test_readiness_comes_within_the_budget_while_200_partitions_hang(new_fleet: NewFleet, tmp_path: Path) -> None:
    """The broker freezes at the moment that heads are asked for; the gateway is ready all the same, and heals."""
    fleet = await new_fleet(200)
    await fleet.produce(7, bad("frame"))
    broker = fleet.records.broker
    assert broker.process is not None
    frozen = tmp_path / "frozen"
    gateway = await fleet.gateway(
        command=FAULTY_HEADS,
        FAULT_FREEZE=str(broker.process.pid),
        FAULT_FROZEN=str(frozen),
        DUTIES_HEADS_BUDGET_S=str(FROZEN_BUDGET_S),
        KAFKA_REQUEST_TIMEOUT_S="2",
    )
    waited_s = time.time() - frozen.stat().st_mtime
    assert waited_s < FROZEN_BUDGET_S + MARGIN_S
    await gateway.get("/readyz")
    seen = await gateway.metrics()
    assert seen["dashstream_heads_unresolved"] == 200
    assert seen["dashstream_heads_queries_failed_total"] >= 1
    assert 0 < (seen["dashstream_heads_duration_seconds"] or 0) < FROZEN_BUDGET_S + MARGIN_S
    assert {"heads", "log"} <= {reason["check"] for reason in (await gateway.get("/api/v1/health"))["reasons"]}
    broker.go_on()
    await gateway.until_metrics(lambda now: now["dashstream_heads_unresolved"] == 0, "all heads are known")
    await gateway.until_outcomes(old_error=1)
    await fleet.produce(7, bad("frame"))
    await fleet.produce(8, bad("frame"))
    await gateway.until_outcomes(old_error=1, new_error=2)
    await fleet.until_letters((7, 1), (8, 0))


async def test_health_and_metrics_are_told_while_the_log_hangs(fleet: Fleet) -> None:
    """The request timeout is above the client's patience: an answer that waited for the log would not come."""
    gateway = await fleet.gateway(KAFKA_REQUEST_TIMEOUT_S=str(2 * DEADLINE_S))
    broker = fleet.records.broker
    broker.stop()
    try:
        reasons = await gateway.until_health("log")
        assert "has not answered" in next(reason["message"] for reason in reasons if reason["check"] == "log")
        await gateway.metrics()
    finally:
        broker.go_on()
    await gateway.until_health()


async def test_a_gateway_that_cannot_reach_its_log_says_so_and_ends(fleet: Fleet) -> None:
    fleet.records.broker.stop()
    began = time.monotonic()
    ended = await fleet.start_in_vain(KAFKA_REQUEST_TIMEOUT_S="1", KAFKA_CLOSE_TIMEOUT_S="1")
    assert time.monotonic() - began < 1 + MARGIN_S
    assert fleet.records.name in ended


async def test_a_partition_added_while_running_has_only_new_records(fleet: Fleet) -> None:
    await fleet.produce(0, bad("frame"))
    gateway = await fleet.gateway()
    await gateway.until_outcomes(old_error=1)
    async with following(gateway) as journal:
        await asyncio.to_thread(fleet.records.add_partitions, 5)
        fleet.partitions = 5
        await fleet.produce(3, bad("frame"), good())
        await fleet.produce(4, bad("decode"))
        seen = await gateway.until_outcomes(ok=1, old_error=1, new_error=2)
        assert seen.catching_up == dict.fromkeys("01234", 0)
        await fleet.until_letters((3, 0), (4, 0))
        await journal.until(lambda kept: kept.offsets == {0: [0], 3: [0, 1], 4: [0]})
        assert not journal.missing


async def test_what_comes_before_a_late_head_is_new(fleet: Fleet, tmp_path: Path) -> None:
    await fleet.produce(0, *[bad("frame"), good()] * 5)
    found = tmp_path / "found"
    gateway = await fleet.gateway(command=FAULTY_HEADS, FAULT_MISSING="all", FAULT_UNTIL=str(found))
    seen = await gateway.metrics()
    assert seen["dashstream_heads_unresolved"] == 3
    await fleet.produce(0, bad("frame"), good())
    await fleet.produce(1, bad("decode"))
    await gateway.until_metrics(
        lambda now: (now["dashstream_heads_queries_failed_total"] or 0) >= 3, "heads were asked for again and again"
    )
    assert (await gateway.metrics()).outcomes == {}
    found.touch()
    seen = await gateway.until_outcomes(ok=6, old_error=5, new_error=2)
    heads = {partition: row["head"] for partition, row in (await gateway.partitions()).items()}
    assert heads == {0: "10", 1: "0", 2: "0"}
    await fleet.until_letters((0, 10), (1, 0))
