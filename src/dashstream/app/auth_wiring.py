"""Which tokens a gateway takes: its own, and those that somebody else issues when it has their keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from dashstream.app.auth import AnyAuth, StaticTokenAuth
from dashstream.app.settings import Settings
from dashstream.engine.ports import Auth, Clock, Metrics
from dashstream.errors import SettingsError


@dataclass(frozen=True, slots=True)
class AuthParts:
    """Who is let in. ``watch`` follows the file of keys; None where there is none."""

    auth: Auth
    watch: Callable[[], Awaitable[None]] | None = None
    keys_error: Callable[[], str | None] = lambda: None


def open_auth(settings: Settings, token: str, clock: Clock, metrics: Metrics) -> AuthParts:
    """Return what decides about tokens.

    Raises:
        SettingsError: the file of keys cannot be used, or the package for signed tokens is not installed.
    """
    own = StaticTokenAuth(token)
    if settings.jwt.jwks_file is None:
        return AuthParts(own)
    try:
        from dashstream.adapters.jwt.auth import JwtAuth
        from dashstream.adapters.jwt.keys import KeyFile
    except ImportError as error:
        raise SettingsError("DASHSTREAM_JWT_JWKS_FILE", "signed tokens need dashstream[jwt]") from error
    keys = KeyFile(settings.jwt.jwks_file, metrics)
    auth = AnyAuth(own, JwtAuth(keys, settings.jwt, clock))
    return AuthParts(auth, partial(keys.watch, settings.jwt.reload_s), lambda: keys.error)
