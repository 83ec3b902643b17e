"""Signed tokens: what is taken, everything that is refused, and how keys change."""

from __future__ import annotations

import base64
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dashstream.adapters.jwt.auth import JwtAuth
from dashstream.adapters.jwt.keys import KeyFile
from dashstream.adapters.jwt.options import JwtOptions
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.app.auth import AnyAuth, StaticTokenAuth
from dashstream.app.settings import load_settings
from dashstream.engine.access import Role
from dashstream.engine.ports import NoMetrics
from dashstream.errors import SettingsError, UnauthenticatedError

ISSUER, AUDIENCE = "https://issuer.example", "dashstream"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


class Now:
    """The wall clock, as far as the test needs it: whatever time it really is."""

    def now_us(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return 0.0


DAY = 86_400


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def pair(algorithm: str) -> tuple[Any, dict[str, Any]]:
    """Return a signing key and its entry for the file."""
    if algorithm.startswith("HS"):
        secret = os.urandom(64)
        entry = {"kty": "oct", "k": text_of(secret)}
        return secret, {**entry, "kid": algorithm, "alg": algorithm}
    private = RSA if algorithm.startswith("RS") else ec.generate_private_key(CURVES[algorithm])
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return private, {**made, "kid": algorithm, "alg": algorithm}


PAIRS = {f"{kind}{bits}": pair(f"{kind}{bits}") for kind in ("HS", "RS", "ES") for bits in (256, 384, 512)}


def claims(**changes: Any) -> dict[str, Any]:
    """Return good claims; a change to None leaves one out, and times of up to a day are from now on."""
    good = {
        "sub": "ann",
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": DAY,
        "roles": ["operator", "viewer"],
        "tenants": ["red"],
    }
    return {name: absolute(name, value) for name, value in {**good, **changes}.items() if value is not None}


def absolute(name: str, value: Any) -> Any:
    is_from_now = name in {"exp", "nbf", "iat"} and isinstance(value, int) and abs(value) <= DAY
    return Now().now_us() // 1_000_000 + value if is_from_now else value


def signed(algorithm: str = "ES256", *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(
        claims(**changes),
        PAIRS[algorithm][0],
        algorithm,
        headers=headers if headers is not None else {"kid": algorithm},
    )


def write(path: Path, *entries: Any) -> None:
    path.write_text(json.dumps({"keys": list(entries)}))


def auth_of(folder: Path, **options: Any) -> JwtAuth:
    write(folder / "jwks.json", *(entry for _, entry in PAIRS.values()))
    keys = KeyFile(folder / "jwks.json", NoMetrics())
    return JwtAuth(keys, JwtOptions(issuer=ISSUER, audience=AUDIENCE, **options), Now())


@pytest.mark.parametrize("algorithm", PAIRS)
def test_each_algorithm_is_taken_with_its_key(tmp_path: Path, algorithm: str) -> None:
    found = auth_of(tmp_path).authenticate(signed(algorithm))
    assert (found.name, found.role, found.tenants) == ("ann", Role.OPERATOR, frozenset({"red"}))
    assert found.valid_s is not None
    assert DAY - 600 < found.valid_s <= DAY + 30


def test_a_token_is_valid_for_as_long_as_it_is_taken(tmp_path: Path) -> None:
    found = auth_of(tmp_path, leeway_s=5_000.0).authenticate(signed("HS256"))
    assert found.valid_s is not None
    assert DAY + 4_000 < found.valid_s <= DAY + 5_000


@pytest.mark.parametrize(
    ("changes", "role", "tenants"),
    [
        ({"roles": "admin"}, Role.ADMIN, {"red"}),
        ({"roles": ["viewer", "gardener"]}, Role.VIEWER, {"red"}),
        ({"tenants": "blue"}, Role.OPERATOR, {"blue"}),
        ({"tenants": ["blue", "*"]}, Role.OPERATOR, None),
        ({"aud": ["elsewhere", AUDIENCE]}, Role.OPERATOR, {"red"}),
        ({"exp": -10}, Role.OPERATOR, {"red"}),
        ({"exp": 10**30}, Role.OPERATOR, {"red"}),
    ],
)
def test_what_a_token_says_counts(
    tmp_path: Path, changes: dict[str, Any], role: Role, tenants: set[str] | None
) -> None:
    found = auth_of(tmp_path).authenticate(signed(**changes))
    assert (found.role, found.tenants) == (role, None if tenants is None else frozenset(tenants))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"roles": None},
        {"tenants": None},
        {"exp": -31},
        {"nbf": 60},
        {"iat": 60},
        {"iss": "https://other.example"},
        {"aud": "elsewhere"},
        {"sub": 5},
        {"exp": "soon"},
        {"roles": "gardener"},
        {"roles": {"viewer": True}},
        {"roles": ["viewer", 5]},
        {"tenants": []},
        {"tenants": [""]},
        {"tenants": 5},
        {"tenants": [str(number) for number in range(1_001)]},
    ],
)
def test_what_a_token_does_not_say_is_not_assumed(tmp_path: Path, changes: dict[str, Any]) -> None:
    auth = auth_of(tmp_path, max_token_bytes=1 << 20)
    auth.authenticate(signed())
    with pytest.raises(UnauthenticatedError):
        auth.authenticate(signed(**changes))


def unsigned() -> str:
    return jwt.encode(claims(), None, "none", headers={"kid": "ES256"})


