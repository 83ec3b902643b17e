"""A moment of a run, as a client says it."""

from __future__ import annotations

import pytest

from dashstream.protocol.position import MAX_OFFSET, NOW, RunMoment, moment_from_wire


@pytest.mark.parametrize(
    ("step", "sequence", "moment"),
    [
        (None, None, NOW),
        ("12", None, RunMoment(step=12)),
        (None, "0", RunMoment(sequence=0)),
        (None, "9999999999999999999", RunMoment(sequence=MAX_OFFSET)),
    ],
)
def test_a_moment_is_read_from_decimals(step: str | None, sequence: str | None, moment: RunMoment) -> None:
    assert moment_from_wire(step, sequence) == moment
