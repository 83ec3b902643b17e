"""What a server session is told, and what it wants done: plain values between it and whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashstream.protocol import control
from dashstream.protocol.codes import CloseCode, StartFrom
from dashstream.protocol.position import NOW, FaultTally, PositionFault, RunMoment


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What a client is held to; sizes in bytes, times in seconds."""

    max_frame_bytes: int
    max_record_bytes: int
    max_batch_bytes: int
    max_window_bytes: int
    max_subscriptions: int
    max_resume_partitions: int
    max_resume_threads: int
    max_filter_values: int
    hello_timeout_s: float
    bad_frames: int
    token_warning_s: float = 60.0
    token_grace_s: float = 30.0
    compressions: tuple[str, ...] = ("zstd",)

    def to_wire(self) -> control.Limits:
        """Return what ``welcome`` tells of them."""
        return control.Limits(
            max_frame_bytes=self.max_frame_bytes,
            max_record_bytes=self.max_record_bytes,
            max_batch_bytes=self.max_batch_bytes,
            max_window_bytes=self.max_window_bytes,
            max_subscriptions=self.max_subscriptions,
            max_resume_partitions=self.max_resume_partitions,
            max_resume_threads=self.max_resume_threads,
            max_filter_values=self.max_filter_values,
        )


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Who serves, and which log."""

    version: str
    instance: str
    topic: str
    epoch: str
    schema_version: int
    partition_count: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a control frame."""

    frame: control.ServerFrame


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Find out who the client is, then call ``welcome`` or ``refuse``. None: no token in the hello."""

    token: str | None


@dataclass(frozen=True, slots=True)
class Reauthenticate:
    """Check a newer token, then call ``renewed`` or ``refuse``."""

    token: str


@dataclass(frozen=True, slots=True)
class SubscribeRequest:
    """A subscribe that passed every check that needs no log."""

    id: int
    filter: control.Filter
    start: StartFrom
    epoch: str | None
    positions: dict[int, int]
    faults: dict[PositionFault, FaultTally]
    strict: bool
    window_bytes: int
    threads: Mapping[str, int] | None = None
    """The last applied sequence of each thread; None where the cursor names positions, or there is none."""
    at: RunMoment = NOW
    """What moment a snapshot is of."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a subscription; the engine answers ``subscribed`` and, later, ``replay_complete``."""

    request: SubscribeRequest


@dataclass(frozen=True, slots=True)
class Credit:
    """The client has applied everything below these positions."""

    subscription: int
    positions: dict[int, int]


@dataclass(frozen=True, slots=True)
class End:
    """End a subscription."""

    subscription: int


@dataclass(frozen=True, slots=True)
class Close:
    """Send ``closing``, then close the connection."""

    code: CloseCode
    reason: str
    retry_after_ms: int = 0


Effect = Send | Authenticate | Reauthenticate | Open | Credit | End | Close
