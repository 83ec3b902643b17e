"""Guessing tokens: how many are let by, for how long, and what is remembered of them."""

from __future__ import annotations

from contextlib import suppress

import pytest

from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.app.auth import StaticTokenAuth
from dashstream.engine.admission import Admission, AdmissionLimits, Denied
from dashstream.engine.ports import Metrics, NoMetrics
from dashstream.errors import OverloadedError, UnauthenticatedError

TOKEN = "the-token-of-this-test"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class FakeClock:
    """Time is what the test says."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def now_us(self) -> int:
        return int(self.now * 1e6)

    def monotonic(self) -> float:
        return self.now


def admission(clock: FakeClock, *, connections: int = 10, metrics: Metrics | None = None, **limits: float) -> Admission:
    wanted = AdmissionLimits(**{"failed_tokens": 3, "failure_window_s": 60.0, **limits})  # type: ignore[arg-type]  # numbers of both kinds
    return Admission(StaticTokenAuth(TOKEN), wanted, connections, clock, metrics or NoMetrics())


def guess(entrance: Admission, token: str | None, place: str = HERE) -> None:
    with pytest.raises(UnauthenticatedError):
        entrance.authenticate(token, place)


def test_who_guesses_is_not_listened_to_for_a_while() -> None:
    clock = FakeClock()
    entrance = admission(clock)
    for number in range(3):
        clock.now += 1
        guess(entrance, f"guess {number}")
    with pytest.raises(OverloadedError) as refusal:
        entrance.authenticate(TOKEN, HERE)
    assert refusal.value.retry_after_s == 58.0
    assert entrance.enter(HERE) is Denied.GUESSES
    assert entrance.authenticate(TOKEN, THERE), "who is elsewhere is not concerned"
    clock.now += 58
    assert entrance.authenticate(TOKEN, HERE)
    clock.now += 0.5
    assert entrance.authenticate(TOKEN, HERE)
    assert entrance.enter(HERE) is None


def test_the_same_wrong_token_again_is_no_new_guess() -> None:
    entrance = admission(FakeClock())
    for _ in range(100):
        guess(entrance, "an old one")
        guess(entrance, None)
        guess(entrance, "another")
    assert entrance.authenticate(TOKEN, HERE)


def test_a_bounded_number_of_addresses_is_remembered() -> None:
    entrance = admission(FakeClock(), remembered_addresses=2)
    for place in ("a", "b", "c"):
        for number in range(3):
            guess(entrance, f"guess {number}", place)
    assert entrance.authenticate(TOKEN, "a"), "the oldest is forgotten"
    for place in ("b", "c"):
        with pytest.raises(OverloadedError):
            entrance.authenticate(TOKEN, place)


def test_connections_are_bounded_in_all_and_by_address() -> None:
    entrance = admission(FakeClock(), connections=3, max_connections_per_address=2)
    assert [entrance.enter(HERE) for _ in range(3)] == [None, None, Denied.ADDRESS]
    assert [entrance.enter(THERE) for _ in range(2)] == [None, Denied.CONNECTIONS]
    entrance.leave(HERE)
    assert entrance.enter(THERE) is None
    entrance.leave(THERE)
    assert entrance.enter(HERE) is None


def test_an_address_has_so_many_requests_answered_at_once() -> None:
    entrance = admission(FakeClock(), max_requests_per_address=2)
    with entrance.answering(HERE):
        with entrance.answering(HERE):
            with pytest.raises(OverloadedError) as refusal, entrance.answering(HERE):
                pass
            assert refusal.value.retry_after_s == 1.0
            with entrance.answering(THERE):
                pass
        with entrance.answering(HERE):
            pass


def test_the_gauge_of_requests_is_right_whatever_becomes_of_them() -> None:
    metrics = PrometheusMetrics()
    entrance = admission(FakeClock(), metrics=metrics, max_requests_per_address=2)
    with entrance.answering(HERE):
        with suppress(ZeroDivisionError), entrance.answering(HERE):
            assert "\ndashstream_http_requests 2.0\n" in metrics.render().decode()
            raise ZeroDivisionError
        assert "\ndashstream_http_requests 1.0\n" in metrics.render().decode()
    assert "\ndashstream_http_requests 0.0\n" in metrics.render().decode()
