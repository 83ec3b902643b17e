"""Where a subscription's frames go: one client's connection, alone or together with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dashstream.engine.page import Page
from dashstream.engine.sends import SendPath
from dashstream.protocol import control
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.position import PositionFault


class Sink(Protocol):
    """Where a subscription's frames go: one client's connection."""

    @property
    def is_writable(self) -> bool:
        """Whether the client's buffer is below its bound."""

    @property
    def is_clear(self) -> bool:
        """Whether what is sent goes straight out: it is writable and nothing waits.

        Whoever is clear no more tells its ``Deliveries`` at once (``hold``), before anything else is sent.
        """

    @property
    def lane(self) -> Lane:
        """The way that pages go to it together with others."""

    def send_control(self, frame: control.ServerFrame) -> None:
        """Send a control frame."""

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        """Send a page as one data frame; return the bytes of its entries as they go out."""

    def note_path(self, path: SendPath) -> None:
        """Take note of what its lane sent to it last, before anything else is sent: it may not know."""

    def refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool
    ) -> None:
        """Answer a subscribe that cannot be served; its id may be used again."""

    def note_faults(self, faults: Mapping[PositionFault, int]) -> None:
        """Take note of entries of a cursor that could not be used, by class."""

    def release(self, subscription: int) -> None:
        """Say that a subscription ended without the client's asking; its id may be used again."""


class Rider(NamedTuple):
    """One member as its lane sees it. ``base`` plus what the cohort sent is the number of records it was sent."""

    sink: Sink
    subscription: int
    base: int


class Convoy(Protocol):
    """Some sinks that are sent the same pages."""

    def send(self, page: Page, before: int) -> None:
        """Send a page to all. ``before``: records that the cohort was sent before it.

        Whoever does not take all of it keeps the rest, and parts before this returns.
        """

    def leave(self, place: int) -> None:
        """Send nothing more to the rider at a place; to be called at once when its sink is clear no more."""


class Lane(Protocol):
    """A way that pages go to many sinks at one stroke. Sinks with equal lanes can be sent to together."""

    @property
    def compression(self) -> bool:
        """Whether pages go compressed where that makes them smaller."""

    def convoy(self, riders: Sequence[Rider]) -> Convoy:
        """Return a convoy of these riders; no two of them have the same sink."""


@dataclass(frozen=True, slots=True)
class PlainLane:
    """The lane that every sink can take: one after the other."""

    compression: bool = False

    def convoy(self, riders: Sequence[Rider]) -> Convoy:
        return PlainConvoy(riders)


class PlainConvoy:
    """Riders that are sent to one after the other."""

    def __init__(self, riders: Sequence[Rider]) -> None:
        self._riders: list[Rider | None] = list(riders)

    def send(self, page: Page, before: int) -> None:
        for rider in self._riders:
            if rider is not None:
                rider.sink.send_page(rider.subscription, rider.base + before + 1, page, SendPath.LIVE)

    def leave(self, place: int) -> None:
        self._riders[place] = None
