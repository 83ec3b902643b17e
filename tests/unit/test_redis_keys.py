"""Keys in Redis: one-to-one, bounded, harmless, and the same everywhere."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.adapters.redis.keys import LONGEST_ENCODED, LONGEST_PLAIN, encode_identifier, partition_keys
from dashstream.testing.retained_conformance import HOSTILE_IDS

KEY = re.compile(r"ds1:\{[bh][A-Za-z0-9_-]*\.[bh][A-Za-z0-9_-]*\.\d+\}:(stream|meta)")
LONGEST_KEY = len("ds1:{..}:stream") + 2 * LONGEST_ENCODED + len(str(2**31))


def test_forms_recomputed_by_hand() -> None:
    assert encode_identifier(b"") == "b"
    assert encode_identifier(b"a:b") == "bYTpi"
    assert encode_identifier(b"*") == "bKg"
    assert encode_identifier(b"\xff\xfe\xfd?") == "b__79Pw"
    long = b"x" * (LONGEST_PLAIN + 1)
    assert encode_identifier(long) == "h" + base64.urlsafe_b64encode(hashlib.sha256(long).digest()).decode().rstrip("=")
    keys = partition_keys("dashstream", "agents", 7)
    assert keys.stream == "ds1:{bZGFzaHN0cmVhbQ.bYWdlbnRz.7}:stream"
    assert keys.meta == "ds1:{bZGFzaHN0cmVhbQ.bYWdlbnRz.7}:meta"
    assert keys.name == b"10:dashstreamagents"


def test_hostile_identifiers_have_keys_of_their_own() -> None:
    encoded = [encode_identifier(identifier) for identifier in HOSTILE_IDS]
    assert len(set(encoded)) == len(HOSTILE_IDS)
    # What looks like an encoded form is encoded again.
    again = [encode_identifier(form.encode()) for form in encoded]
    assert not set(again) & set(encoded)


def test_keys_of_hostile_names_are_bounded_and_in_one_alphabet() -> None:
    names = [identifier.decode() for identifier in HOSTILE_IDS]
    keys = [partition_keys(a, b, 2**31 - 1) for a, b in itertools.product(names, names)]
    assert len({key.stream for key in keys}) == len({key.name for key in keys}) == len(names) ** 2
    for key in keys:
        for text in (key.stream, key.meta):
            assert KEY.fullmatch(text)
            assert len(text) <= LONGEST_KEY


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_two_identifiers_share_no_form(left: bytes, right: bytes) -> None:
    assert (encode_identifier(left) == encode_identifier(right)) == (left == right)
    assert len(encode_identifier(left)) <= LONGEST_ENCODED
    if len(left) <= LONGEST_PLAIN:
        text = encode_identifier(left)[1:]
        assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == left


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_makes_the_same_keys(seed: str) -> None:
    program = (
        "from dashstream.adapters.redis.keys import encode_identifier\n"
        "from dashstream.testing.retained_conformance import HOSTILE_IDS\n"
        "print(*map(encode_identifier, HOSTILE_IDS))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [encode_identifier(identifier) for identifier in HOSTILE_IDS]
