"""One subscription: a cursor, what was delivered to it, and the one verdict on its replay.

Nothing is queued here. A subscription is either *catching up*, when its own task walks a ``Replay``, or *live*, when
the hub gives it pages of the ring. It goes from one to the other as often as its client is slow, and ``state``
frames say so; ``replay_complete`` is said once, when it has passed the heads that the log had at its start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashstream.engine.credit import Credit, Sent
from dashstream.engine.duty_walk import Pause
from dashstream.engine.page import Page
from dashstream.engine.replay import Tier
from dashstream.engine.ring import Hole
from dashstream.engine.selection import Selection
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import Sink
from dashstream.engine.start_value import ResolvedStart
from dashstream.engine.view import View
from dashstream.protocol import control
from dashstream.protocol.codes import Delivery, Outcome
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.position import positions_to_wire


class Subscription:
    """State of one subscription. Call ``begin`` first; then pages, in the order of the walk or the ring."""

    def __init__(
        self,
        request: SubscribeRequest,
        start: ResolvedStart,
        sink: Sink,
        *,
        epoch: str,
        page_bytes: int,
        sources: Sequence[Tier] = (Tier.MEMORY, Tier.LOG),
    ) -> None:
        self.id = request.id
        self.selection = Selection.of(request.filter)
        self.page_bytes = page_bytes
        self.credit = Credit(request.window_bytes)
        self.positions = dict(start.positions)
        self.delivered: dict[int, int] = {}
        self.view: View | None = None
        self.arrival = 0
        self.is_closed = False
        self._epoch = epoch
        self.sink = sink
        self._start = start
        self._state: Delivery | None = None
        self._path = SendPath.REPLAY
        self._count = 0
        self._gaps = 0
        self._tiers = dict.fromkeys(Tier, 0)
        self._sources = sources
        self._told = dict(start.positions)
        self._has_verdict = False

    @property
    def is_ready(self) -> bool:
        """Whether it can take a page now."""
        return self.sink.is_writable and self.credit.is_open

    @property
    def has_verdict(self) -> bool:
        """Whether ``replay_complete`` was said."""
        return self._has_verdict

    @property
    def count(self) -> int:
        """Records delivered."""
        return self._count

    @property
    def tier_counts(self) -> Mapping[Tier, int]:
        """Records delivered, by where they came from."""
        return self._tiers

    def begin(self) -> None:
        """Say where delivery starts, and what is missing before."""
        start = self._start
        self.sink.send_control(
            control.Subscribed(
                id=self.id,
                epoch=self._epoch,
                start=positions_to_wire({**start.positions, **start.before_gaps}),
                mode=start.mode,
                tiers=list(self._sources),
                window_bytes=self.credit.window_bytes,
                ignored=[
                    control.Ignored(tally.fault, tally.count, list(tally.examples)) for tally in start.faults.values()
                ],
                steps={run: str(step) for run, step in start.steps.items()},
            )
        )
        for hole in start.gaps:
            self._send_gap(hole)
        self._judge()

    def set_state(self, state: Delivery) -> bool:
        """Say how it is served, if that changed; return whether it did."""
        if state is self._state:
            return False
        self._state = state
        self._path = SendPath.LIVE if state is Delivery.LIVE else SendPath.REPLAY
        self.send_state()
        return True

    def send_state(self) -> None:
        """Say how it is served, if that is known; this ends what was said about pauses before."""
        if self._state is not None:
            self.sink.send_control(control.State(id=self.id, state=self._state))

    def send_pauses(self, pauses: Sequence[Pause]) -> None:
        """Say which partitions are paused, after the state: their records still come."""
        for pause in pauses:
            self.sink.send_control(
                control.State(id=self.id, state=Delivery.PAUSED, partition=pause.partition, reason=str(pause))
            )

    def deliver(self, page: Page, tier: Tier) -> None:
        """Send a page's records and the hole after them, and advance."""
        if page.count:
            size = self.sink.send_page(self.id, self._count + 1, page, self._path)
            self.credit.spend(Sent(page.delivered, size))
            self._count += page.count
            self._tiers[tier] += page.count
            self.delivered.update(page.delivered)
        hole = page.hole
        if hole is not None and self.positions.get(hole.partition, 0) < hole.end:
            self._send_gap(hole)
        self.positions.update(page.advance)
        if not self._has_verdict:
            self._judge()

    def note_sent(self, sent: Sent, records: int) -> None:
        """Take note of what it was sent from the ring with others."""
        self.sink.note_path(self._path)
        self.credit.spend(sent)
        self._count += records
        self._tiers[Tier.MEMORY] += records
        self.delivered.update(sent.delivered)

    def note_passed(self, positions: Mapping[int, int], arrival: int) -> None:
        """Take note of how far it was brought with others."""
        self.positions.update(positions)
        self.arrival = arrival

    def send_progress(self) -> None:
        """Say how far records that do not pass have been passed, if that is further than what was said."""
        news = {
            partition: offset
            for partition, offset in self.positions.items()
            if offset > self._told.get(partition, -1) and offset > self.delivered.get(partition, -1)
        }
        if news:
            self._told.update(news)
            self.sink.send_control(control.Progress(id=self.id, positions=positions_to_wire(news)))

    def end(self) -> None:
        """The client wants no more: give the verdict if there was none."""
        self.is_closed = True
        if not self._has_verdict:
            self._send_verdict(Outcome.PARTIAL)

    def _judge(self) -> None:
        heads = self._start.heads
        if all(self.positions[partition] >= head for partition, head in heads.items()):
            whole = not self._gaps and not self._start.faults
            self._send_verdict(Outcome.COMPLETE if whole else Outcome.PARTIAL)

    def _send_verdict(self, outcome: Outcome) -> None:
        self._has_verdict = True
        self.sink.send_control(
            control.ReplayComplete(
                id=self.id,
                outcome=outcome,
                delivered=str(self._count),
                gaps=self._gaps,
                positions=positions_to_wire(self.positions),
                tiers=control.TierCounts(
                    memory=str(self._tiers[Tier.MEMORY]),
                    retained=str(self._tiers[Tier.RETAINED]),
                    log=str(self._tiers[Tier.LOG]),
                ),
            )
        )

    def _send_gap(self, hole: Hole) -> None:
        self._gaps += 1
        self._told[hole.partition] = hole.end
        self.sink.send_control(
            control.Gap(
                id=self.id,
                partition=hole.partition,
                start=str(hole.offset),
                end=str(hole.end),
                reason=hole.reason,
                count=None if hole.count is None else str(hole.count),
            )
        )
