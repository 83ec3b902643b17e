"""Tokens as an issuer would sign them, and the file of its keys."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt

SECRET = os.urandom(32)


def write_keys(folder: Path, **secrets: bytes) -> None:
    """Write ``jwks.json`` with these keys, in one move."""
    entries = [
        {"kid": kid, "alg": "HS256", "kty": "oct", "k": base64.urlsafe_b64encode(secret).decode().rstrip("=")}
        for kid, secret in secrets.items()
    ]
    fresh = folder / "jwks.new"
    fresh.write_text(json.dumps({"keys": entries}))
    fresh.replace(folder / "jwks.json")


def jwt_env(folder: Path) -> dict[str, str]:
    """Return settings of a gateway that takes :func:`signed_token`."""
    write_keys(folder, first=SECRET)
    return {
        "DASHSTREAM_JWT_JWKS_FILE": str(folder / "jwks.json"),
        "DASHSTREAM_JWT_ISSUER": "i",
        "DASHSTREAM_JWT_AUDIENCE": "a",
        "DASHSTREAM_JWT_LEEWAY_S": "0",
    }


def signed_token(*, valid_s: int = 10_000, kid: str = "first", secret: bytes = SECRET, **changes: Any) -> str:
    """Return a token of a viewer who is bound to the tenant red, unless ``changes`` say otherwise."""
    exp = int(time.time()) + valid_s
    claims = {"sub": "ann", "iss": "i", "aud": "a", "exp": exp, "roles": "viewer", "tenants": "red", **changes}
    return jwt.encode(claims, secret, "HS256", headers={"kid": kid})
