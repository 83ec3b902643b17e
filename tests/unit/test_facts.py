"""Recent means recent, also for the first who asks after a long time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from dashstream.app.facts import FactsGatherer
from dashstream.engine.health import BUCKET_S, WINDOW_S
from duty_rig import FakeClock, Rig


class Index:
    """Is never behind."""

    error = None

    async def lag(self) -> int:
        return 0


class Nobody:
    """No client is connected."""

    sends = SimpleNamespace(failed={}, timed_out={})
    slow = 0
    apply_lag_s = 0.0

    def __len__(self) -> int:
        return 0


def gatherer(clock: FakeClock, ingest: Any) -> FactsGatherer:
    rig = Rig()
    own: Any = SimpleNamespace(duties=rig.duties, sender=rig.sender, retainer=None)
    return FactsGatherer(
        clock,
        ingest=ingest,
        own=own,
        indexer=Index(),  # type: ignore[arg-type]  # all that is asked of it
        supervisor=SimpleNamespace(failures=[]),  # type: ignore[arg-type]  # as above
        connections=Nobody(),  # type: ignore[arg-type]  # as above
        keys_error=lambda: None,
        disk_free=lambda: 1 << 40,
    )


async def test_an_incident_of_last_hour_does_not_colour_the_first_answer_of_this_one() -> None:
    clock = FakeClock()
    ingest: Any = SimpleNamespace(totals={"accepted": 0, "rejected": 0}, overloaded=0)
    facts = gatherer(clock, ingest)
    ingest.totals = {"accepted": 500, "rejected": 40}
    for _ in range(round(WINDOW_S / BUCKET_S) + 1):
        facts.look()
        clock.pass_(BUCKET_S)
    ingest.totals["accepted"] += 3
    told = (await facts.health()).facts
    assert (told.records_accepted, told.records_rejected) == (3, 0)
