"""How the gateway logs: structlog, to standard error, coloured for a person and JSON for a machine.

Standard output belongs to the command's result. Repeated events are limited per event name, and what was left
out is counted and told, so that an incident of a thousand a second can neither fill a disk nor hide itself.
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

EventDict = MutableMapping[str, Any]


class RateLimiter:
    """Lets ``burst`` events of each name pass per second; the next one after tells how many were left out."""

    def __init__(self, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._clock = clock
        self._windows: dict[str, tuple[float, int, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        name = str(event.get("event", ""))
        now = self._clock()
        with self._lock:
            if name not in self._windows and len(self._windows) >= _COUNTED_NAMES:
                name = ""
            start, passed, dropped = self._windows.get(name, (now, 0, 0))
            if now - start >= 1.0:
                start, passed = now, 0
            if passed >= self._burst:
                self._windows[name] = (start, passed, dropped + 1)
                raise structlog.DropEvent
            self._windows[name] = (start, passed + 1, 0)
        if dropped:
            event["left_out"] = dropped
        return event


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
