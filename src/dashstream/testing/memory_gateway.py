"""A gateway in memory, for programs' tests: keeps what a publisher sends, and fails as it is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashstream.protocol.proto_codec import Decoded, decode
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings
from dashstream.sdk.transport import Outcome, Verdict

Answer = Outcome | Callable[[Sequence[bytes]], Outcome]


class MemoryGateway:
    """A :class:`~dashstream.sdk.transport.Transport` that is its own gateway.

    It drops duplicates as a real one does. ``answers`` are used up one per request before it delivers again; while
    ``is_absent`` nothing answers at all; :meth:`hold` makes requests hang until released or aborted.
    """

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.answers: deque[Answer] = deque()
        self.is_absent = False
        self.requests = 0
        self.duplicates = 0
        self._heads: dict[tuple[str, int, str], int] = {}
        self._open = threading.Event()
        self._open.set()
        self._aborted = threading.Event()
        self.changed = threading.Condition()

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        """Take a batch, or fail as told."""
        self.requests += 1
        self._aborted.clear()
        if not self._open.is_set() and not self._wait(timeout_s):
            return Outcome(Verdict.RETRY, reason="timed out")
        if self.is_absent:
            return Outcome(Verdict.ABSENT, reason="absent")
        answer = self.answers.popleft() if self.answers else None
        if callable(answer):
            answer = answer(values)
        if answer is not None and answer.verdict is not Verdict.DELIVERED:
            return answer
        for index, value in enumerate(values):
            if answer is None or index not in answer.rejected:
                self._take(value)
        with self.changed:
            self.changed.notify_all()
        return answer or Outcome(Verdict.DELIVERED)

    def abort(self) -> None:
        self._aborted.set()
        self._open.set()

    def tend(self) -> None:
        """Nothing to tend."""

    def close(self) -> None:
        """Nothing to close."""

    def forget(self) -> None:
        """Nothing is shared with a parent process."""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let requests hang inside the block."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @property
    def records(self) -> list[Decoded]:
        """What was delivered, decoded, in order of delivery."""
        return [decode(value) for value in list(self.values)]

    def wait_for(self, condition: Callable[[], Any], timeout_s: float = 10.0) -> bool:
        """Wait until ``condition`` holds after some delivery."""
        with self.changed:
            return bool(self.changed.wait_for(condition, timeout_s))

    def _wait(self, timeout_s: float) -> bool:
        return self._open.wait(timeout_s) and not self._aborted.is_set()

    def _take(self, value: bytes) -> None:
        header = decode(value).header
        place = (header.producer_id, header.producer_epoch, header.thread_id)
        if header.sequence <= self._heads.get(place, 0):
            self.duplicates += 1
            return
        self._heads[place] = header.sequence
        self.values.append(value)


def memory_publisher(data_dir: Path, **settings: Any) -> tuple[Publisher, MemoryGateway]:
    """Return a publisher and the gateway in memory that it sends to."""
    gateway = MemoryGateway()
    settings.setdefault("flush_interval", 0.002)
    publisher = Publisher(SdkSettings(data_dir=data_dir, **settings), transport_factory=lambda _: gateway)
    return publisher, gateway
