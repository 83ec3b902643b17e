"""Skip or pause, for each kind of record that cannot be processed, old and new: what is committed, and what comes."""

from __future__ import annotations

import pytest

from duty_rig import bad, good
from fleet.conftest import NewFleet
from fleet.fleet import Fleet, FleetGateway, following

KINDS = ("frame", "too_large", "null", "schema_mismatch")
"""The kind that each partition gets; "frame" is one of the undecodable ones, and "decode" is the other."""
SETTINGS = ("UNDECODABLE", "TOO_LARGE", "NULL", "SCHEMA_MISMATCH")
EACH = range(len(KINDS))
OLD = {"ok": 8, "old_error": 3, "missing_payload": 1}


async def started(new_fleet: NewFleet, policy: str) -> tuple[Fleet, FleetGateway]:
    """Return a gateway of a policy that has come by a history of good, bad, good on each partition."""
    fleet = await new_fleet(len(KINDS))
    for partition, kind in enumerate(KINDS):
        await fleet.produce(partition, good(), bad(kind), good())
    gateway = await fleet.gateway(**{f"DUTIES_{name}_POLICY": policy for name in SETTINGS})
    await gateway.until_outcomes(**OLD)
    await fleet.until_committed(*[3] * len(KINDS))
    assert await fleet.dead_letters() == []
    return fleet, gateway


async def append_bad(fleet: Fleet, gateway: FleetGateway) -> None:
    """Append good, bad, good to each partition, and see all of it delivered, whatever the policy is."""
    async with following(gateway) as journal:
        for partition, kind in enumerate(KINDS):
            await fleet.produce(partition, good(), bad(kind), good())
        await journal.until(lambda kept: kept.offsets == {partition: [*range(6)] for partition in EACH})
        assert not journal.missing


async def letters_are_of_new_failures_alone(fleet: Fleet) -> None:
    letters = await fleet.until_letters(*((partition, 4) for partition in EACH))
    assert {letter.partition: letter.reason for letter in letters} == dict(enumerate(KINDS))


async def test_skip_passes_and_dead_letters_what_is_new(new_fleet: NewFleet) -> None:
    fleet, gateway = await started(new_fleet, "skip")
    await append_bad(fleet, gateway)
    seen = await gateway.until_outcomes(ok=16, old_error=3, new_error=3, missing_payload=2)
    assert seen["dashstream_duties_partitions_paused"] == 0
    await fleet.until_committed(*[6] * len(KINDS))
    await letters_are_of_new_failures_alone(fleet)
    await gateway.until_health("missing_payload")


async def test_pause_stops_before_what_is_new_until_somebody_lets_it_pass(new_fleet: NewFleet) -> None:
    fleet, gateway = await started(new_fleet, "pause")
    await append_bad(fleet, gateway)
    await is_paused(fleet, gateway, ok=12, old_error=3, missing_payload=1)
    await gateway.stop()
    await gateway.start()
    await is_paused(fleet, gateway)

    passed = await gateway.cli("partitions", "resume", "0")
    assert passed["passed"]["reason"] == KINDS[0]
    for partition in EACH[1:]:
        await gateway.post(f"/api/v1/partitions/{partition}/resume")
    await gateway.until_outcomes(ok=4, new_error=3, missing_payload=1)
    await fleet.until_committed(*[6] * len(KINDS))
    await letters_are_of_new_failures_alone(fleet)


async def is_paused(fleet: Fleet, gateway: FleetGateway, **outcomes: int) -> None:
    """Each partition is paused at its fourth offset, says so, and nothing passes."""
    seen = await gateway.until_metrics(
        lambda now: now["dashstream_duties_partitions_paused"] == len(KINDS), "each partition is paused"
    )
    assert seen.outcomes == outcomes
    pauses = {p: (row["paused"]["offset"], row["paused"]["reason"]) for p, row in (await gateway.partitions()).items()}
    assert pauses == {partition: ("4", kind) for partition, kind in enumerate(KINDS)}
    await gateway.until_health("paused")
    await fleet.until_committed(*[4] * len(KINDS))
    assert await fleet.dead_letters() == []


@pytest.mark.parametrize("kind", ["decode", "frame"])
async def test_a_kind_has_its_own_policy(fleet: Fleet, kind: str) -> None:
    gateway = await fleet.gateway(DUTIES_UNDECODABLE_POLICY="pause")
    await gateway.until_metrics(lambda seen: len(seen.catching_up) == 3, "all partitions are owned")
    await fleet.produce(0, bad("schema_mismatch"), bad("too_large"), bad("null"), bad(kind), good())
    await gateway.until_metrics(lambda seen: seen["dashstream_duties_partitions_paused"] == 1, "it is paused")
    await fleet.until_committed(3, 0, 0)
    await gateway.until_outcomes(new_error=2, missing_payload=1)
