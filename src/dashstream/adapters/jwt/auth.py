"""Who a signed token (JWT) says a client is, once its signature, times, issuer and audience have been checked.

What a token does not say is not assumed: without an expiry, a subject, a role or tenants it is refused. Why is told in
words that hold nothing of the token.
"""

from __future__ import annotations

from typing import Any

import jwt

from dashstream.adapters.jwt.keys import KeyFile
from dashstream.adapters.jwt.options import JwtOptions
from dashstream.engine.access import Principal, Role
from dashstream.engine.ports import Clock
from dashstream.errors import UnauthenticatedError

REQUIRED = ("exp", "iss", "aud", "sub")
ALL_TENANTS = "*"
MAX_NAME = 128
MAX_TENANTS = 1_000
LATEST = 1 << 53
"""An expiry beyond it, in seconds, is as good as this one."""


class JwtAuth:
    """Tokens that are signed by a key of the file. Implements the ``Auth`` port."""

    def __init__(self, keys: KeyFile, options: JwtOptions, clock: Clock) -> None:
        self._keys = keys
        self._options = options
        self._clock = clock

    def authenticate(self, token: str | None) -> Principal:
        """Return whom a token is for.

        Raises:
            UnauthenticatedError: no token, or one that is not valid now and here.
        """
        if token is None:
            raise UnauthenticatedError("a token is needed")
        if len(token) > self._options.max_token_bytes:
            raise UnauthenticatedError("the token is too long")
        try:
            return self._principal(self._claims(token))
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("the token has expired") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise UnauthenticatedError("the token is not valid") from error

    def _claims(self, token: str) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise UnauthenticatedError("the token is not valid")
        options = self._options
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=options.issuer,
            audience=options.audience,
            leeway=options.leeway_s,
            options={"require": list(REQUIRED)},
        )

    def _principal(self, claims: dict[str, Any]) -> Principal:
        options = self._options
        names = _names(claims.get(options.roles_claim))
        roles = [role for role in Role if role.value in names]
        tenants = _names(claims.get(options.tenants_claim))
        if not roles or not tenants or len(tenants) > MAX_TENANTS:
            raise UnauthenticatedError("the token names no role, or no tenants")
        expires = min(int(claims["exp"]), LATEST) + options.leeway_s
        return Principal(
            name=claims["sub"][:MAX_NAME],
            role=roles[-1],
            tenants=None if ALL_TENANTS in tenants else tenants,
            valid_s=max(0.0, expires - self._clock.now_us() / 1e6),
        )


def _names(claim: object) -> frozenset[str]:
    """Return the names of a claim that is one text or a list of texts; anything else names nothing."""
    listed = [claim] if isinstance(claim, str) else claim
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        return frozenset()
    return frozenset(name for name in listed if name)
