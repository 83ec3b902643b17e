"""What every request passes first: the Host check, and headers that every response carries."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashstream.adapters.http.problems import Problem, problem_response
from dashstream.engine.access import Principal
from dashstream.engine.own_host import is_own_host

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class HostGuard:
    """Refuses requests for a name that is not this gateway's, and adds the security headers to every
    answer.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if is_own_host(Headers(scope=scope).get("host", ""), self._allowed):
            await self._app(scope, receive, send_secured)
        else:
            refusal = Problem(421, "wrong_host", "this gateway does not answer to that name")
            await problem_response(refusal)(scope, receive, send_secured)


def principal_of(request: Request) -> Principal:
    """Return who made a request that was admitted."""
    principal: Principal = request.state.principal
    return principal


def bearer_token(headers: Headers) -> str | None:
    """Return the token of an Authorization header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
