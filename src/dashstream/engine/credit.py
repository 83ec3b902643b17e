"""Credit: how much a client may be sent before it says what it has applied.

Browsers hide a slow page from TCP, so only the page's own word counts. What was sent is remembered per page, by the
next offsets after it and the bytes of its entries as they went out; an acknowledgement that reaches them gives the
page's bytes back. Pages that many were sent alike are kept as a stretch, once for all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MAX_UNACKNOWLEDGED_PAGES = 4_096


class Sent(NamedTuple):
    """A page that was sent, or a stretch of ``pages``: the next offsets after all of it, and its bytes."""

    delivered: Mapping[int, int]
    size: int
    pages: Sequence[Sent] = ()

    @property
    def page_count(self) -> int:
        """How many pages it is."""
        return len(self.pages) or 1


class Credit:
    """Unacknowledged bytes of one subscription against its window."""

    __slots__ = (
        "_acknowledged",
        "_sent",
        "acknowledged_pages",
        "is_open",
        "unacknowledged_bytes",
        "unacknowledged_pages",
        "window_bytes",
    )

    def __init__(self, window_bytes: int) -> None:
        self.window_bytes = window_bytes
        self.unacknowledged_bytes = 0
        self.unacknowledged_pages = 0
        self.acknowledged_pages = 0
        self._sent: deque[Sent] = deque()
        self._acknowledged: dict[int, int] = {}
        self.is_open = window_bytes > 0
        """Whether more may be sent. One page may go over the window: a record can be larger than it."""

    @property
    def room_bytes(self) -> int:
        """Bytes that are left of the window; negative if the last page went over it."""
        return self.window_bytes - self.unacknowledged_bytes

    @property
    def sent_pages(self) -> int:
        """Pages that were sent so far."""
        return self.acknowledged_pages + self.unacknowledged_pages

    def spend(self, sent: Sent) -> None:
        """Take note of what was sent after all that was noted before."""
        self._sent.append(sent)
        self.unacknowledged_bytes += sent.size
        self.unacknowledged_pages += sent.page_count
        self._judge()

    def acknowledge(self, positions: Mapping[int, int]) -> None:
        """Take note of what the client has applied; positions that go backwards have no effect."""
        for partition, offset in positions.items():
            if offset > self._acknowledged.get(partition, -1):
                self._acknowledged[partition] = offset
        while self._sent:
            first = self._sent[0]
            if self._covers(first.delivered):
                self._sent.popleft()
                self.unacknowledged_bytes -= first.size
                self.unacknowledged_pages -= first.page_count
                self.acknowledged_pages += first.page_count
            elif first.pages:
                self._sent.popleft()
                self._sent.extendleft(reversed(first.pages))
            else:
                break
        self._judge()

    def _judge(self) -> None:
        self.is_open = (
            self.unacknowledged_bytes < self.window_bytes and self.unacknowledged_pages < MAX_UNACKNOWLEDGED_PAGES
        )

    def _covers(self, delivered: Mapping[int, int]) -> bool:
        acknowledged = self._acknowledged
        for partition, offset in delivered.items():  # noqa: SIM110  # once per page and client: all() costs 2.5 times it
            if acknowledged.get(partition, -1) < offset:
                return False
        return True
