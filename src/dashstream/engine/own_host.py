"""Which names a gateway answers to.

A page of another site can make a browser send requests here under a name of its own (DNS rebinding). Such a
request carries that name in ``Host``, and an ``Origin`` that agrees with it; an IP address or ``localhost`` cannot be
rebound.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache

_HOST = re.compile(r"(?:\[([0-9a-f:.]*)\]|([^:\[]*))(?::[0-9]*)?")
"""A name or address, and a port: what else a client writes there would go into the page's policy."""


def is_own_host(host: str, allowed: Collection[str]) -> bool:
    """Tell whether a Host header names this gateway: an IP address, localhost, or one of the allowed names, which
    are in lower case.
    """
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name = found[1] or found[2] or ""
    if name == "localhost" or name.rstrip(".") in allowed:
        return True
    return _is_address(name)


@lru_cache(64)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
