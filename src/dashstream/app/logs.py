"""How the gateway logs: structlog, to standard error, coloured for a person and JSON for a machine.

Standard output belongs to the command's result. Repeated events are limited per event name, and what was left
out is counted and told, so that an incident of a thousand a second can neither fill a disk nor hide itself. What
libraries have to say is limited much more: they tell each try, we tell what it means.
Secrets given to :func:`configure` and values under secret-looking keys never reach a log.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Collection, MutableMapping
from typing import Any, TextIO

import structlog

from dashstream.app.settings import LoggingSettings

_SECRET_KEY = re.compile(r"token|password|secret|authorization|api_?key", re.IGNORECASE)
_MASK = "***"
_COUNTED_NAMES = 1_000
"""Event names the limiter tells apart; further ones share one allowance."""

LIBRARY_WINDOW_S = 60.0

EventDict = MutableMapping[str, Any]


class Allowance:
    """Lets ``burst`` events of each name pass in any window of ``window_s`` seconds."""

    def __init__(self, burst: int, window_s: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._window_s = window_s
        self._clock = clock
        self._windows: dict[str, tuple[float, int, int]] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> int | None:
        """Return how many of the name were left out since one passed, or None if this one is left out too."""
        now = self._clock()
        with self._lock:
            if name not in self._windows and len(self._windows) >= _COUNTED_NAMES:
                name = ""
            start, passed, dropped = self._windows.get(name, (now, 0, 0))
            if now - start >= self._window_s:
                start, passed = now, 0
            if passed >= self._burst:
                self._windows[name] = (start, passed, dropped + 1)
                return None
            self._windows[name] = (start, passed + 1, 0)
            return dropped


class RateLimiter:
    """Our own events: ``burst`` of each name pass per second; the next one after tells how many were left out."""

    def __init__(self, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance = Allowance(burst, 1.0, clock)

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        left_out = self._allowance.take(str(event.get("event", "")))
        if left_out is None:
            raise structlog.DropEvent
        if left_out:
            event["left_out"] = left_out
        return event


class LibraryLimiter(logging.Filter):
    """What libraries log: one line of each logger and kind a minute; the next one tells how many were left out.

    The kind is the message before its values are put in, and the first value, which for Kafka's client is the kind.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._allowance = Allowance(1, LIBRARY_WINDOW_S, clock)

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.args[0] if isinstance(record.args, tuple) and record.args else ""
        left_out = self._allowance.take(f"{record.name} {record.levelno} {record.msg} {kind}")
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} like it left out)", None
        return left_out is not None


class SecretMask:
    """Replaces known secrets in any text, and any value under a key that looks like a secret's."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            if key != "event" and _SECRET_KEY.search(key):
                event[key] = _MASK
            elif isinstance(value, str):
                event[key] = self.masked(value)
        return event

    def masked(self, text: str) -> str:
        """Return the text without any known secret."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text


def configure(settings: LoggingSettings, secrets: Collection[str] = (), stream: TextIO | None = None) -> None:
    """Set up logging of the whole process, the libraries' included."""
    stream = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    level = getattr(logging, settings.level.upper(), logging.INFO)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[Any] = [structlog.processors.format_exc_info] if as_json else []
    mask = SecretMask(secrets)
    structlog.configure(
        processors=[*shared, RateLimiter(settings.burst), *final, mask, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(LibraryLimiter())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *final,
                mask,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
