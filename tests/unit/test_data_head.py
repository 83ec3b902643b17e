"""What stands before a shared body reads as the frame's head and the lead that the protocol's own encoder makes."""

from __future__ import annotations

import pytest

from dashstream.adapters.websocket.core import data_head, frame_head
from dashstream.protocol.batch import encode_frame_lead

EDGES = [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 1 << 40]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("subscription", [1, 127, 128, 70_000])
def test_it_is_the_same_at_every_length(subscription: int, *, compressed: bool) -> None:
    for size in (1, 119, 120, 127, 128, 32_767, 32_768, 65_529, 65_535, 1 << 20):
        for first in EDGES:
            lead = encode_frame_lead(subscription, first, compressed=compressed)
            expected = frame_head(len(lead) + size) + lead
            assert data_head(subscription, first, size, compressed=compressed) == expected
