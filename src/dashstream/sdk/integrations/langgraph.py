"""Observing LangGraph: switch it on for the process, for a block, or for one invocation.

The full observer is used where LangGraph's loop is as it was when this was written, which a self-test on a small
graph proves at the time of switching on. Elsewhere the reduced observer sees what public callbacks show; its runs say
``truth.edges = reduced`` and why.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler

from dashstream.sdk.integrations.langgraph_callbacks import ObserveHandler
from dashstream.sdk.integrations.langgraph_reduced import ReducedHandler, reduced_everywhere
from dashstream.sdk.integrations.langgraph_runs import Everywhere, end_open_runs, observed_here
from dashstream.sdk.publisher import Publisher

_log = logging.getLogger("dashstream.sdk")


class _Hooks:
    """Whether LangGraph is wrapped, and why not."""

    lock = threading.Lock()
    is_tried = False
    unwrap: Callable[[], None] | None = None
    reason = ""


def install() -> str:
    """Wrap LangGraph's loop, once. Return an empty text, or the reason why only the reduced observer works."""
    with _Hooks.lock:
        if not _Hooks.is_tried:
            _Hooks.is_tried = True
            _Hooks.reason = _try_to_wrap()
            if _Hooks.reason:
                _log.warning("LangGraph is observed with reduced truth: %s", _Hooks.reason)
        return _Hooks.reason


def _try_to_wrap() -> str:
    try:
        from dashstream.sdk.integrations.langgraph_hooks import wrap_loop
        from dashstream.sdk.integrations.langgraph_selftest import self_test

        unwrap = wrap_loop()
    except (ImportError, AttributeError, KeyError) as error:
        return f"this LangGraph has no {error}"
    failure = self_test()
    if failure:
        unwrap()
        return f"self-test failed: {failure}"
    _Hooks.unwrap = unwrap
    return ""


def observe_everywhere(publisher: Publisher) -> None:
    """Observe every invocation of every graph in this process from now on."""
    reason = install()
    Everywhere.publisher = publisher
    if reason:
        reduced_everywhere.handler = ReducedHandler(publisher, reason)
    _end_runs_at_exit(publisher)


def stop_everywhere() -> None:
    """Undo :func:`observe_everywhere`; runs that are open go on to their end."""
    Everywhere.publisher = None
    reduced_everywhere.handler = None


@contextmanager
def observe_here(publisher: Publisher) -> Iterator[None]:
    """Observe the invocations that are begun inside the block, in this thread or task and those it starts."""
    reason = install()
    _end_runs_at_exit(publisher)
    handler = ReducedHandler(publisher, reason) if reason else None
    token = observed_here.set(publisher)
    reduced_token = reduced_everywhere.here.set(handler)
    try:
        yield
    finally:
        reduced_everywhere.here.reset(reduced_token)
        observed_here.reset(token)


def handler_for(publisher: Publisher) -> BaseCallbackHandler:
    """Return a handler for ``config["callbacks"]``: the invocations that it is given to are observed."""
    reason = install()
    _end_runs_at_exit(publisher)
    return ReducedHandler(publisher, reason) if reason else ObserveHandler(publisher)


def _end_runs_at_exit(publisher: Any) -> None:
    if end_open_runs not in publisher.before_exit:
        publisher.before_exit.append(end_open_runs)
