"""A Python client of the gateway: records and gaps as they come, exact across reconnects.

The cursor moves only when the caller asks for the next item, so an item that was being handled when the program
died is delivered again by whoever resumes from :attr:`Subscriber.cursor`, and none is skipped. The connection is
renewed with backoff for as long as the caller iterates, not before the time that the gateway says, except when it
says not to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashstream.engine.backoff import Backoff, BackoffLimits
from dashstream.errors import ForbiddenError, GatewayUnreachableError, ProtocolError, UnauthenticatedError
from dashstream.protocol import control
from dashstream.protocol.batch import Continuation, Continuity, decode_frame
from dashstream.protocol.codes import CloseCode, Outcome, StartFrom

SUBPROTOCOL = "dashstream.v2"
SUBSCRIPTION = 1
ACKS_PER_WINDOW = 4
"""Acknowledgements of a whole window: credit never runs out, and a replay stays below the frames a client may send."""
MAX_FRAME_BYTES = 32 * 1024 * 1024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One record."""

    partition: int
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Missing:
    """A range that will not come."""

    partition: int
    start: int
    end: int
    reason: str


@dataclass(slots=True)
class Subscriber:
    """One subscription to one gateway. Iterate it once."""

    ws_url: str
    token: str
    filter: control.Filter = field(default_factory=control.Filter)
    start: StartFrom = StartFrom.EARLIEST
    stop_at_head: bool = False
    """End when the replay is complete instead of following live."""
    backoff: BackoffLimits = field(default_factory=BackoffLimits)
    cursor: dict[int, int] = field(default_factory=dict)
    epoch: str | None = None
    _return_after_s: float = field(default=0.0, init=False)
    _window_bytes: int = field(default=0, init=False)

    async def __aiter__(self) -> AsyncIterator[Delivered | Missing]:
        backoff = Backoff(self.backoff)
        connected = False
        while True:
            try:
                async for item in self._one_connection():
                    connected = True
                    backoff.reset()
                    yield item
            except (OSError, ConnectionClosed) as error:
                _raise_if_final(error)
                if not connected and backoff.attempt >= 3:
                    raise GatewayUnreachableError(f"no gateway answers at {self.ws_url}") from error
                _log.info("reconnecting", reason=str(error))
                await asyncio.sleep(max(backoff.next_delay(), self._return_after_s))
                self._return_after_s = 0.0
            except InvalidStatus as error:
                raise ForbiddenError(f"the gateway refuses the connection: {error}") from error
            else:
                return

    async def _one_connection(self) -> AsyncIterator[Delivered | Missing]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with connect(
            self.ws_url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            additional_headers=headers,
            max_size=MAX_FRAME_BYTES,
            compression=None,
            proxy=None,
        ) as socket:
            await self._subscribe(socket)
            unacknowledged = 0
            async for message in socket:
                if isinstance(message, bytes):
                    for item in self._records(message):
                        yield item
                    unacknowledged += len(message)
                    if unacknowledged >= self._window_bytes // ACKS_PER_WINDOW:
                        unacknowledged = 0
                        await self._acknowledge(socket)
                    continue
                frame = control.decode_server(message)
                if isinstance(frame, control.Gap):
                    yield self._gap(frame)
                elif self._is_end(frame):
                    return

    async def _subscribe(self, socket: ClientConnection) -> None:
        hello = control.Hello(
            protocol=control.PROTOCOL,
            client=control.ClientInfo("dashstream-python", version("dashstream")),
        )
        await socket.send(control.encode(hello).decode())
        resumes = self.epoch is not None
        start = control.Start(
            origin=StartFrom.CURSOR if resumes else self.start,
            epoch=self.epoch,
            positions={str(p): str(offset) for p, offset in self.cursor.items()} if resumes else None,
        )
        await socket.send(control.encode(control.Subscribe(id=SUBSCRIPTION, filter=self.filter, start=start)).decode())

    async def _acknowledge(self, socket: ClientConnection) -> None:
        positions = {str(partition): str(offset) for partition, offset in self.cursor.items()}
        await socket.send(control.encode(control.Ack(id=SUBSCRIPTION, positions=positions)).decode())

    def _records(self, message: bytes) -> Iterator[Delivered]:
        """Yield what is new; the cursor moves along.

        Raises:
            ConnectionError: a record is missing in delivery; the cursor stands before it.
        """
        continuity = Continuity(self.cursor)
        for entry in decode_frame(message).entries:
            verdict = continuity.record(entry.partition, entry.offset, entry.step)
            if verdict is Continuation.HOLE:
                raise ConnectionError(f"a record is missing before partition {entry.partition} offset {entry.offset}")
            if verdict is Continuation.CONTIGUOUS:
                self.cursor[entry.partition] = entry.offset + 1
                yield Delivered(entry.partition, entry.offset, entry.value)

    def _gap(self, gap: control.Gap) -> Missing:
        self.cursor[gap.partition] = max(self.cursor.get(gap.partition, 0), int(gap.end))
        return Missing(gap.partition, int(gap.start), int(gap.end), gap.reason)

    def _is_end(self, frame: control.ServerFrame) -> bool:
        match frame:
            case control.Subscribed():
                self.epoch = frame.epoch
                self._window_bytes = frame.window_bytes
                self.cursor = {int(partition): int(offset) for partition, offset in frame.start.items()}
            case control.Progress():
                for partition, offset in frame.positions.items():
                    self.cursor[int(partition)] = max(self.cursor.get(int(partition), 0), int(offset))
            case control.ReplayComplete():
                if frame.outcome == Outcome.REFUSED:
                    raise ProtocolError("refused", "the gateway refuses the subscription")
                return self.stop_at_head
            case control.Closing():
                self._return_after_s = frame.retry_after_ms / 1_000
            case control.Error(code=code, message=message, retryable=False):
                if code == "unauthenticated":
                    raise UnauthenticatedError(message)
                raise ProtocolError(code, message)
        return False


def _raise_if_final(error: Exception) -> None:
    """Raise when the gateway has said that coming back makes no sense."""
    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None
    if code == CloseCode.UNAUTHENTICATED:
        raise UnauthenticatedError("the gateway refuses the token") from error
    if code is not None and 4500 <= code < 5000:
        raise ProtocolError("closed", f"the gateway ended the connection with {code}") from error
