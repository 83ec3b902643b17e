"""Which names a gateway answers to.

A page of another site can make a browser send requests here under a name of its own (DNS rebinding). Such a
request carries that name in ``Host``, and an ``Origin`` that agrees with it; an IP address or ``localhost`` cannot be
rebound.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection


def is_own_host(host: str, allowed: Collection[str]) -> bool:
    """Tell whether a Host header names this gateway: an IP address, localhost, or one of the allowed names, which
    are in lower case.
    """
    name = host.lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.rstrip(".") in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
