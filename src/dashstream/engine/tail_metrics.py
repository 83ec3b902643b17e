"""How much of the log's newest records is in memory, beside the limits of whichever log it is."""

from __future__ import annotations

from dashstream.engine.ports import Metrics


class TailMetrics:
    """The gauges of a gateway's one tail of its log."""

    def __init__(self, metrics: Metrics) -> None:
        self._records = metrics.gauge(
            "dashstream_log_tail_records", "Newest records of the log held in memory for who follows it"
        )
        self._bytes = metrics.gauge(
            "dashstream_log_tail_bytes",
            "Bytes of the log's newest records held in memory, as they count toward the limit",
        )

    def show(self, records: int, size: int) -> None:
        """Show what is held now."""
        self._records.set(records)
        self._bytes.set(size)
