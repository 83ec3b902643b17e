"""The gateway's token: made once, kept in the data directory, compared in constant time."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from dashstream.engine.access import Principal, Role
from dashstream.engine.ports import Auth
from dashstream.errors import SettingsError, UnauthenticatedError

TOKEN_FILE = "token"  # noqa: S105  # a file's name
TOKEN_BYTES = 24
MIN_TOKEN_CHARACTERS = 16


class StaticTokenAuth:
    """One token that may do everything and never expires. Implements the ``Auth`` port."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def authenticate(self, token: str | None) -> Principal:
        """Return the owner's principal; the comparison takes the same time wherever a token differs.

        Raises:
            UnauthenticatedError: no token, or another one.
        """
        if token is None:
            raise UnauthenticatedError("a token is needed")
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._token):
            raise UnauthenticatedError("the token is not valid")
        return Principal("owner", Role.ADMIN)


class AnyAuth:
    """The gateway's own token or one that another ``Auth`` knows. Implements the ``Auth`` port."""

    def __init__(self, own: StaticTokenAuth, other: Auth) -> None:
        self._own = own
        self._other = other

    def authenticate(self, token: str | None) -> Principal:
        """Return whom a token is for.

        Raises:
            UnauthenticatedError: neither knows it; the message is the other's.
        """
        try:
            return self._own.authenticate(token)
        except UnauthenticatedError:
            return self._other.authenticate(token)


def obtain_token(data_dir: Path, configured: str | None) -> str:
    """Return the configured token, or the one kept in the data directory, which is made when absent.

    The file is readable by its owner only, and appears whole or not at all.

    Raises:
        SettingsError: the configured token is too short to be one, or has characters that no header can
        carry.
    """
    if configured is not None:
        if len(configured) < MIN_TOKEN_CHARACTERS or not all("!" <= char <= "~" for char in configured):
            raise SettingsError(
                "DASHSTREAM_GATEWAY_TOKEN",
                f"a token has at least {MIN_TOKEN_CHARACTERS} printable ASCII characters and no space",
            )
        return configured
    path = data_dir / TOKEN_FILE
    with contextlib.suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    token = secrets.token_urlsafe(TOKEN_BYTES)
    write_private(path, token + "\n")
    return token


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically: a reader sees the old text or the new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
