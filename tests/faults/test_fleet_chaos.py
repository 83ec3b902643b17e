"""Two gateways over Kafka and a store, everything is killed, flushed, stalled or cut at random: no promise is broken.

Clients that know only the specification keep journals; an independent checker compares them with Kafka. ``make chaos``
is the same run at full length and rate.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.plan import FaultKind, Plan
from chaos.run import CLIENT_CUTS, run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PLAN = Plan(
    seed=20_260,
    seconds=25.0,
    rate=500,
    clients=4,
    cut_every_s=4.0,
    faults=20,
)


async def test_no_promise_is_broken_under_faults(tmp_path: Path) -> None:
    verdict = await run(PLAN, tmp_path)
    assert verdict.violations == []
    figures = verdict.figures
    assert figures["records on the log"] >= 0.99 * PLAN.seconds * PLAN.rate
    assert figures["bad records"] == figures["dead letters"] > 0
    assert figures["client connections"] > 2 * PLAN.clients
    assert figures["starts of gateways"] > PLAN.gateways
    for kind in (FaultKind.KILL_KAFKA, FaultKind.FREEZE_KAFKA, FaultKind.KILL_REDIS, FaultKind.FREEZE_REDIS):
        assert verdict.faults[kind] == PLAN.counts()[kind]
    assert verdict.faults[CLIENT_CUTS] > 0
