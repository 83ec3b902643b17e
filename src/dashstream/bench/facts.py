"""What there is to be delivered: the records of a log as values, told without any of the gateway's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Identity(NamedTuple):
    """Who counted a record, and as what."""

    producer: str
    epoch: int
    thread: str
    sequence: int


class Record(NamedTuple):
    """A record of the log. ``crc`` is its value's, or -1 if it has none; ``is_bad`` if nobody can decode it."""

    offset: int
    key: str
    crc: int
    is_bad: bool = False
    identity: Identity | None = None


@dataclass
class LogFacts:
    """All records that were ever on the topic; those below ``low`` were removed since, it ends at ``high``."""

    epoch: str
    records: dict[int, list[Record]] = field(default_factory=dict)
    low: dict[int, int] = field(default_factory=dict)
    high: dict[int, int] = field(default_factory=dict)

    def add(self, partition: int, records: list[Record]) -> None:
        """Take note of records that are not known yet."""
        known = self.records.setdefault(partition, [])
        last = known[-1].offset if known else -1
        known += [record for record in records if record.offset > last]
