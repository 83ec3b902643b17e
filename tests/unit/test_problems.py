"""What an error of the engine is to a client of the HTTP API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashstream import errors
from dashstream.adapters.http.problems import problem_of


def tree(root: type[errors.DashStreamError]) -> Iterator[type[errors.DashStreamError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


OF_THE_GATEWAY = {errors.GatewayUnreachableError}
"""Raised by who asks, never by who answers."""
RETRYABLE = sorted(
    (error for error in set(tree(errors.DashStreamError)) - OF_THE_GATEWAY if error.retryable), key=lambda one: one.code
)


def test_there_is_something_to_check() -> None:
    assert {errors.LogUnavailableError, errors.OverloadedError} <= set(RETRYABLE)


@pytest.mark.parametrize("kind", RETRYABLE, ids=lambda kind: kind.code)
def test_what_a_repeat_can_mend_is_told_as_such(kind: type[errors.DashStreamError]) -> None:
    error = kind.__new__(kind)
    if isinstance(error, errors.OverloadedError):
        error.retry_after_s = 2.5
    problem = problem_of(error)
    assert problem.status in {429, 503}
    assert int(problem.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("kind", [errors.LogEpochChangedError, errors.LogRefusedError], ids=lambda kind: kind.code)
def test_a_log_that_cannot_be_used_now_is_no_fault_of_the_gateway(kind: type[errors.DashStreamError]) -> None:
    assert problem_of(kind.__new__(kind)).status == 503
