"""Whether a client still hears of its partitions. Pure.

The client's fetching of a partition may stop for good, without a word, when a broker is killed or its leader moves:
connections are there, every question is answered, and nothing comes. That shows only by comparison with where the
broker says that the partition ends.

A partition may as well be slow: its next records take longer than the patience lasts. So the patience doubles each time
that it ends, and comes back to what it was when everything moves: who is only slow is not begun again for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LONGEST_PATIENCE_S = 600.0


class _Stand(NamedTuple):
    """Where a partition that has more stands, and since when it has been seen there."""

    position: int
    since: float


class Hearing:
    """Compares, look by look, how far partitions have got with where they end."""

    def __init__(self, patience_s: float) -> None:
        """``patience_s``: how long a partition may stand still at first."""
        self._least_s = self._patience_s = patience_s
        self._behind: dict[int, _Stand] = {}
        self._positions: dict[int, int] = {}

    def mute(self, positions: Mapping[int, int], ends: Mapping[int, int], now: float) -> list[int]:
        """Return the partitions that have more and have not moved for the patience's time, as far as was seen.

        ``ends``: where the partitions end that are known to; nothing is held against the others.
        """
        behind = {}
        for partition, end in ends.items():
            position = positions[partition]
            if end > position:
                stand = self._behind.get(partition)
                behind[partition] = stand if stand and stand.position == position else _Stand(position, now)
        self._behind = behind
        mute = [partition for partition, stand in behind.items() if now - stand.since >= self._patience_s]
        if mute:
            self._patience_s = min(2 * self._patience_s, LONGEST_PATIENCE_S)
        elif positions != self._positions and all(stand.since == now for stand in behind.values()):
            self._patience_s = self._least_s
        self._positions = dict(positions)
        return mute

    def forget(self) -> None:
        """Nothing was asked for meanwhile: what stands still now says nothing."""
        self._behind = {}
