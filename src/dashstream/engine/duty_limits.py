"""Settings of the owner's duties, with units: sections DUTIES and DEAD_LETTERS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashstream.engine.limits import KIB, MIB
from dashstream.engine.outcomes import Policy
from dashstream.options import option


class Mode(StrEnum):
    """What a failure of the dead-letter path does."""

    FAIL_CLOSED = "fail_closed"
    BEST_EFFORT = "best_effort"


POLICIES = tuple(policy.value for policy in Policy)
MODES = tuple(mode.value for mode in Mode)


@dataclass(frozen=True, slots=True)
class DutyLimits:
    """Section DUTIES: what the owner of a partition does once for all gateways."""

    heads_budget_s: float = option(
        5.0, "time for finding where new data begins before readiness goes ahead without", unit="s", low=0.01
    )
    page_records: int = option(500, "most records examined in one go", unit="count", low=1)
    page_bytes: int = option(4 * MIB, "most bytes read in one go", unit="bytes", low=1024)
    rest_s: float = option(
        0.01,
        "rest after a page of few records, so that the next one has more; pages never wait for it",
        unit="s",
        low=0,
    )
    commit_interval_s: float = option(1.0, "how often progress is committed", unit="s", low=0)
    undecodable_policy: str = option("skip", "new records whose frame or payload does not decode: skip or pause")
    schema_mismatch_policy: str = option("skip", "new records of a newer schema version: skip or pause")
    too_large_policy: str = option("skip", "new records above the size limit: skip or pause")
    null_policy: str = option("skip", "new records without a payload: skip or pause")
    sequence_counters: int = option(
        20_000, "threads and producers whose sequences are followed; beyond, the longest idle are forgotten", low=1
    )
    log_interval_s: float = option(
        60.0, "how often failures and pauses are summed up in one line of the log", unit="s", low=1
    )
    stop_s: float = option(5.0, "how long a stop waits for dead letters and the last commit", unit="s", low=0)

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policy for each reason of ``classify.UNREADABLE_REASONS``."""
        return {
            "frame": Policy(self.undecodable_policy),
            "decode": Policy(self.undecodable_policy),
            "schema_mismatch": Policy(self.schema_mismatch_policy),
            "too_large": Policy(self.too_large_policy),
            "null": Policy(self.null_policy),
        }


@dataclass(frozen=True, slots=True)
class DeadLetterLimits:
    """Section DEAD_LETTERS: what is kept of records that cannot be processed."""

    mode: str = option(
        "fail_closed",
        "when a dead letter cannot be written: fail_closed holds the partition's duties, best_effort counts the loss",
    )
    timeout_s: float = option(5.0, "time for writing one batch of dead letters", unit="s", low=0.01)
    queue: int = option(1_000, "most dead letters waiting to be written", unit="count", low=1)
    queue_bytes: int = option(8 * MIB, "most bytes of dead letters waiting to be written", unit="bytes", low=1024)
    batch: int = option(100, "most dead letters written at once", unit="count", low=1)
    preview_bytes: int = option(
        16, "bytes shown of each end of a record, with known secrets redacted; 0 shows none", unit="bytes", low=0
    )
    payload: bool = option(
        default=False, doc="keep the payload too, with known secrets redacted, so that it can be driven again"
    )
    max_payload_bytes: int = option(64 * KIB, "most bytes of a payload that are kept", unit="bytes", low=0)
    listed: int = option(10_000, "newest dead letters that can be listed", unit="count", low=1)
    retention_age_s: float = option(
        30 * 86_400.0, "dead letters older than this are removed; 0 keeps them", unit="s", low=0
    )
    retention_bytes: int = option(
        256 * MIB, "the oldest dead letters above this total are removed; 0 keeps them", unit="bytes", low=0
    )
