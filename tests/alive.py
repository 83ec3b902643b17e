"""How many objects of a type are in memory: what a test of something left behind compares."""

from __future__ import annotations

import gc


def alive(kind: type) -> int:
    """Return how many objects of a type, or of one made from it, the collector knows after it has collected.

    The type itself is asked, not `isinstance`: that follows a weak proxy, which may point at nothing any more.
    """
    gc.collect()
    return sum(issubclass(type(each), kind) for each in gc.get_objects())
