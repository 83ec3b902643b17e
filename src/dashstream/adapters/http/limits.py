"""Section HTTP: what a client of the HTTP API may cost, and how it may call the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.options import option


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds of the HTTP API."""

    head_timeout_s: float = option(
        10.0, "time for the request line and headers, from the first byte or the connection on", unit="s", low=0.05
    )
    body_timeout_s: float = option(30.0, "time for the whole body of a request", unit="s", low=0.05)
    allowed_hosts: tuple[str, ...] = option(
        (),
        "names, besides localhost and IP addresses, that requests may use for this gateway",
        unit="names",
    )
