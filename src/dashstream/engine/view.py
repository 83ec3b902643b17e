"""What live subscribers with one filter see of the ring: computed once, shared by all of them.

Subscribers at the same arrival share a page. The step of an entry names the previous one that passes, which is the same
for all of them. ``Views`` brings each new item to the views that it may pass, and to no others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from dashstream.engine.page import Page, PageBuilder
from dashstream.engine.ring import Entry, Hole, Item, Ring
from dashstream.engine.selection import Selection

Picked = tuple[int, Item, bytes]

SLICE = 512


class View:
    """Pages of the ring for one selection, from any arrival at or above its beginning on."""

    def __init__(self, ring: Ring, selection: Selection) -> None:
        self._ring = ring
        self._passes_all = selection.passes_all
        self._picked: list[Picked] = []
        self._last: dict[int, int] = {}
        self.selection = selection
        self.subscribers = 0

    def note_delivered(self, delivered: Mapping[int, int]) -> None:
        """Learn from a subscriber that joins which records passed last, by the next offsets after them."""
        for partition, following in delivered.items():
            if following - 1 > self._last.get(partition, -1):
                self._last[partition] = following - 1

    def pick(self, arrival: int, item: Item) -> bool:
        """Take an item that is new in the ring, if it passes; return whether it does."""
        if isinstance(item, Hole):
            self._picked.append((arrival, item, b""))
            return True
        if not self.selection.passes(item.head):
            return False
        self._picked.append((arrival, item, item.lead_after(self._last.get(item.partition))))
        self._last[item.partition] = item.offset
        return True

    def drop_trimmed(self) -> None:
        """Let go of what left the ring."""
        dropped = bisect_left(self._picked, self._ring.begin, key=_arrival)
        del self._picked[:dropped]

    def clear(self) -> None:
        """Let go of everything: nobody looks any more."""
        self._picked.clear()

    def has_news(self, arrival: int) -> bool:
        """Whether anything passes from an arrival on."""
        return self._passes_all or (bool(self._picked) and self._picked[-1][0] >= arrival)

    def page(self, arrival: int, limit: int) -> Page:
        """Return the page from an arrival on; ``arrival`` is at or above the view's beginning and the ring's."""
        return self._build(self._since(arrival), limit)

    def _since(self, arrival: int) -> Iterator[Picked]:
        """Yield what passes from an arrival on, fetched in small slices: a page is mostly shorter."""
        if not self._passes_all:
            index = bisect_left(self._picked, arrival, key=_arrival)
            while found := self._picked[index : index + SLICE]:
                yield from found
                index += SLICE
            return
        while found_items := self._ring.since(arrival, SLICE):
            for item in found_items:
                yield arrival, item, self._lead(item) if isinstance(item, Entry) else b""
                arrival += 1

    def _lead(self, item: Entry) -> bytes:
        """Return a lead where everything passes: a ring's first records do not know the one before, subscribers may."""
        last = self._last.get(item.partition) if item.previous is None else None
        return item.lead_after(item.previous if last is None or last >= item.offset else last)

    def _build(self, picked: Iterable[Picked], limit: int) -> Page:
        builder = PageBuilder(limit)
        page = builder.page
        for arrival, item, lead in picked:
            if isinstance(item, Hole):
                page.hole = item
                page.arrival = arrival + 1
                # A hole at the ring's end is the last page for now: what did not pass before it is passed with it.
                return builder.finish(self._ring.positions.items() if page.arrival == self._ring.end else ())
            if not builder.add(item, lead):
                page.arrival = arrival
                return builder.finish()
        page.arrival = self._ring.end
        return builder.finish(self._ring.positions.items())


def _arrival(picked: Picked) -> int:
    return picked[0]
