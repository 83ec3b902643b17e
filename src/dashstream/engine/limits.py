"""Every bound of the gateway's data path, as settings with units: sections LOG, RING, CLIENT and INGEST."""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.options import option

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Section LOG: the embedded log."""

    partitions: int = option(8, "partitions of a new log; an existing one keeps its own", unit="count", low=1)
    retention_age_s: float = option(7 * 86_400.0, "records older than this are removed; 0 keeps them", unit="s", low=0)
    retention_bytes: int = option(
        8 * 1024 * MIB, "the oldest records above this total are removed; 0 keeps them", unit="bytes", low=0
    )
    poll_interval_s: float = option(
        0.02, "how often a waiting reader looks for appends by other processes", unit="s", low=0.001
    )
    commit_bytes: int = option(
        8 * MIB, "most bytes that waiting batches are committed together with", unit="bytes", low=1
    )
    busy_timeout_s: float = option(5.0, "how long to wait for another process's write", unit="s", low=0)
    tail_bytes: int = option(
        16 * MIB, "memory for the newest records and what was read of them; 0 keeps none", unit="bytes", low=0
    )


@dataclass(frozen=True, slots=True)
class RingLimits:
    """Section RING: the newest records in memory."""

    max_bytes: int = option(64 * MIB, "bytes of records kept in memory", unit="bytes", low=1)
    max_records: int = option(100_000, "records kept in memory", unit="count", low=1)


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """Section INGEST: records on their way in."""

    max_record_bytes: int = option(
        1 * MIB,
        "largest record, framed and decompressed, that SDK, gateway and page agree on",
        unit="bytes",
        low=1024,
    )
    max_batch_bytes: int = option(16 * MIB, "largest body of one ingest request", unit="bytes", low=1024)
    max_batch_records: int = option(10_000, "most records in one ingest request", unit="count", low=1)
    max_inflight_bytes: int = option(
        64 * MIB, "bytes waiting to become durable before producers are put off", unit="bytes", low=1024
    )
    retry_after_s: float = option(1.0, "how long a producer that was put off should wait", unit="s", low=0)
    spool_interval_s: float = option(
        5.0,
        "how often spools below the data directory whose programs are gone are looked for; 0 is never",
        unit="s",
        low=0,
    )
    page_records: int = option(5_000, "most records read from the log at once", unit="count", low=1)
    page_bytes: int = option(8 * MIB, "most bytes read from the log at once", unit="bytes", low=1024)


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Section CLIENT: WebSocket clients."""

    allowed_origins: tuple[str, ...] = option(
        (), "origins of pages that may connect, besides the gateway's own", unit="origins"
    )
    max_connections: int = option(2_000, "open connections", unit="count", low=1)
    hello_timeout_s: float = option(10.0, "time for a valid hello", unit="s", low=0.01)
    max_frame_bytes: int = option(64 * KIB, "largest frame that a client may send", unit="bytes", low=1024)
    token_warning_s: float = option(
        60.0, "how long before its token expires a client is told, so that it renews it", unit="s", low=0
    )
    token_grace_s: float = option(
        30.0,
        "how long a client whose token has expired stays connected; nothing new is opened for it",
        unit="s",
        low=0,
    )
    bad_frames: int = option(10, "bad frames within a minute that end the connection", unit="count", low=1)
    frames_per_s: float = option(
        200.0,
        "control frames a second that a client may send on average; above it, reading pauses",
        unit="1/s",
        low=1,
    )
    max_subscriptions: int = option(16, "subscriptions of one connection", unit="count", low=1)
    max_resume_partitions: int = option(512, "partitions in one cursor", unit="count", low=1)
    max_resume_threads: int = option(1_000, "threads in one cursor", unit="count", low=1)
    max_filter_values: int = option(1_000, "values in all filters of one subscription", unit="count", low=1)
    max_batch_bytes: int = option(
        128 * KIB, "size of a data frame; a single larger record is sent alone", unit="bytes", low=1024
    )
    max_window_bytes: int = option(
        8 * MIB, "delivered bytes that a client may leave unacknowledged", unit="bytes", low=1024
    )
    write_buffer_bytes: int = option(
        64 * KIB,
        "unsent bytes above which a client is skipped until it has read; one data frame may come on top",
        unit="bytes",
        low=1024,
    )
    notsent_bytes: int = option(
        64 * KIB,
        "unsent bytes that the kernel takes per connection; 0 leaves the system's default",
        unit="bytes",
        low=0,
    )
    send_timeout_s: float = option(
        10.0,
        "time for a client, of the HTTP API too, to read what it was sent before it is closed; 1 to 60, and a value "
        "outside counts as the nearer one",
        unit="s",
        within=(1.0, 60.0),
    )
    ack_timeout_s: float = option(
        120.0,
        "time for a client that has used up its window to acknowledge something before it is closed",
        unit="s",
        low=1,
    )
    replay_timeout_s: float = option(
        3_600.0, "time for a replay to come to its verdict before its client is closed", unit="s", low=1
    )
    ping_interval_s: float = option(20.0, "silence after which a client is pinged", unit="s", low=0.05)
    ping_timeout_s: float = option(20.0, "time for the answer before the client is dead", unit="s", low=0.05)
    tick_s: float = option(0.005, "shortest time between two deliveries while records keep coming", unit="s", low=0)
    max_tick_s: float = option(0.02, "longest such time, reached under load", unit="s", low=0)
    progress_interval_s: float = option(
        1.0, "how often a client is told how far filtered records have been passed", unit="s", low=0
    )
    concurrent_log_reads: int = option(4, "log reads for replays at the same time", unit="count", low=1)
    drain_retry_ms: int = option(250, "when the first client should come back after a stop", unit="ms", low=0)
    drain_returns_per_s: float = option(
        500.0, "clients that are told to come back per second after a stop", unit="1/s", low=0.1
    )
