"""Known secrets that touch: what one takes away must not be what the next is known by."""

from __future__ import annotations

import pytest

from dashstream.protocol.known_secrets import redact_bytes
from dashstream.sdk.redaction import Redactor
from dashstream.sdk.settings import SdkSettings

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIB\n-----END RSA PRIVATE KEY-----"
TOKENS = {
    "sk": "sk-" + "a" * 24,
    "xox": "xoxb-" + "1" * 12,
    "AIza": "AIza" + "b" * 35,
    "eyJ": ".".join(("eyJ" + "a" * 12, "eyJ" + "b" * 12, "c" * 12)),
    "github_pat": "github_pat_" + "d" * 40,
    "AKIA": "AKIA" + "E" * 16,
    "ghp": "ghp_" + "f" * 36,
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
@pytest.mark.parametrize("between", ["", "-", "\n"], ids=["nothing", "hyphen", "line"])
def test_a_token_before_a_private_key_leaves_nothing_of_it(token: str, between: str) -> None:
    text = f"use {token}{between}{KEY} now"
    for shown in (Redactor(SdkSettings()).text(text), redact_bytes(text.encode()).decode()):
        assert "MIIE" not in shown
        assert token not in shown
        assert shown.startswith("use [redacted]")
        assert shown.endswith("[redacted] now")
