"""What a fake sink needs of what its tests never ask: a refusal and a cursor at fault are failures of the test."""

from __future__ import annotations

from collections.abc import Mapping

from dashstream.engine.sends import SendPath
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.position import PositionFault


class QuietSink:
    """The part of the engine's ``Sink`` that is not about what is sent."""

    def note_path(self, path: SendPath) -> None:
        """Nobody asks."""

    def refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool
    ) -> None:
        raise AssertionError(message)

    def note_faults(self, faults: Mapping[PositionFault, int]) -> None:
        assert not any(faults.values())

    def release(self, subscription: int) -> None:
        """Nobody asks."""
