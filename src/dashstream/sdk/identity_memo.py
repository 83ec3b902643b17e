"""A memory of what an object became, by identity, that forgets in bounded space.

Entries hold their object, so an identity is never mistaken for that of a later object at the same address. Two
generations: what is used moves to the young one; when the young one has taken in more than ``limit`` slots, the old
one is dropped. Forgetting costs time (something is converted again), never correctness.
"""

from __future__ import annotations

from typing import Any

MIN_LIMIT = 131_072


class IdentityMemo:
    """object -> result, weighed in slots (one slot is about one pointer). Not thread-safe."""

    __slots__ = ("_limit", "_old", "_weight", "_young")

    def __init__(self, limit: int = MIN_LIMIT) -> None:
        self._young: dict[int, tuple[Any, Any]] = {}
        self._old: dict[int, tuple[Any, Any]] = {}
        self._weight = 0
        self._limit = limit

    def get(self, key: Any) -> Any:
        """Return the result, or None."""
        entry = self._young.get(id(key))
        if entry is None:
            entry = self._old.pop(id(key), None)
            if entry is None:
                return None
            self._young[id(key)] = entry
        return entry[1] if entry[0] is key else None

    def get_each(self, keys: list[Any]) -> list[Any]:
        """Return for each object its result, or None where only ``get`` may know one; costs one look each."""
        entry_of = self._young.get
        return [entry[1] if (entry := entry_of(id(key))) is not None and entry[0] is key else None for key in keys]

    def put(self, key: Any, result: Any, weight: int) -> None:
        """Remember ``result``; ``weight`` is the number of slots that the entry keeps alive."""
        self._young[id(key)] = (key, result)
        self._weight += weight + 8
        if self._weight > self._limit:
            self._old = self._young
            self._young = {}
            self._weight = 0

    def expect(self, weight: int) -> None:
        """Make room for a state of ``weight`` slots, so that it is not forgotten while it is walked."""
        self._limit = max(self._limit, 2 * weight)

    def clear(self) -> None:
        self._young = {}
        self._old = {}
        self._weight = 0
