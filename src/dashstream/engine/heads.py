"""Session heads: for each partition, where "was already there" ends and "is new" begins. Pure.

The head is the offset that the next appended record would get at the moment the session began. It comes from one of
four places, in this order:

1. *The group's commit.* Whoever serves a partition first leaves its head there; all later owners keep it, so that what
   was appended while no owner lived is new for the next one. A commit of another epoch says that the topic was
   recreated after the group had begun: all that it has now is new.
2. *The start of this session*: the high watermark, if the log told it then.
3. *Nothing was there yet*: a partition that came into being during the session has only new records. Its head is 0.
4. *Late discovery*: the lower of the high watermark at discovery and the first offset that the log stamped at or after
   the start of the session. Time can thus make a record new here, never old.
"""

from __future__ import annotations

from collections.abc import Mapping


class Heads:
    """The heads of one life (epoch) of a topic."""

    def __init__(self, partition_count: int) -> None:
        """``partition_count``: how many partitions there were when the session began."""
        self._at_start = partition_count
        self._heads: dict[int, int] = {}

    def get(self, partition: int) -> int | None:
        """Return a partition's head, or None while it is not known."""
        return self._heads.get(partition)

    def unresolved(self, partition_count: int) -> list[int]:
        """Return the partitions whose heads are not known."""
        return [partition for partition in range(partition_count) if partition not in self._heads]

    def found_at_start(self, highs: Mapping[int, int]) -> None:
        """The log told these high watermarks when the session began."""
        for partition, high in highs.items():
            self._heads.setdefault(partition, high)

    def found_late(self, highs: Mapping[int, int], since_start: Mapping[int, int]) -> None:
        """The log tells these high watermarks only now; ``since_start``: first offsets stamped since the start.

        A partition that is not in both stays unknown: taking its high watermark alone could make a new record old.
        """
        for partition, since in since_start.items():
            self._heads.setdefault(partition, min(highs[partition], since))

    def adopt(self, partition: int, head: int) -> None:
        """The group has a head for this partition: it holds, whatever was found here."""
        self._heads[partition] = head

    def note_growth(self, partition_count: int) -> None:
        """Partitions that were not there at the start of the session hold only what is new."""
        for partition in range(self._at_start, partition_count):
            self._heads.setdefault(partition, 0)
