"""A page: the next records of a subscription as bytes, with how far they bring it.

A page ends at its size, at the end of what is there, or at a hole, which comes after its records. Pages are
immutable in effect: subscribers at the same place share one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dashstream.engine.ring import Entry, Hole
from dashstream.protocol.framing import compress

COMPRESS_ABOVE = 512
"""Bytes below which a batch is not worth compressing."""


@dataclass(slots=True)
class Page:
    """Records and what they mean for a cursor.

    ``delivered``: next offsets after the records in it. ``advance``: next offsets after everything that it
    covers, records that do not pass the filter included. ``arrival``: where in the ring the next page starts.
    """

    body: bytes = b""
    count: int = 0
    delivered: dict[int, int] = field(default_factory=dict)
    advance: dict[int, int] = field(default_factory=dict)
    hole: Hole | None = None
    arrival: int = 0
    _packed: bytes | None = None

    def payload(self, *, compression: bool) -> bytes:
        """Return what goes out: the body, compressed if that is wanted and smaller."""
        return (self.packed() or self.body) if compression else self.body

    def packed(self) -> bytes | None:
        """Return the body compressed, made once for all who share it; None if that would not be smaller."""
        if self._packed is None:
            packed = compress(self.body) if len(self.body) > COMPRESS_ABOVE else self.body
            self._packed = packed if len(packed) < len(self.body) else b""
        return self._packed or None


class PageBuilder:
    """Collects entries up to a size. ``add`` says whether the entry found its place."""

    __slots__ = ("_limit", "_parts", "page", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0
        self.page = Page()

    def add(self, entry: Entry, lead: bytes) -> bool:
        """Add an entry, unless the page has one already and would become too large."""
        size = self.size + len(lead) + len(entry.value)
        page = self.page
        if size > self._limit and page.count:
            return False
        self._parts.append(lead)
        self._parts.append(entry.value)
        self.size = size
        page.count += 1
        page.delivered[entry.partition] = entry.offset + 1
        return True

    def finish(self, advance: Iterable[tuple[int, int]] = ()) -> Page:
        """Return the page; it advances by its records, its hole and ``advance``."""
        page = self.page
        page.body = b"".join(self._parts)
        page.advance.update(page.delivered)
        if page.hole is not None:
            page.advance[page.hole.partition] = page.hole.end
        page.advance.update(advance)
        return page
