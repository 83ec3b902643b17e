"""Which partitions this process owns: it alone does for them what must happen once. A port.

Delivery has nothing to do with it: every gateway delivers every partition.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Ownership(Protocol):
    """The partitions owned now; it changes as gateways come and go."""

    @property
    def owned(self) -> frozenset[int]: ...

    async def changed(self, seen: frozenset[int]) -> None:
        """Return once ``owned`` is not ``seen``."""


class SoloOwnership:
    """One process owns all partitions of a log that has a fixed number of them."""

    def __init__(self, partition_count: int) -> None:
        self.owned = frozenset(range(partition_count))

    async def changed(self, seen: frozenset[int]) -> None:
        """See ``Ownership.changed``."""
        while self.owned == seen:
            await asyncio.Event().wait()
