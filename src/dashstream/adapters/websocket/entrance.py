"""How one connection comes in: its request is granted or refused, its place is taken, its tokens are judged."""

from __future__ import annotations

import math
from collections.abc import Collection

from websockets.http11 import Request, Response

from dashstream.adapters.websocket.core import Core
from dashstream.adapters.websocket.handshake import Refusal, bearer_token, refusal_of
from dashstream.engine.access import Principal
from dashstream.engine.admission import RETRY_AFTER_S, Admission, Denied

NO_PLACE = {
    Denied.CONNECTIONS: Refusal(503, "Too many connections.\n", Denied.CONNECTIONS),
    Denied.ADDRESS: Refusal(429, "Too many connections from this address.\n", Denied.ADDRESS),
    Denied.GUESSES: Refusal(429, "Too many wrong tokens came from this address.\n", Denied.GUESSES),
}


class Entrance:
    """The entrance as one connection meets it."""

    def __init__(
        self, admission: Admission, allowed_hosts: Collection[str], allowed_origins: Collection[str], peer: str | None
    ) -> None:
        self._admission = admission
        self._hosts = allowed_hosts
        self._origins = allowed_origins
        self._peer = peer
        self._place = admission.place_of(peer, ())
        self._is_inside = False
        self._token: str | None = None

    def answer(self, request: Request, core: Core) -> Response:
        """Return the answer to a request for a WebSocket, before which nothing is upgraded."""
        refusal = refusal_of(request, self._hosts, self._origins)
        if refusal is not None:
            self._admission.note(refusal.reason)
            return core.reject(refusal.status, refusal.text)
        forwarded = request.headers.get_all(self._admission.proxy_header)
        self._place = self._admission.place_of(self._peer, forwarded)
        if denied := self._admission.enter(self._place):
            refusal = NO_PLACE[denied]
            response = core.reject(refusal.status, refusal.text)
            response.headers["Retry-After"] = str(math.ceil(RETRY_AFTER_S))
            return response
        self._is_inside = True
        self._token = bearer_token(request.headers)
        return core.accept(request)

    def authenticate(self, token: str | None) -> Principal:
        """Return whom a token is for; None: the one that the request had.

        Raises:
            UnauthenticatedError, OverloadedError: as ``Admission.authenticate``.
        """
        return self._admission.authenticate(token or self._token, self._place)

    def leave(self) -> None:
        """Give back the place; called once the transport is gone."""
        if self._is_inside:
            self._is_inside = False
            self._admission.leave(self._place)
