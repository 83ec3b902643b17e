"""The keys that sign tokens, from a JWKS file: each with its one algorithm, read again when the file changes.

A key says itself which algorithm it is for; a token's own word on that is only compared. A file that cannot be used is
refused whole, so that a mistake in it neither opens nor closes a door by half: at the start the gateway does not start,
later the keys of before stay and :attr:`KeyFile.error` says why.
"""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import jwt
import structlog

from dashstream.engine.ports import Metrics
from dashstream.errors import SettingsError

SETTING = "DASHSTREAM_JWT_JWKS_FILE"
KEY_TYPES = {
    **{f"HS{bits}": "oct" for bits in (256, 384, 512)},
    **{f"RS{bits}": "RSA" for bits in (256, 384, 512)},
    **{f"ES{bits}": "EC" for bits in (256, 384, 512)},
}
"""Algorithms that are taken, each with the type of its keys. ``none`` is not one."""
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
MIN_RSA_BITS = 2_048
MAX_FILE_BYTES = 1 << 20
OUTCOMES = ("loaded", "refused")

_log = structlog.get_logger(__name__)


class KeyFile:
    """The keys of a file by their ids. ``error``: why the file as it is now was refused, None when it was not."""

    def __init__(self, path: Path, metrics: Metrics) -> None:
        """Read the file.

        Raises:
            SettingsError: it cannot be used; the message says why and holds nothing of a key.
        """
        self._path = path
        self._reads = metrics.counter(
            "dashstream_jwks_reads_total", "Times that the file of keys was read", {"outcome": OUTCOMES}
        )
        self._count = metrics.gauge("dashstream_jwks_keys", "Keys whose tokens are taken")
        self.error: str | None = None
        self._seen = _stamp(path)
        try:
            self._take(_read(path))
        except ValueError as error:
            raise SettingsError(SETTING, f"{path}: {error}") from error

    def get(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of this id."""
        return self._keys.get(kid)

    def refresh(self) -> None:
        """Read the file again if it has changed; keep the keys when it cannot be used."""
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._take(_read(self._path))
        except ValueError as error:
            self.error = str(error)
            self._reads.inc(outcome="refused")
            _log.warning("keys refused; those of before stay", path=str(self._path), error=self.error)
        else:
            _log.info("keys loaded", path=str(self._path), count=len(self._keys))

    async def watch(self, interval_s: float) -> None:
        """Follow the file until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            await asyncio.to_thread(self.refresh)

    def _take(self, keys: dict[str, jwt.PyJWK]) -> None:
        self._keys, self.error = keys, None
        self._reads.inc(outcome="loaded")
        self._count.set(len(keys))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> dict[str, jwt.PyJWK]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from error
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"is larger than {MAX_FILE_BYTES} bytes")
    try:
        entries = json.loads(data)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("is not a JSON object with keys") from error
    if not isinstance(entries, list):
        raise ValueError("is not a JSON object with a list of keys")  # noqa: TRY004  # every fault of the file is one kind
    keys: dict[str, jwt.PyJWK] = {}
    for number, entry in enumerate(entries):
        try:
            kid, key = _key(entry)
        except ValueError as error:
            raise ValueError(f"key {number}: {error}") from error
        if kid in keys:
            raise ValueError(f"key {number}: its kid is there twice")
        keys[kid] = key
    return keys


def _key(entry: Any) -> tuple[str, jwt.PyJWK]:
    if not isinstance(entry, dict) or not isinstance(kid := entry.get("kid"), str) or not kid:
        raise ValueError("has no kid")
    algorithm = entry.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise ValueError(f"its alg is none of {', '.join(KEY_TYPES)}")
    if entry.get("kty") != KEY_TYPES[algorithm]:
        raise ValueError(f"its kty does not go with {algorithm}")
    if entry.get("use", "sig") != "sig":
        raise ValueError("is not for signatures")
    if entry["kty"] != "oct" and "d" in entry:
        raise ValueError("is a private key, which has to stay with the issuer")
    if algorithm in CURVES and entry.get("crv") != CURVES[algorithm]:
        raise ValueError(f"its crv does not go with {algorithm}")
    try:
        key = jwt.PyJWK(entry, algorithm)
        _check_strength(algorithm, entry, key)
    except jwt.PyJWTError as error:
        raise ValueError("cannot be used") from error
    return kid, key


def _check_strength(algorithm: str, entry: dict[str, Any], key: jwt.PyJWK) -> None:
    if entry["kty"] == "oct":
        text = str(entry.get("k", ""))
        size, least = len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))), int(algorithm[2:]) // 8
        if size < least:
            raise ValueError(f"is shorter than the {least} bytes that {algorithm} takes")
    elif entry["kty"] == "RSA" and key.key.key_size < MIN_RSA_BITS:
        raise ValueError(f"is shorter than {MIN_RSA_BITS} bits")
