"""A subscription's filter, made ready to be asked for each record."""

from __future__ import annotations

from dataclasses import dataclass

from dashstream.engine.classify import Unreadable
from dashstream.engine.reading import RecordHead, tenants_of
from dashstream.protocol.control import Filter

Names = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records pass: each set given must contain the record's value. Equal ones share their work."""

    tenants: Names = None
    threads: Names = None
    runs: Names = None
    graphs: Names = None
    kinds: Names = None

    @classmethod
    def of(cls, wanted: Filter) -> Selection:
        """Return the selection of a filter."""
        return cls(
            *(
                None if names is None else frozenset(names)
                for names in (wanted.tenants, wanted.threads, wanted.runs, wanted.graphs, wanted.kinds)
            )
        )

    @property
    def passes_all(self) -> bool:
        """Whether no record is filtered out."""
        return self == _ALL

    def passes(self, head: RecordHead | Unreadable) -> bool:
        """Say whether a record passes. A batch passes if any of its events does and none is of another tenant: it is
        delivered whole, and tenants do not see each other.
        """
        if isinstance(head, Unreadable):
            if head.about is None:
                return self._passes_unreadable(head)
            head = head.about
        if self.tenants is not None and head.inner and not self.tenants.issuperset(tenants_of(head)):
            return False
        if self._passes_one(head):
            return True
        return any(self._passes_one(inner) for inner in head.inner)

    def _passes_one(self, head: RecordHead) -> bool:
        return (
            (self.runs is None or head.run in self.runs)
            and (self.threads is None or head.thread in self.threads)
            and (self.kinds is None or head.kind in self.kinds)
            and (self.tenants is None or head.tenant in self.tenants)
            and (self.graphs is None or head.graph in self.graphs)
        )

    def _passes_unreadable(self, head: Unreadable) -> bool:
        if self.tenants is not None or self.runs is not None or self.graphs is not None:
            return False
        return self.kinds is None and (self.threads is None or head.thread in self.threads)


_ALL = Selection()
