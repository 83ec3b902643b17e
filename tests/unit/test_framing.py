"""Frames are made and taken apart by any thread, and a damaged one leaves nothing behind for the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dashstream.errors import DecompressionError
from dashstream.protocol.framing import COMPRESS_ABOVE, frame, unframe

LIMIT = 1 << 20


def payload(number: int) -> bytes:
    return f"{number} of many, ".encode() * COMPRESS_ABOVE


def test_threads_frame_at_the_same_time() -> None:
    def round_trips(thread: int) -> bool:
        payloads = [payload(thread * 1000 + number) for number in range(300)]
        return [unframe(frame(one), max_record_bytes=LIMIT) for one in payloads] == payloads

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(round_trips, range(8)))


def test_a_damaged_frame_does_not_touch_the_next() -> None:
    good = frame(payload(1))
    for cut in range(10, len(good)):
        with pytest.raises(DecompressionError):
            unframe(good[:cut], max_record_bytes=LIMIT)
        assert unframe(good, max_record_bytes=LIMIT) == payload(1)
