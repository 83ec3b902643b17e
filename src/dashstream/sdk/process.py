"""The process's one publisher, and the switches that a program turns: ``auto``, ``observe``, ``handler``, ``flush``."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dashstream.errors import SettingsError
from dashstream.sdk.publisher import Publisher
from dashstream.sdk.settings import SdkSettings, load_settings

_log = logging.getLogger("dashstream.sdk")


class _Process:
    lock = threading.Lock()
    publisher: Publisher | None = None


def _after_fork() -> None:
    _Process.lock = threading.Lock()  # whoever held it did not come along


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def process_publisher(**overrides: Any) -> Publisher:
    """Return the publisher of this process, made at the first call; only that call's settings count.

    Settings that cannot be used are reported on the log and replaced by the defaults: telemetry never stops a program.
    """
    with _Process.lock:
        if _Process.publisher is None:
            _Process.publisher = Publisher(_settings(overrides))
        return _Process.publisher


def _settings(overrides: dict[str, Any]) -> SdkSettings:
    try:
        return load_settings(overrides)
    except SettingsError as error:
        _log.warning("telemetry settings ignored: %s", error)
        return load_settings({}, {})


def auto(**settings: Any) -> None:
    """Observe every LangGraph invocation of this process from now on.

    Settings are those of ``docs/reference/settings.md`` (``url="..."``, ``tokens=False``) and win over the
    environment; they count when this is the first use of DashStream in the process. Calling it again changes nothing.
    Where LangGraph is not installed, or ``enabled`` is off, this does nothing.
    """
    publisher = process_publisher(**settings)
    if not publisher.settings.enabled:
        return
    try:
        from dashstream.sdk.integrations.langgraph import observe_everywhere
    except ImportError:
        return
    observe_everywhere(publisher)


@contextmanager
def observe(**settings: Any) -> Iterator[None]:
    """Observe the LangGraph invocations that are begun inside the block."""
    publisher = process_publisher(**settings)
    if not publisher.settings.enabled:
        yield
        return
    from dashstream.sdk.integrations.langgraph import observe_here

    with observe_here(publisher):
        yield


def handler(**settings: Any) -> Any:
    """Return a callback handler: ``graph.invoke(x, {"callbacks": [dashstream.handler()]})`` is then observed."""
    from dashstream.sdk.integrations.langgraph import handler_for

    return handler_for(process_publisher(**settings))


def flush(timeout: float = 5.0) -> bool:
    """Wait until everything recorded so far reached a gateway or the disk spool; False when the time was not enough."""
    publisher = _Process.publisher
    return publisher.flush(timeout) if publisher is not None else True
