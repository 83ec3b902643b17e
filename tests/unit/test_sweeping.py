"""Who the sweeper looks at, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from dashstream.adapters.websocket.native import Lanes
from dashstream.adapters.websocket.registry import CALM_SWEEP_S, Connections
from dashstream.engine.limits import ClientLimits
from dashstream.engine.ports import NoMetrics
from dashstream.engine.sends import Sends


@dataclass(eq=False)
class Swept:
    is_hurried: bool = False
    is_slow: bool = False
    apply_lag_s: float = 0.0
    swept: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)

    def sweep(self, now: float) -> None:
        self.swept.append(now)

    def send_progress(self, now: float) -> None:
        self.told.append(now)


def connections(**limits: float) -> Connections:
    metrics = NoMetrics()
    hub = SimpleNamespace(settle_all=lambda: None)
    services = cast("Any", SimpleNamespace(limits=ClientLimits(**cast("Any", limits)), hub=hub))
    return Connections(
        services,
        admission=cast("Any", None),
        identity=cast("Any", None),
        max_record_bytes=1 << 20,
        allowed_hosts=(),
        metrics=metrics,
        sends=Sends(metrics),
        lanes=Lanes(None),
    )


def swept_for(seconds: float, found: Connections, *added: Swept) -> None:
    for one in added:
        found.add(cast("Any", one))
    for eighth in range(round(seconds * 8)):
        found.sweep(1_000 + eighth / 8)


def test_one_that_is_hurried_is_looked_at_every_time_and_others_now_and_then() -> None:
    calm, hurried = Swept(), Swept(is_hurried=True)
    swept_for(10 * CALM_SWEEP_S, connections(), calm, hurried)
    assert len(hurried.swept) == 80
    assert len(calm.swept) == 10


def test_short_deadlines_are_kept_for_those_that_are_calm() -> None:
    calm = Swept()
    swept_for(2, connections(ping_interval_s=0.5), calm)
    assert len(calm.swept) == 16


def test_progress_has_its_own_interval() -> None:
    calm = Swept()
    swept_for(2, connections(progress_interval_s=0.5), calm)
    assert len(calm.told) == 4
