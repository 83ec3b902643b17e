"""Counting what was dropped, by run, kind and reason, until it is told in-band."""

from __future__ import annotations

from dashstream.protocol.proto_codec import read_header
from dashstream.sdk.captures import LossCapture, RunContext
from dashstream.sdk.settings import SdkSettings

MAX_RUNS = 1_000
"""Runs whose losses are kept apart; those of further runs count towards the last one."""

Items = dict[tuple[int, int], list[int]]


class Losses:
    """Losses not yet told. Not thread-safe."""

    def __init__(self) -> None:
        self.total = 0
        self._by_run: dict[RunContext, Items] = {}

    def add(self, run: RunContext, kind: int, reason: int, timestamp_us: int, count: int = 1) -> None:
        """Count the loss of ``count`` records of one kind for one reason."""
        self.total += count
        run.dropped += count
        if run not in self._by_run and len(self._by_run) >= MAX_RUNS:
            run = next(reversed(self._by_run))
        items = self._by_run.setdefault(run, {})
        item = items.get((kind, reason))
        if item is None:
            items[kind, reason] = [count, timestamp_us, timestamp_us]
        else:
            item[0] += count
            item[1] = min(item[1], timestamp_us)
            item[2] = max(item[2], timestamp_us)

    def add_value(self, value: bytes, reason: int, settings: SdkSettings) -> None:
        """Count a record of which only the bytes are left."""
        try:
            header = read_header(value).header
        except Exception:  # noqa: BLE001  # a spool may hold anything
            return
        run = RunContext(run_id=header.run_id, thread_id=header.thread_id, tenant=settings.tenant)
        for known in self._by_run:
            if known.run_id == run.run_id:
                run = known
        self.add(run, int(header.type), reason, header.timestamp_us)

    def restore(self, capture: LossCapture) -> None:
        """Take back losses whose record was itself lost; they are told again."""
        items = self._by_run.setdefault(capture.run, {})
        for place, (count, first_us, last_us) in capture.items.items():
            item = items.get(place)
            if item is None:
                items[place] = [count, first_us, last_us]
            else:
                item[0] += count
                item[1] = min(item[1], first_us)
                item[2] = max(item[2], last_us)

    @property
    def untold(self) -> int:
        """Losses counted since the last :meth:`take`."""
        return sum(item[0] for items in self._by_run.values() for item in items.values())

    def take(self) -> list[tuple[RunContext, Items]]:
        """Return all that was counted since the last call, and forget it."""
        taken, self._by_run = list(self._by_run.items()), {}
        return taken
