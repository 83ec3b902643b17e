"""Which address a client is counted under: its own, also behind proxies that are trusted, and nobody else's claim."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN = "unknown"
"""The place of clients without an IP address."""
SITE_BITS = 64
"""What one IPv6 subscriber has: the addresses within it are one place."""
MAX_HOPS = 16
HEADERS = ("x-forwarded-for", "forwarded")
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))', re.IGNORECASE)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks, of which a single address is one.

    Raises:
        ValueError: one is neither.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)


def place_of(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network], header: str) -> str:
    """Return where a client is: an IPv4 address, or the /64 of an IPv6 address.

    ``forwarded``: the values of the one header that the proxies write. It is read from its end, and each entry counts
    only while the hop that wrote it is trusted: what a client wrote itself is before those and never reached.
    """
    address = _parsed(peer or "")
    hops = ",".join(forwarded).split(",")[-MAX_HOPS:] if forwarded else []
    while hops and address is not None and any(address in network for network in trusted):
        claimed = _claimed(hops.pop(), header)
        if claimed is None:
            break
        address = claimed
    if address is None:
        return UNKNOWN
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), SITE_BITS), strict=False))


def _claimed(entry: str, header: str) -> Address | None:
    if header == "forwarded":
        found = _FOR.search(entry.strip())
        entry = (found[1] or found[2] or "") if found else ""
    return _parsed(_without_port(entry.strip()))


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@lru_cache(1024)
def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address
