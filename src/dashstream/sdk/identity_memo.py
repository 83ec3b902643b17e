"""A memory of what an object became, by identity, that forgets in bounded space.

Entries hold their object, so an identity is never mistaken for that of a later object at the same address. Two
generations: what is used moves to the young one; when the young one has taken in more than ``limit`` slots, the old
one is dropped. Forgetting costs time (something is converted again), never correctness.
"""

from __future__ import annotations

from itertools import compress
from operator import is_not
from typing import Any

MIN_LIMIT = 131_072
LONG_LIST = 64
"""Items from which on a list is worth comparing with an earlier one."""
MAX_LISTS = 16
MAX_CHANGES = 16


class IdentityMemo:
    """object -> result, weighed in slots (one slot is about one pointer). Not thread-safe."""

    __slots__ = ("_limit", "_old", "_weight", "_young", "generation")

    def __init__(self, limit: int = MIN_LIMIT) -> None:
        self._young: dict[int, tuple[Any, Any]] = {}
        self._old: dict[int, tuple[Any, Any]] = {}
        self._weight = 0
        self._limit = limit
        self.generation = 0
        """How often an old generation was dropped."""

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
            self.generation += 1

    def expect(self, weight: int) -> None:
        """Make room for a state of ``weight`` slots, so that it is not forgotten while it is walked."""
        self._limit = max(self._limit, 2 * weight)

    def clear(self) -> None:
        self._young = {}
        self._old = {}
        self._weight = 0


class ListMemo:
    """What the newest long lists became: one that has grown, or changed in few places, is compared at the speed of C.

    An earlier list is found by its first item. What came of an object must stay what it was for as long as its list
    is remembered here; whoever learns better calls ``clear``. Not thread-safe.
    """

    __slots__ = ("_lists",)

    def __init__(self) -> None:
        self._lists: dict[int, tuple[list[Any], list[Any]]] = {}

    def like(self, items: list[Any]) -> tuple[list[Any], list[int]] | None:
        """Return what the common part of these and earlier items became, as a new list, and where it is not known."""
        entry = self._lists.get(id(items[0]))
        if entry is None or entry[0][0] is not items[0]:
            return None
        before, results = entry
        both = min(len(before), len(items))
        changed = list(compress(range(both), map(is_not, before, items)))
        return (results[:both], changed) if len(changed) <= MAX_CHANGES else None

    def put(self, items: list[Any], results: list[Any]) -> None:
        """Remember what each of these items became; neither list may be changed afterwards."""
        key = id(items[0])
        self._lists.pop(key, None)
        self._lists[key] = (items, results)
        if len(self._lists) > MAX_LISTS:
            del self._lists[next(iter(self._lists))]

    def clear(self) -> None:
        self._lists.clear()
