"""Codes of the client protocol. Their ranges are the retry contract, so a client needs no table.

A close code of 4000-4499 means "connect again and resume", 4500-4999 means "do not come back without a
change". Error codes are stable text; ``retryable`` in the error frame says whether the same frame can succeed
later.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    """WebSocket close codes that the gateway sends."""

    NORMAL = 1000
    GOING_AWAY = 4001
    SLOW = 4002
    REPLAY_TIMEOUT = 4003
    BAD_REQUEST = 4500
    UNAUTHENTICATED = 4501
    FORBIDDEN = 4503
    TOO_LARGE = 4508

    @property
    def retryable(self) -> bool:
        """Whether a client should connect again and resume."""
        return 4000 <= self < 4500


class ErrorCode(StrEnum):
    """What an ``error`` frame says went wrong."""

    BAD_FRAME = "bad_frame"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    UNEXPECTED_FRAME = "unexpected_frame"
    PROTOCOL_UNSUPPORTED = "protocol_unsupported"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    BAD_FILTER = "bad_filter"
    BAD_START = "bad_start"
    BAD_POSITIONS = "bad_positions"
    TOO_MANY_POSITIONS = "too_many_positions"
    TOO_MANY_THREADS = "too_many_threads"
    EPOCH_CHANGED = "epoch_changed"
    DUPLICATE_SUBSCRIPTION = "duplicate_subscription"
    UNKNOWN_SUBSCRIPTION = "unknown_subscription"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    REPLAY_FAILED = "replay_failed"


class GapReason(StrEnum):
    """Why a range of offsets will not come."""

    LOST = "lost"
    NOT_RETAINED = "not_retained"
    EPOCH_CHANGED = "epoch_changed"


class Outcome(StrEnum):
    """How a replay ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    REFUSED = "refused"


class StartFrom(StrEnum):
    """Where a subscription wants to start."""

    CURSOR = "cursor"
    EARLIEST = "earliest"
    LATEST = "latest"
    SNAPSHOT = "snapshot"


class Delivery(StrEnum):
    """How a subscription is being served."""

    LIVE = "live"
    CATCHING_UP = "catching_up"
    PAUSED = "paused"
