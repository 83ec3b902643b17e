"""Section JWT: tokens that somebody else issues."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashstream.errors import SettingsError
from dashstream.options import option


@dataclass(frozen=True, slots=True)
class JwtOptions:
    """Tokens that somebody else issues and signs (JWT), in addition to the gateway's own token."""

    jwks_file: Path | None = option(None, "file with the keys (JWKS) that sign tokens; empty: no such token is taken")
    issuer: str = option("", "the `iss` that a token must have; required with keys")
    audience: str = option("", "the `aud` that a token must have or contain; required with keys")
    leeway_s: float = option(
        30.0,
        "by how much clocks may differ when times in a token are judged; 0 to 300, and a value outside counts as the "
        "nearer one",
        unit="s",
        within=(0.0, 300.0),
    )
    roles_claim: str = option("roles", "claim that names the roles: one or a list; of several the highest counts")
    tenants_claim: str = option("tenants", "claim that names the tenants: one or a list; `*` is every tenant")
    reload_s: float = option(2.0, "how often the file of keys is looked at for a change", unit="s", low=0.05)
    max_token_bytes: int = option(8_192, "longest token that is looked at", unit="bytes", low=256)


def check(options: JwtOptions) -> None:
    """Refuse settings that would let in tokens that are meant for somebody else.

    Raises:
        SettingsError: keys without an issuer or an audience.
    """
    if options.jwks_file is None:
        return
    for name in ("issuer", "audience"):
        if not getattr(options, name):
            raise SettingsError(f"DASHSTREAM_JWT_{name.upper()}", "is required with DASHSTREAM_JWT_JWKS_FILE")
