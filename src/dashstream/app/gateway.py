"""The gateway process: from settings to an exit code.

Start order: data directory, its lock, token, address, log, index, pump, server; then the discovery file is
written and the caller told. A stop (SIGTERM, SIGINT) goes the other way: clients are told when to come back,
requests in flight finish within the drain time, what was accepted is durable. A second signal ends at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from dashstream.app import data_dir as data
from dashstream.app import logs
from dashstream.app.auth import obtain_token
from dashstream.app.settings import Settings, public_values, secret_values
from dashstream.app.wiring import Gateway, build
from dashstream.engine.backoff import Backoff
from dashstream.engine.calm_collector import calm_collector
from dashstream.errors import DashStreamError, GatewayStartError, LogEpochChangedError

log = structlog.get_logger(__name__)

BACKLOG = 512


class _Server(uvicorn.Server):
    """Uvicorn's server with our signals: it says when it is ready, and never re-raises what stopped it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def run(settings: Settings, announce: Callable[[data.Discovery], None]) -> int:
    """Run a gateway until it is told to stop; returns the process's exit code.

    ``announce`` is called once, when the gateway answers requests.

    Raises:
        GatewayStartError: it cannot start; the message says what to change.
        DashStreamError: the log or the index cannot be opened.
    """
    os.umask(0o077)  # whatever is written is its owner's, also in a directory that was there and is open to others
    with contextlib.ExitStack() as stack:
        data.prepare(settings.data_dir)
        stack.enter_context(data.exclusive(settings.data_dir))
        token = _token(settings)
        logs.configure(settings.logging, [token, *secret_values(settings)])
        calm_collector()
        listener = stack.enter_context(contextlib.closing(_listen(settings)))
        return asyncio.run(_serve(settings, token, listener, announce))


async def _serve(
    settings: Settings,
    token: str,
    listener: socket.socket,
    announce: Callable[[data.Discovery], None],
) -> int:
    """Serve until told to stop; where the log is made anew meanwhile, with a new gateway on the same address.

    The new log may not be there yet: what fails then is tried again, for as long as nobody says to stop.
    """
    discovery = _discovery(listener, token)
    stopping = _Stopping()
    epochs: list[str] = []
    backoff = Backoff()
    with data.published(settings.data_dir, discovery):
        while True:
            try:
                async with build(settings, token, discovery.instance, earlier_epochs=epochs) as gateway:
                    backoff.reset()
                    ready = None if epochs else lambda: announce(discovery)
                    end = await _serve_one(gateway, settings, listener, stopping, discovery.url, ready)
            except DashStreamError as error:
                if not epochs:
                    raise
                log.warning("cannot start again yet", error=str(error), attempt=backoff.attempt)
                if await stopping.within(backoff.next_delay()):
                    return 0
                continue
            if end is None:
                log.info("gateway stopped")
                return 0
            if not isinstance(end, LogEpochChangedError):
                return 1
            log.warning("the log was made anew; starting again", epoch=gateway.epoch, error=str(end))
            epochs.append(gateway.epoch)


async def _serve_one(
    gateway: Gateway,
    settings: Settings,
    listener: socket.socket,
    stopping: _Stopping,
    url: str,
    on_ready: Callable[[], None] | None,
) -> BaseException | None:
    """Serve with one gateway; returns None when told to stop, else what ended that must not."""
    server = _Server(_config(settings, gateway))
    stopping.server = server
    # A server closes the socket that it is given; the next one needs the address as well.
    serving = asyncio.create_task(server.serve([listener.dup()]), name="server")
    await _until_ready(server, serving)
    log.info("gateway ready", url=url, epoch=gateway.epoch, settings=public_values(settings))
    if on_ready is not None:
        on_ready()
    end = await _until_stopped(stopping.told, serving, gateway)
    log.info("gateway stopping")
    await gateway.drain(settings.gateway.drain_s)
    server.should_exit = True
    await serving
    return end


async def _until_ready(server: _Server, serving: asyncio.Task[None]) -> None:
    """Wait until requests are answered.

    Raises:
        GatewayStartError: the server ended before that.
    """
    ready = asyncio.create_task(server.ready.wait(), name="ready")
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if serving.done():
        serving.result()
        raise GatewayStartError("the server ended before it was ready")


async def _until_stopped(told: asyncio.Event, serving: asyncio.Task[None], gateway: Gateway) -> BaseException | None:
    """Wait for a signal; returns None then, else what ended that must not."""
    signalled = asyncio.create_task(told.wait(), name="stop")
    ended = asyncio.create_task(gateway.ended(), name="ended")
    await asyncio.wait({signalled, ended, serving}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if signalled.done():
            return None
        if ended.done():
            return ended.result()
        failure = serving.exception() or GatewayStartError("the server ended by itself")
        log.error("gateway failed", exc_info=failure)
        return failure
    finally:
        signalled.cancel()
        ended.cancel()


class _Stopping:
    """Listens for signals: the first one stops in order, the second one at once."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.server: _Server | None = None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)

    async def within(self, timeout_s: float) -> bool:
        """Return whether it is told to stop within a time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.told.wait(), timeout_s)
        return self.told.is_set()

    def _stop(self) -> None:
        if self.told.is_set() and self.server is not None:
            self.server.should_exit = True
            self.server.force_exit = True
        self.told.set()


def _config(settings: Settings, gateway: Gateway) -> uvicorn.Config:
    return uvicorn.Config(
        gateway.http_app,
        http=gateway.http_protocol,
        ws=gateway.websocket_protocol,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.gateway.drain_s)),
    )


def _listen(settings: Settings) -> socket.socket:
    """Bind the address.

    Raises:
        GatewayStartError: it is in use, not ours, or not allowed.
    """
    host, port = settings.gateway.host, settings.gateway.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise GatewayStartError(f"cannot listen on {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise GatewayStartError(
                f"port {port} of {host} is in use; give another --port, or 0 for a free one"
            ) from error
        raise GatewayStartError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listener.settimeout(0)
    return listener


def _discovery(listener: socket.socket, token: str) -> data.Discovery:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # the address to show, not to bind
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104  # as above
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return data.Discovery(
        url=f"http://{place}",
        ws_url=f"ws://{place}/ws",
        token=token,
        pid=os.getpid(),
        instance=secrets.token_hex(8),
    )


def _token(settings: Settings) -> str:
    try:
        return obtain_token(settings.data_dir, settings.gateway.token)
    except OSError as error:
        raise GatewayStartError(f"cannot keep the token in {settings.data_dir}: {error.strerror}") from error
