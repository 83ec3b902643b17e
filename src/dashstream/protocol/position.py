"""Positions and cursors: where a reader of the log is.

A *next offset* is the offset to read next. A cursor is the next offset of each partition together with the
epoch in which they mean something; its text form is what programs keep between connections. Reading positions
that come from outside is done entry by entry, so that one bad entry does not hide the good ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

MAX_OFFSET = 2**63 - 1
"""Highest offset; next offsets are within 0..MAX_OFFSET."""

MAX_EXAMPLES = 5
MAX_EXAMPLE_LENGTH = 64

_CANONICAL = re.compile(r"(0|[1-9][0-9]{0,18})", re.ASCII)


class PositionFault(StrEnum):
    """Why an entry of a cursor was not honoured."""

    PARTITION = "partition_invalid"
    UNKNOWN_PARTITION = "partition_unknown"
    OFFSET = "offset_invalid"
    AHEAD = "offset_ahead"
    THREAD = "thread_unwanted"
    SEQUENCE = "sequence_invalid"
    UNKNOWN_SEQUENCE = "sequence_unknown"


@dataclass(slots=True)
class FaultTally:
    """Entries of one fault: how many, with bounded examples that are safe to log and to send."""

    fault: PositionFault
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, key: object, value: object) -> None:
        """Count one entry: partition and offset, or thread and sequence."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{key!a}:{value!a}"[:MAX_EXAMPLE_LENGTH])


@dataclass(frozen=True, slots=True)
class ParsedPositions:
    """The entries that can be honoured, and a tally of those that cannot."""

    positions: dict[int, int]
    faults: dict[PositionFault, FaultTally]
    threads: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class RunMoment:
    """A moment of a run: after a step of its root's state, from 0, or after a sequence; neither is now."""

    step: int | None = None
    sequence: int | None = None


NOW = RunMoment()


def moment_from_wire(step: str | None, sequence: str | None) -> RunMoment:
    """Return the moment that canonical decimals say; what is above ``MAX_OFFSET`` counts as that."""
    step_number, sequence_number = (None if text is None else min(int(text), MAX_OFFSET) for text in (step, sequence))
    return RunMoment(step_number, sequence_number)


def parse_decimal(text: object) -> int | None:
    """Return a canonical decimal within 0..2^63-1 as an integer, None for anything else."""
    if not isinstance(text, str) or _CANONICAL.fullmatch(text) is None:
        return None
    value = int(text)
    return value if value <= MAX_OFFSET else None


def parse_positions(raw: Mapping[str, Any], *, partition_count: int) -> ParsedPositions:
    """Sort the entries of a cursor into usable ones and faults; never raises."""
    positions: dict[int, int] = {}
    faults: dict[PositionFault, FaultTally] = {}
    for key, value in raw.items():
        partition, offset = parse_decimal(key), parse_decimal(value)
        if partition is None:
            fault = PositionFault.PARTITION
        elif partition >= partition_count:
            fault = PositionFault.UNKNOWN_PARTITION
        elif offset is None:
            fault = PositionFault.OFFSET
        else:
            positions[partition] = offset
            continue
        faults.setdefault(fault, FaultTally(fault)).add(key, value)
    return ParsedPositions(positions, faults)


def parse_threads(raw: Mapping[str, Any], *, wanted: Collection[str]) -> ParsedPositions:
    """Sort the entries of a cursor by threads; ``wanted`` are the threads of its filter. Never raises."""
    threads: dict[str, int] = {}
    faults: dict[PositionFault, FaultTally] = {}
    for thread, value in raw.items():
        sequence = parse_decimal(value)
        if thread not in wanted:
            fault = PositionFault.THREAD
        elif sequence is None:
            fault = PositionFault.SEQUENCE
        else:
            threads[thread] = sequence
            continue
        faults.setdefault(fault, FaultTally(fault)).add(thread, value)
    return ParsedPositions({}, faults, threads)


def positions_to_wire(positions: Mapping[int, int]) -> dict[str, str]:
    """Return positions as they travel in control frames."""
    return {str(partition): str(offset) for partition, offset in positions.items()}


def positions_from_wire(raw: Mapping[str, str]) -> dict[int, int]:
    """Return positions that a gateway sent.

    Raises:
        ValueError: a partition or offset is not a canonical decimal in range.
    """
    positions: dict[int, int] = {}
    for key, value in raw.items():
        partition, offset = parse_decimal(key), parse_decimal(value)
        if partition is None or offset is None:
            raise ValueError(f"{key!r}: {value!r} is not a position")
        positions[partition] = offset
    return positions


class _CursorText(msgspec.Struct, frozen=True):
    v: int
    epoch: str
    positions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A resume token: the next offset of each known partition, and the epoch they belong to."""

    epoch: str
    positions: Mapping[int, int]

    def to_text(self) -> str:
        """Return the versioned text form."""
        text = _CursorText(1, self.epoch, positions_to_wire(dict(sorted(self.positions.items()))))
        return msgspec.json.encode(text).decode()

    @classmethod
    def from_text(cls, text: str) -> Cursor:
        """Read the text form.

        Raises:
            ValueError: the text is not a cursor of a version that this reader knows.
        """
        try:
            raw = msgspec.json.decode(text, type=_CursorText)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a cursor: {error}") from error
        if raw.v != 1:
            raise ValueError(f"cursor version {raw.v} is not known")
        return cls(raw.epoch, positions_from_wire(raw.positions))
