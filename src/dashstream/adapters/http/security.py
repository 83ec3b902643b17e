"""What every request passes first: the Host check, the bound on what one address asks at once, and headers that every
response carries.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashstream.adapters.http.problems import Problem, problem_of, problem_response
from dashstream.engine.access import Principal
from dashstream.engine.admission import Admission, Denied
from dashstream.engine.own_host import is_own_host
from dashstream.errors import OverloadedError

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Gate:
    """Lets requests in: refuses those for a name that is not this gateway's, and those above what one address may ask
    at once; adds the security headers to every answer.

    ``always_open``: paths that are answered however much an address asks, because whoever watches the gateway must not
    take it for dead.
    """

    def __init__(
        self, app: ASGIApp, allowed_hosts: Collection[str], admission: Admission, always_open: Collection[str]
    ) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed_hosts}
        self._admission = admission
        self._always_open = frozenset(always_open)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message["headers"])
                names = {name for name, _ in given}
                message["headers"] = given + [header for header in _RAW_HEADERS if header[0] not in names]
            await send(message)

        headers = Headers(scope=scope)
        if not is_own_host(headers.get("host", ""), self._allowed):
            self._admission.note(Denied.HOST)
            refusal = Problem(421, "wrong_host", "this gateway does not answer to that name")
            await problem_response(refusal)(scope, receive, send_secured)
        elif scope["path"] in self._always_open:
            await self._app(scope, receive, send_secured)
        else:
            await self._bounded(scope, headers, receive, send_secured)

    async def _bounded(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        place = self._admission.place_of(client[0] if client else None, headers.getlist(self._admission.proxy_header))
        scope.setdefault("state", {})["place"] = place
        with ExitStack() as answering:
            try:
                answering.enter_context(self._admission.answering(place))
            except OverloadedError as error:
                await problem_response(problem_of(error))(scope, receive, send)
            else:
                await self._app(scope, receive, send)


def place_of(request: Request) -> str:
    """Return the address that the client of a request is counted under."""
    place: str = request.state.place
    return place


def principal_of(request: Request) -> Principal:
    """Return who made a request that was admitted."""
    principal: Principal = request.state.principal
    return principal


def bearer_token(headers: Headers) -> str | None:
    """Return the token of an Authorization header."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
