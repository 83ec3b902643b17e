"""Which requests for a WebSocket are granted, and the token that one carries. Nothing here raises, whatever is sent."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass

from websockets.datastructures import Headers
from websockets.http11 import Request

from dashstream.engine.admission import Denied
from dashstream.engine.own_host import is_own_host

PATH = "/ws"
TOKEN_SUBPROTOCOL = "base64url.bearer.dashstream."  # noqa: S105  # a prefix, not a credential
SINGLE_HEADERS = ("Host", "Origin", "Authorization")
"""Headers that decide here; which of two would count is not a question to answer."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that is not granted."""

    status: int
    text: str
    reason: Denied


def refusal_of(request: Request, allowed_hosts: Collection[str], allowed_origins: Collection[str]) -> Refusal | None:
    """Return why a request is not granted, None when it may be."""
    headers = request.headers
    if any(len(headers.get_all(name)) > 1 for name in SINGLE_HEADERS):
        return Refusal(400, "A header that may come once came twice.\n", Denied.REQUEST)
    if request.path.partition("?")[0] != PATH:
        return Refusal(404, "There is no WebSocket here.\n", Denied.REQUEST)
    if not is_own_host(headers.get("Host", ""), allowed_hosts):
        return Refusal(421, "This gateway does not answer to that name.\n", Denied.HOST)
    if not origin_allowed(headers, allowed_origins):
        return Refusal(403, "This origin may not connect.\n", Denied.ORIGIN)
    return None


def bearer_token(headers: Headers) -> str | None:
    """Return the token of the Authorization header or of the token subprotocol."""
    scheme, _, token = (headers.get("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    for offered in ",".join(headers.get_all("Sec-WebSocket-Protocol")).split(","):
        name = offered.strip()
        if name.startswith(TOKEN_SUBPROTOCOL):
            text = name.removeprefix(TOKEN_SUBPROTOCOL)
            try:
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            except ValueError:  # not ASCII, not base64, or not UTF-8 inside
                return None
    return None


def origin_allowed(headers: Headers, allowed: Collection[str]) -> bool:
    """Whether a page of this origin may connect: programs send none; else the gateway's own or a listed one."""
    origin = headers.get("Origin")
    if origin is None:
        return True
    return origin.partition("://")[2] == headers.get("Host") or origin in allowed
