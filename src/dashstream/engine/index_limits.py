"""Section INDEX: bounds of the run index."""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.options import option


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """How the run index is folded from the log."""

    batch_records: int = option(2_000, "records folded in one transaction", unit="count", low=1)
    batch_bytes: int = option(16_777_216, "bytes of records folded in one transaction", unit="bytes", low=1)
    fold_interval_s: float = option(
        0.05, "how long records are waited for after one, so that they are folded together", unit="s", low=0
    )
    own_process: bool = option(
        True, "fold in a process of its own; off: in a thread, for machines with one core or little memory"
    )
    cached_runs: int = option(512, "run summaries kept in memory while they are folded", unit="count", low=1)
