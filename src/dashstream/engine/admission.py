"""Who is let in: limits on open connections, in all and per address, on requests of an address that are answered at
once, and on tries with tokens that are not valid.

An address that has shown too many different wrong tokens is not listened to for a while, valid token or not: otherwise
it could go on guessing. The same wrong token again is no new guess, so a forgotten browser tab locks nobody out. Of
tokens only keyed digests are kept, and of addresses a bounded number.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from dashstream.engine.access import Principal, Role
from dashstream.engine.addresses import networks, place_of
from dashstream.engine.ports import Auth, Clock, Metrics
from dashstream.errors import ForbiddenError, OverloadedError, UnauthenticatedError
from dashstream.options import option

RETRY_AFTER_S = 5.0
"""When somebody for whom there was no place should ask again."""
REQUEST_RETRY_AFTER_S = 1.0
"""The same for a request: its neighbours are answered in a moment."""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """Section ADMISSION: how much one address may take up, and whose word on addresses counts."""

    max_connections_per_address: int = option(
        1_000, "open WebSocket connections of one IPv4 address or IPv6 /64", unit="count", low=1
    )
    max_requests_per_address: int = option(
        256, "HTTP requests of one IPv4 address or IPv6 /64 that are answered at the same time", unit="count", low=1
    )
    failed_tokens: int = option(
        20, "different wrong tokens within the window after which an address is not listened to", unit="count", low=1
    )
    failure_window_s: float = option(60.0, "how long a wrong token counts", unit="s", low=0.01)
    remembered_addresses: int = option(
        10_000, "addresses whose wrong tokens are remembered; above it the oldest are forgotten", unit="count", low=1
    )
    trusted_proxies: tuple[str, ...] = option(
        (), "networks of proxies whose header on the client's address is believed", unit="networks"
    )
    proxy_header: str = option(
        "x-forwarded-for", "the header that those proxies write: x-forwarded-for or forwarded; the other one is ignored"
    )


class Denied(StrEnum):
    """Why somebody was not let in."""

    REQUEST = "request"
    HOST = "host"
    ORIGIN = "origin"
    CONNECTIONS = "connections"
    ADDRESS = "address"
    REQUESTS = "requests"
    GUESSES = "guesses"
    TOKEN = "token"  # noqa: S105  # a class of refusals
    ROLE = "role"


class Admission:
    """Admits connections and tokens of one gateway."""

    def __init__(
        self, auth: Auth, limits: AdmissionLimits, max_connections: int, clock: Clock, metrics: Metrics
    ) -> None:
        self.auth = auth
        self._limits = limits
        self._max_connections = max_connections
        self._trusted = networks(limits.trusted_proxies)
        self._guesses = _Guesses(limits, clock)
        self._open: Counter[str] = Counter()
        self._answering: Counter[str] = Counter()
        self._requests = metrics.gauge("dashstream_http_requests", "HTTP requests that are being answered now")
        self._denied = metrics.counter(
            "dashstream_admissions_denied_total",
            "Connections and requests that were not let in, by why",
            {"reason": [reason.value for reason in Denied]},
        )

    @property
    def proxy_header(self) -> str:
        """The name of the header that :meth:`place_of` wants the values of."""
        return self._limits.proxy_header

    def place_of(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """Return the address that a client is counted under."""
        return place_of(peer, forwarded, self._trusted, self._limits.proxy_header)

    def note(self, reason: Denied) -> None:
        """Count somebody who was not let in for a reason that others judge."""
        self._denied.inc(reason=reason)

    def enter(self, place: str) -> Denied | None:
        """Take a place for a connection, which :meth:`leave` gives back; or say why there is none."""
        denied = None
        if self._open.total() >= self._max_connections:
            denied = Denied.CONNECTIONS
        elif self._open[place] >= self._limits.max_connections_per_address:
            denied = Denied.ADDRESS
        elif self._guesses.wait_s(place):
            denied = Denied.GUESSES
        if denied:
            self.note(denied)
            return denied
        self._open[place] += 1
        return None

    def leave(self, place: str) -> None:
        """Give back the place of a connection."""
        _take_one(self._open, place)

    @contextmanager
    def answering(self, place: str) -> Iterator[None]:
        """Be about to answer an HTTP request, for as long as the context lasts.

        Raises:
            OverloadedError: as many of its address as may be are being answered.
        """
        if self._answering[place] >= self._limits.max_requests_per_address:
            self.note(Denied.REQUESTS)
            raise OverloadedError("too many requests of this address at once", retry_after_s=REQUEST_RETRY_AFTER_S)
        self._answering[place] += 1
        self._requests.set(self._answering.total())
        try:
            yield
        finally:
            _take_one(self._answering, place)
            self._requests.set(self._answering.total())

    def authenticate(self, token: str | None, place: str) -> Principal:
        """Return whom a token is for.

        Raises:
            UnauthenticatedError: no token, or one that is not valid.
            OverloadedError: its address has shown too many wrong ones; the token was not looked at.
        """
        if wait_s := self._guesses.wait_s(place):
            self.note(Denied.GUESSES)
            raise OverloadedError("too many wrong tokens came from this address", retry_after_s=wait_s)
        try:
            return self.auth.authenticate(token)
        except UnauthenticatedError:
            self.note(Denied.TOKEN)
            if token is not None:
                self._guesses.add(place, token)
            raise

    def authorise(self, principal: Principal, least: Role, *, is_of_all: bool) -> None:
        """Return when somebody may do what needs a role.

        Raises:
            ForbiddenError: not so.
        """
        try:
            principal.require(least, is_of_all=is_of_all)
        except ForbiddenError:
            self.note(Denied.ROLE)
            raise


def _take_one(counts: Counter[str], place: str) -> None:
    counts[place] -= 1
    if not counts[place]:
        del counts[place]


class _Guesses:
    """Different wrong tokens of each address within the window."""

    def __init__(self, limits: AdmissionLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._key = os.urandom(16)
        self._of: OrderedDict[str, dict[bytes, float]] = OrderedDict()

    def add(self, place: str, token: str) -> None:
        guesses = self._of.setdefault(place, {})
        self._of.move_to_end(place)
        data = token.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(data, digest_size=8, key=self._key).digest()
        if digest not in guesses:
            guesses[digest] = self._clock.monotonic()
        if len(self._of) > self._limits.remembered_addresses:
            self._of.popitem(last=False)

    def wait_s(self, place: str) -> float:
        """Return after how long an address is listened to again; 0 when it is now."""
        guesses = self._of.get(place)
        if guesses is None:
            return 0.0
        now = self._clock.monotonic()
        for digest in [digest for digest, at in guesses.items() if now - at >= self._limits.failure_window_s]:
            del guesses[digest]
        if not guesses:
            del self._of[place]
        if len(guesses) < self._limits.failed_tokens:
            return 0.0
        return _first(guesses.values()) + self._limits.failure_window_s - now


def _first(times: Iterable[float]) -> float:
    return next(iter(times), math.inf)
