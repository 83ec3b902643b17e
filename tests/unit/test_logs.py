"""Logs that can neither fill a disk nor hide what they leave out, ours and those of libraries."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.redis.options import RedisOptions
from dashstream.app.logs import LIBRARY_WINDOW_S, LibraryLimiter, RateLimiter, configure
from dashstream.app.settings import LoggingSettings, Settings, secret_values
from duty_rig import FakeClock

SECRET = "s3cr3t-of-somebody"  # what must not be seen
KAFKA = "%s [%s] %s"
"""How the client of Kafka logs: kind, client, text."""


@pytest.fixture
def lines() -> Iterator[Any]:
    """Log into memory as the gateway does, and return what there is so far."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure(LoggingSettings(format="json", burst=2), [SECRET], stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_is_left_out_of_our_own_events_is_told_a_second_later() -> None:
    clock = FakeClock()
    limiter = RateLimiter(2, clock.monotonic)
    passed = [_pass(limiter, {"event": "again"}) for _ in range(5)]
    assert passed == [{"event": "again"}] * 2 + [None] * 3
    assert _pass(limiter, {"event": "another"}) == {"event": "another"}
    clock.pass_(1.0)
    assert _pass(limiter, {"event": "again"}) == {"event": "again", "left_out": 3}
    assert _pass(limiter, {"event": "again"}) == {"event": "again"}


def test_a_library_says_a_kind_of_thing_once_a_minute() -> None:
    clock = FakeClock()
    limiter = LibraryLimiter(clock.monotonic)
    assert limiter.filter(_record("FAIL", "refused after 0 ms"))
    assert not limiter.filter(_record("FAIL", "refused after 1 ms"))
    assert not limiter.filter(_record("FAIL", "refused after 2 ms"))
    assert limiter.filter(_record("GETPID", "retrying")), "another kind has an allowance of its own"
    clock.pass_(LIBRARY_WINDOW_S)
    later = _record("FAIL", "refused after 3 ms")
    assert limiter.filter(later)
    assert later.getMessage() == "FAIL [client] refused after 3 ms (and 2 like it left out)"


def test_the_gateway_limits_both(lines: Any) -> None:
    for _ in range(9):
        structlog.get_logger("ours").warning("ours")
        logging.getLogger("theirs").error(KAFKA, "FAIL", "client", "refused")
    assert [line["event"] for line in lines()] == ["ours", "FAIL [client] refused", "ours"]


def test_no_secret_is_logged_by_us_or_by_a_library(lines: Any) -> None:
    structlog.get_logger("ours").warning("ours", url=f"/?t={SECRET}", token="x", api_key="y")
    logging.getLogger("theirs").error("it was %s", SECRET)
    ours, theirs = lines()
    assert (ours["url"], ours["token"], ours["api_key"]) == ("/?t=***", "***", "***")
    assert SECRET not in json.dumps(theirs)


def test_every_secret_that_is_set_is_among_what_is_masked() -> None:
    kafka = KafkaOptions(password="of kafka", key_password="of the key")  # made up
    settings = Settings(kafka=kafka, redis=RedisOptions(password="of redis"))  # as above
    assert sorted(secret_values(settings)) == ["of kafka", "of redis", "of the key"]


def _pass(limiter: RateLimiter, event: dict[str, Any]) -> Any:
    try:
        return limiter(None, "warning", event)
    except structlog.DropEvent:
        return None


def _record(kind: str, text: str) -> logging.LogRecord:
    return logging.LogRecord("kafka", logging.ERROR, "", 0, KAFKA, (kind, "client", text), None)
