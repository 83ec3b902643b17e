"""How long what is sent waits to be applied, as the gateway sees it."""

from __future__ import annotations

from dashstream.engine.credit import Credit
from dashstream.engine.lateness import Lateness
from dashstream.engine.limits import ClientLimits

LIMITS = ClientLimits()


def look(lateness: Lateness, credit: Credit, now: float) -> float:
    assert lateness.judge(credit, LIMITS, now, has_verdict=True) is None
    return lateness.lag_s


def test_the_lag_grows_while_nothing_is_acknowledged_and_goes_with_it() -> None:
    credit, lateness = Credit(1_000), Lateness(0.0)
    assert look(lateness, credit, 1.0) == 0.0
    credit.spend({0: 5}, 100)
    assert look(lateness, credit, 2.0) == 0.0
    credit.spend({0: 9}, 100)
    assert look(lateness, credit, 5.0) == 3.0
    credit.acknowledge({0: 4})
    assert look(lateness, credit, 6.0) == 4.0
    credit.acknowledge({0: 5})
    assert look(lateness, credit, 7.0) == 5.0, "what was marked took so long; the rest is timed from here"
    credit.acknowledge({0: 9})
    assert look(lateness, credit, 8.0) == 1.0
    assert look(lateness, credit, 9.0) == 0.0, "nothing is owed"


def test_a_client_that_keeps_up_has_a_small_lag_however_much_it_is_sent() -> None:
    credit, lateness = Credit(1_000_000), Lateness(0.0)
    for turn in range(1, 100):
        credit.spend({0: turn}, 100)
        credit.acknowledge({0: turn - 1})
        assert look(lateness, credit, turn * 0.2) <= 0.2 + 1e-9
