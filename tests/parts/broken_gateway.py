"""The real gateway with one fault in its delivery, to see that whoever judges it notices: ``FAULT [flags of serve]``.

All of it is the product: only the sink that deliveries are given is wrapped, once, in this process. The first page that
can be is spoilt; counters and steps are left as a gateway would leave them that does not know of its fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from dashstream.adapters.websocket import server
from dashstream.bench import subscriber
from dashstream.cli.__main__ import main
from dashstream.engine.deliveries import Deliveries, DeliveryServices
from dashstream.engine.page import Page
from dashstream.engine.sends import SendPath
from dashstream.engine.sink import Lane, PlainLane, Sink
from dashstream.protocol import control
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.position import PositionFault


class DeliveryFault(StrEnum):
    """What goes wrong."""

    NONE = "none"
    SKIP = "skip"
    DOUBLE = "double"
    REORDER = "reorder"
    ALTER = "alter"
    DROP_GAP = "drop-gap"


def split(body: bytes) -> list[bytes]:
    """Return a page's entries as they are."""
    entries, at = [], 0
    while at < len(body):
        size, start = subscriber.varint(body, at + 1)
        entries.append(body[at : start + size])
        at = start + size
    return entries


def _reorder(entries: Sequence[bytes]) -> list[bytes]:
    """Let the first two of one partition change places; between partitions there is no order to break."""
    first: dict[int, int] = {}
    for index, (partition, *_) in enumerate(subscriber.entries_of(b"".join(entries))):
        if partition in first:
            swapped = list(entries)
            swapped[first[partition]], swapped[index] = entries[index], entries[first[partition]]
            return swapped
        first[partition] = index
    return list(entries)


def _alter(entries: Sequence[bytes]) -> list[bytes]:
    """Change the last byte of a value, which is in a text."""
    return [*entries[:-1], entries[-1][:-1] + bytes((entries[-1][-1] ^ 1,))]


SPOILERS: Mapping[DeliveryFault, Callable[[list[bytes]], list[bytes]]] = {
    DeliveryFault.SKIP: lambda entries: entries[1:],
    DeliveryFault.DOUBLE: lambda entries: [*entries, entries[-1]],
    DeliveryFault.REORDER: _reorder,
    DeliveryFault.ALTER: _alter,
}


class BrokenSink:
    """A client's connection, spoilt."""

    def __init__(self, inner: Sink, fault: DeliveryFault) -> None:
        self._inner = inner
        self._fault = fault
        self._is_spoilt = False

    @property
    def is_writable(self) -> bool:
        return self._inner.is_writable

    @property
    def is_clear(self) -> bool:
        return self._inner.is_clear

    @property
    def lane(self) -> Lane:
        """The one that sends through this sink."""
        return PlainLane(self._inner.lane.compression)

    def send_control(self, frame: control.ServerFrame) -> None:
        if self._fault is not DeliveryFault.DROP_GAP or not isinstance(frame, control.Gap):
            self._inner.send_control(frame)

    def send_page(self, subscription: int, first_delivery: int, page: Page, path: SendPath) -> int:
        spoil = SPOILERS.get(self._fault)
        if spoil is not None and not self._is_spoilt and page.count > 1:
            entries = spoil(split(page.body))
            if (body := b"".join(entries)) != page.body:
                page = replace(page, body=body, count=len(entries), _packed=None)
                self._is_spoilt = True
        return self._inner.send_page(subscription, first_delivery, page, path)

    def note_path(self, path: SendPath) -> None:
        self._inner.note_path(path)

    def refuse(
        self, subscription: int, code: ErrorCode, message: str, details: Mapping[str, int], *, retryable: bool
    ) -> None:
        self._inner.refuse(subscription, code, message, details, retryable=retryable)

    def note_faults(self, faults: Mapping[PositionFault, int]) -> None:
        self._inner.note_faults(faults)

    def release(self, subscription: int) -> None:
        self._inner.release(subscription)


def break_delivery(fault: DeliveryFault) -> None:
    """Let every connection of this process deliver through a broken sink."""

    def deliveries(services: DeliveryServices, sink: Sink, page_bytes: int) -> Deliveries:
        return Deliveries(services, BrokenSink(sink, fault), page_bytes)

    setattr(server, "Deliveries", deliveries)  # noqa: B010  # says that a name of another module is replaced


if __name__ == "__main__":
    break_delivery(DeliveryFault(sys.argv.pop(1)))
    main()
