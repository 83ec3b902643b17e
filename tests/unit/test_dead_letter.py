"""The envelope of a dead letter: exact evidence, no content unless asked for, safe to print."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.adapters.memory.log import MemoryLog
from dashstream.engine import dead_letter
from dashstream.engine.dead_letter import MAX_KEY_BYTES, DeadLetter, LetterWriter, PayloadState, printable
from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.ports import LogRecord
from dashstream.errors import ConflictError, DecodeError
from dashstream.protocol.framing import Limits, frame
from duty_rig import FakeClock, bad, good

SECRET = b"sk-" + b"a1" * 20


def write(value: bytes | None, reason: str = "decode", *, key: bytes = b"t", **limits: object) -> DeadLetter:
    writer = LetterWriter(
        MemoryLog(topic="source"), DeadLetterLimits(**limits), Limits(4096), FakeClock(), instance="i"
    )
    return writer.build(LogRecord(3, 1 << 60, 7, key, value), reason)


def test_it_names_the_place_the_reason_and_the_exact_bytes() -> None:
    letter = write(b"\x00" + bytes(range(200)))
    assert letter.offset == str(1 << 60)
    assert letter.key_on_log == f"source/{letter.epoch}/3/{1 << 60}".encode()
    assert (letter.reason, letter.size) == ("decode", 201)
    assert letter.sha256 == hashlib.sha256(b"\x00" + bytes(range(200))).hexdigest()
    assert bytes.fromhex(letter.head) == b"\x00" + bytes(range(15))
    assert bytes.fromhex(letter.tail) == bytes(range(184, 200))
    assert (letter.payload, letter.payload_state) == ("", "off")


def test_encoding_keeps_everything() -> None:
    letter = write(b"\x00abc", payload=True)
    assert dead_letter.decode(dead_letter.encode(letter)) == letter
    with pytest.raises(DecodeError):
        dead_letter.decode(b'{"not": "a letter"}')


@pytest.mark.parametrize("place", [0, 8, 100, 300])
def test_a_secret_is_never_in_it(place: int) -> None:
    value = b"x" * place + SECRET + b"y" * place
    for letter in (write(value), write(value, payload=True), write(value, payload=True, preview_bytes=64)):
        text = bytes.fromhex(letter.head) + bytes.fromhex(letter.tail) + base64.b64decode(letter.payload)
        assert b"a1a1" not in text
        assert letter.payload_state in {PayloadState.OFF, PayloadState.REDACTED}


def test_a_secret_under_the_compression_withholds_the_payload() -> None:
    letter = write(frame(b"pad " * 300 + SECRET), payload=True)
    assert (letter.payload_state, letter.payload) == ("redacted", "")


def test_a_payload_above_the_bound_is_truncated_and_says_so() -> None:
    letter = write(b"z" * 100, payload=True, max_payload_bytes=10)
    assert (letter.payload_state, base64.b64decode(letter.payload), letter.size) == ("truncated", b"z" * 10, 100)
    with pytest.raises(ConflictError, match="truncated"):
        letter.original()


def test_the_original_is_given_back_only_when_its_digest_fits() -> None:
    letter = write(b"whole", payload=True, key=b"k")
    assert letter.original() == (b"k", b"whole")
    forged = dead_letter.decode(dead_letter.encode(letter).replace(letter.payload.encode(), b"Zm9yZ2Vk"))
    with pytest.raises(ConflictError, match="digest"):
        forged.original()
    with pytest.raises(ConflictError, match="key"):
        write(b"whole", payload=True, key=b"k" * (MAX_KEY_BYTES + 1)).original()
    with pytest.raises(ConflictError, match="off"):
        write(None, "null", payload=True).original()


def test_a_newer_producer_is_named_by_its_own_header() -> None:
    letter = write(bad("schema_mismatch"), "schema_mismatch", key=b"other")
    assert (letter.thread_id, letter.tenant_id) == ("newer", "x")
    assert write(good(), key=b"other").thread_id == "other"


@given(st.text(max_size=400), st.text(max_size=400))
def test_text_from_outside_is_printable_bounded_and_keeps_two_threads_apart(one: str, two: str) -> None:
    assert printable(one).isprintable()
    assert len(printable(one)) <= 200 * 10 + 17
    if len(one) > 200 and one != two:
        assert printable(one) != printable(two)


def test_terminal_codes_and_lines_do_not_survive() -> None:
    letter = write(b"x", key=b"=cmd\x1b[31m\nnext\xc2\x9b1m")
    assert letter.thread_id == r"=cmd\x1b[31m\nnext\x9b1m"


async def test_a_large_value_is_not_copied() -> None:
    value = b"\x00" + b"x" * (50 << 20)
    writer = LetterWriter(MemoryLog(), DeadLetterLimits(), Limits(4096), FakeClock(), instance="i")
    tracemalloc.start()
    try:
        for offset in range(3):
            await writer.write(LogRecord(0, offset, 0, b"t", value), "too_large")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