def public_key_as_secret() -> str:
    """The old confusion: the public RSA key, which everybody has, as the secret of an HMAC."""
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body, _ = jwt.encode(claims(), os.urandom(32), "HS256", headers={"kid": "RS256"}).split(".")
    return f"{head}.{body}.{text_of(hmac.digest(pem, f'{head}.{body}'.encode(), 'sha256'))}"


def changed_after_signing() -> str:
    head, _, signature = signed().split(".")
    body = text_of(json.dumps(claims(roles="admin")).encode())
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "\ud800",
        signed(headers={}),
        signed(headers={"kid": "unknown"}),
        signed("HS256", headers={"kid": "HS384"}),
        signed("HS384", headers={"kid": "HS256"}),
        signed("RS384", headers={"kid": "RS256"}),
        signed("ES256", headers={"kid": "RS256"}),
        unsigned(),
        public_key_as_secret(),
        changed_after_signing(),
        signed(padding="x" * 9_000),
        signed(headers={"kid": "ES256", "crit": ["exp"]}),
        "[" * 5_000,
    ],
)
def test_a_token_that_no_key_has_signed_so_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(UnauthenticatedError) as refusal:
        auth_of(tmp_path).authenticate(token)
    assert "eyJ" not in str(refusal.value), "nothing of the token is told"


def test_no_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnauthenticatedError):
        auth_of(tmp_path).authenticate(None)


SMALL_RSA = {
    **jwt.get_algorithm_by_name("RS256").to_jwk(
        rsa.generate_private_key(public_exponent=65_537, key_size=1_024).public_key(),  # noqa: S505  # the weak one to refuse
        as_dict=True,
    ),
    "kid": "small",
    "alg": "RS256",
}
PRIVATE = {**jwt.get_algorithm_by_name("RS256").to_jwk(RSA, as_dict=True), "kid": "private", "alg": "RS256"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**PAIRS["ES256"][1], "kid": ""}, "kid"),
        ({**PAIRS["ES256"][1], "alg": "none"}, "alg"),
        ({**PAIRS["ES256"][1], "alg": None}, "alg"),
        ({**PAIRS["ES256"][1], "alg": "RS256"}, "kty"),
        ({**PAIRS["RS256"][1], "alg": "HS256"}, "kty"),
        ({**PAIRS["ES256"][1], "alg": "ES384"}, "crv"),
        ({**PAIRS["ES256"][1], "x": "AAAA"}, "cannot be used"),
        ({**PAIRS["RS256"][1], "use": "enc"}, "signatures"),
        ({"kid": "weak", "alg": "HS256", "kty": "oct", "k": "c2hvcnQ"}, "32 bytes"),
        (SMALL_RSA, "2048 bits"),
        (PRIVATE, "private"),
        (PAIRS["ES384"][1], "twice"),
        ("text", "kid"),
    ],
)
def test_a_file_with_a_wrong_key_is_refused_whole(tmp_path: Path, entry: Any, words: str) -> None:
    write(tmp_path / "jwks.json", PAIRS["ES384"][1], entry)
    with pytest.raises(SettingsError, match=words):
        KeyFile(tmp_path / "jwks.json", NoMetrics())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": {}}', "[" * 100_000, " " * 1_100_000])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "jwks.json").write_text(text)
    with pytest.raises(SettingsError):
        KeyFile(tmp_path / "jwks.json", NoMetrics())


def test_keys_change_with_the_file(tmp_path: Path) -> None:
    metrics = PrometheusMetrics()
    path = tmp_path / "jwks.json"
    write(path, PAIRS["ES256"][1])
    keys = KeyFile(path, metrics)
    auth = JwtAuth(keys, JwtOptions(issuer=ISSUER, audience=AUDIENCE), Now())
    auth.authenticate(signed("ES256"))
    write(path, PAIRS["RS256"][1])
    keys.refresh()
    auth.authenticate(signed("RS256"))
    with pytest.raises(UnauthenticatedError):
        auth.authenticate(signed("ES256"))
    path.write_text("half a fi")
    keys.refresh()
    assert keys.error == "is not a JSON object with keys"
    auth.authenticate(signed("RS256"))
    path.unlink()
    keys.refresh()
    assert keys.error == "No such file or directory"
    write(path, PAIRS["RS256"][1])
    keys.refresh()
    assert keys.error is None
    shown = metrics.render().decode()
    assert 'dashstream_jwks_reads_total{outcome="refused"} 2.0' in shown
    assert 'dashstream_jwks_reads_total{outcome="loaded"} 3.0' in shown
    assert "dashstream_jwks_keys 1.0" in shown


def test_the_gateway_s_own_token_counts_beside_them(tmp_path: Path) -> None:
    auth = AnyAuth(StaticTokenAuth("the-gateway-s-own"), auth_of(tmp_path))
    assert auth.authenticate("the-gateway-s-own").role is Role.ADMIN
    assert auth.authenticate(signed()).role is Role.OPERATOR
    with pytest.raises(UnauthenticatedError):
        auth.authenticate("another")


@pytest.mark.parametrize("missing", ["ISSUER", "AUDIENCE"])
def test_keys_need_an_issuer_and_an_audience(tmp_path: Path, missing: str) -> None:
    env = {
        "DASHSTREAM_DATA_DIR": str(tmp_path),
        "DASHSTREAM_JWT_JWKS_FILE": str(tmp_path / "jwks.json"),
        "DASHSTREAM_JWT_ISSUER": ISSUER,
        "DASHSTREAM_JWT_AUDIENCE": AUDIENCE,
    }
    load_settings(env)
    del env[f"DASHSTREAM_JWT_{missing}"]
    with pytest.raises(SettingsError, match=missing):
        load_settings(env)
