"""How long what is sent waits to be applied, as the gateway sees it, and when a client is too late to go on with."""

from __future__ import annotations

from dashstream.engine.credit import Credit, Sent
from dashstream.engine.lateness import Lateness
from dashstream.engine.limits import ClientLimits
from dashstream.protocol.codes import CloseCode

LIMITS = ClientLimits()


def look(lateness: Lateness, credit: Credit, now: float) -> float:
    assert lateness.judge(credit, LIMITS, now, has_verdict=True) is None
    return lateness.lag_s


def test_the_lag_grows_while_nothing_is_acknowledged_and_goes_with_it() -> None:
    credit, lateness = Credit(1_000), Lateness(0.0)
    assert look(lateness, credit, 1.0) == 0.0
    credit.spend(Sent({0: 5}, 100))
    assert look(lateness, credit, 2.0) == 0.0
    credit.spend(Sent({0: 9}, 100))
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
        credit.spend(Sent({0: turn}, 100))
        credit.acknowledge({0: turn - 1})
        assert look(lateness, credit, turn * 0.2) <= 0.2 + 1e-9


def test_what_is_timed_is_all_that_was_sent_by_then() -> None:
    credit, lateness = Credit(1_000), Lateness(0.0)
    for offset in (1, 2, 3):
        credit.spend(Sent({0: offset}, 100))
    assert look(lateness, credit, 1.0) == 0.0
    credit.acknowledge({0: 2})
    assert look(lateness, credit, 4.0) == 3.0, "one of the three is not applied"
    credit.acknowledge({0: 3})
    assert look(lateness, credit, 5.0) == 4.0


def test_who_applies_slowly_with_a_window_that_is_full_at_every_look_is_not_cut_off() -> None:
    credit, lateness = Credit(100), Lateness(0.0)
    now = 0.0
    for offset in range(1, 5):
        credit.spend(Sent({0: offset}, 100))
        assert not credit.is_open
        assert lateness.judge(credit, LIMITS, now, has_verdict=True) is None
        credit.acknowledge({0: offset})
        now += 0.9 * LIMITS.ack_timeout_s


def test_who_applies_nothing_while_its_window_is_full_is_slow_and_only_then() -> None:
    credit, lateness = Credit(100), Lateness(0.0)
    credit.spend(Sent({0: 1}, 99))
    assert lateness.judge(credit, LIMITS, 10 * LIMITS.ack_timeout_s, has_verdict=True) is None, "it may be sent more"
    credit.spend(Sent({0: 2}, 1))
    begun = 20 * LIMITS.ack_timeout_s
    assert lateness.judge(credit, LIMITS, begun, has_verdict=True) is None
    assert lateness.judge(credit, LIMITS, begun + LIMITS.ack_timeout_s, has_verdict=True) is None
    assert lateness.judge(credit, LIMITS, begun + LIMITS.ack_timeout_s + 0.1, has_verdict=True) is CloseCode.SLOW


def test_a_replay_has_its_time_and_who_has_its_verdict_has_all_the_time_there_is() -> None:
    credit, lateness, late = Credit(100), Lateness(5.0), 5.1 + LIMITS.replay_timeout_s
    assert lateness.judge(credit, LIMITS, 5.0 + LIMITS.replay_timeout_s, has_verdict=False) is None
    assert lateness.judge(credit, LIMITS, late, has_verdict=True) is None
    assert lateness.judge(credit, LIMITS, late, has_verdict=False) is CloseCode.REPLAY_TIMEOUT
