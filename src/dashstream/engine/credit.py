"""Credit: how much a client may be sent before it says what it has applied.

Browsers hide a slow page from TCP, so only the page's own word counts. What was sent is remembered per page, by the
next offsets after it and the bytes of its entries as they went out; an acknowledgement that reaches them gives the
page's bytes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

MAX_UNACKNOWLEDGED_PAGES = 4_096


class Credit:
    """Unacknowledged bytes of one subscription against its window."""

    __slots__ = ("_acknowledged", "_sent", "acknowledged_pages", "is_open", "unacknowledged_bytes", "window_bytes")

    def __init__(self, window_bytes: int) -> None:
        self.window_bytes = window_bytes
        self.unacknowledged_bytes = 0
        self.acknowledged_pages = 0
        self._sent: deque[tuple[Mapping[int, int], int]] = deque()
        self._acknowledged: dict[int, int] = {}
        self.is_open = window_bytes > 0
        """Whether more may be sent. One page may go over the window: a record can be larger than it."""

    @property
    def room_bytes(self) -> int:
        """Bytes that are left of the window; negative if the last page went over it."""
        return self.window_bytes - self.unacknowledged_bytes

    @property
    def unacknowledged_pages(self) -> int:
        """Pages that were sent and not acknowledged."""
        return len(self._sent)

    @property
    def sent_pages(self) -> int:
        """Pages that were sent so far."""
        return self.acknowledged_pages + len(self._sent)

    def spend(self, delivered: Mapping[int, int], size: int) -> None:
        """Take note of a page that was sent."""
        self.spend_all([(delivered, size)])

    def spend_all(self, pages: Sequence[tuple[Mapping[int, int], int]]) -> None:
        """Take note of pages that were sent, the oldest first."""
        self._sent.extend(pages)
        for _, size in pages:
            self.unacknowledged_bytes += size
        if self.unacknowledged_bytes >= self.window_bytes or len(self._sent) >= MAX_UNACKNOWLEDGED_PAGES:
            self.is_open = False

    def acknowledge(self, positions: Mapping[int, int]) -> None:
        """Take note of what the client has applied; positions that go backwards have no effect."""
        for partition, offset in positions.items():
            if offset > self._acknowledged.get(partition, -1):
                self._acknowledged[partition] = offset
        while self._sent and self._covers(self._sent[0][0]):
            self.unacknowledged_bytes -= self._sent.popleft()[1]
            self.acknowledged_pages += 1
        self.is_open = self.unacknowledged_bytes < self.window_bytes and len(self._sent) < MAX_UNACKNOWLEDGED_PAGES

    def _covers(self, delivered: Mapping[int, int]) -> bool:
        acknowledged = self._acknowledged
        for partition, offset in delivered.items():  # noqa: SIM110  # once per page and client: all() costs 2.5 times it
            if acknowledged.get(partition, -1) < offset:
                return False
        return True
