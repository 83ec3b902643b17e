"""Live clients at the same place with the same filter are sent the very same bytes, made and compressed once."""

from __future__ import annotations

import pytest

from dashstream.engine import page as page_module
from dashstream.engine.classify import classify
from dashstream.engine.hub import Hub
from dashstream.engine.limits import ClientLimits, RingLimits
from dashstream.engine.page import Page
from dashstream.engine.ports import LogRecord, NoMetrics
from dashstream.engine.ring import Ring
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import PlainLane
from dashstream.engine.start_value import ResolvedStart
from dashstream.engine.subscription import Subscription
from dashstream.protocol import control
from dashstream.protocol.codes import StartFrom
from dashstream.protocol.effects import SubscribeRequest
from dashstream.protocol.framing import Limits, compress
from data_dirs import run_records
from quiet_sink import QuietSink

PAGE_BYTES = 1 << 18


class Client(QuietSink):
    """A sink that keeps the pages it is given, and asks for them compressed if it can read that."""

    def __init__(self, *, compression: bool = False) -> None:
        self.is_writable = self.is_clear = True
        self.lane = PlainLane(compression=compression)
        self.pages: list[Page] = []
        self.packed: list[bytes | None] = []
        self._compression = compression

    def send_control(self, frame: control.ServerFrame) -> None:
        """Nothing is looked at."""

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        self.pages.append(page)
        if self._compression:
            self.packed.append(page.packed())
        return len(page.payload(compression=self._compression))


class Room:
    """A ring, a hub, and clients that follow."""

    def __init__(self) -> None:
        self.ring = Ring(RingLimits())
        self.ring.start({0: 0}, {})
        self.hub = Hub(self.ring, ClientLimits(), NoMetrics())
        self.members: list[Subscription] = []

    def join(self, client: Client, wanted: control.Filter | None = None, page_bytes: int = PAGE_BYTES) -> Subscription:
        request = SubscribeRequest(1, wanted or control.Filter(), StartFrom.LATEST, None, {}, {}, False, 1 << 20)
        start = ResolvedStart({0: 0}, {0: 0}, "live")
        subscription = Subscription(request, start, client, epoch="e", page_bytes=page_bytes)
        assert self.hub.join(subscription, lambda: None)
        self.members.append(subscription)
        return subscription

    def grow(self, thread: str, steps: int = 5) -> None:
        """Append a run's records and bring everybody up."""
        for value in run_records(thread=thread, steps=steps):
            record = LogRecord(0, self.ring.positions[0], 1, thread.encode(), value)
            self.ring.extend([(record, classify(record, Limits()))])
        for member in self.members:
            while self.hub.kick(member):
                pass


def test_the_same_place_filter_and_size_share_one_page() -> None:
    room, clients = Room(), [Client() for _ in range(3)]
    for client in clients:
        room.join(client)
    room.grow("thread-1")
    (first,) = clients[0].pages
    assert first.count > 0
    assert all(client.pages == [first] and client.pages[0] is first for client in clients)


def test_another_filter_and_another_size_are_other_pages() -> None:
    room, whole, filtered, small = Room(), Client(), Client(), Client()
    room.join(whole)
    room.join(filtered, control.Filter(threads=["thread-2"]))
    room.join(small, page_bytes=1_024)
    room.grow("thread-1")
    room.grow("thread-2")
    assert sum(page.count for page in filtered.pages) == whole.pages[1].count
    assert len(small.pages) > len(whole.pages) == 2
    assert b"".join(page.body for page in small.pages) == b"".join(page.body for page in whole.pages)


def test_who_was_skipped_is_brought_up_on_its_own_and_shares_again() -> None:
    room, quick, slow = Room(), Client(), Client()
    room.join(quick)
    room.join(slow)
    slow.is_writable = False
    room.grow("thread-1")
    assert slow.pages == []
    slow.is_writable = True
    room.grow("thread-2")
    room.grow("thread-3")
    assert slow.pages[0].count == quick.pages[0].count + quick.pages[1].count
    assert slow.pages[1] is quick.pages[2]


def test_a_page_is_compressed_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[bytes] = []

    def counted(data: bytes) -> bytes:
        compressed.append(data)
        return compress(data)

    monkeypatch.setattr(page_module, "compress", counted)
    room, clients, plain = Room(), [Client(compression=True) for _ in range(5)], Client()
    for client in [*clients, plain]:
        room.join(client)
    room.grow("thread-1", steps=20)
    assert compressed == [plain.pages[0].body]
    (packed,) = clients[0].packed
    assert packed is not None
    assert len(packed) < len(compressed[0]) / 2
    assert all(client.packed[0] is packed for client in clients)
