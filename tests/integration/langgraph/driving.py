"""The ways in which a program can run a graph, each as a function from (graph, input, config) to what came out."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

Drive = Callable[[Any, Any, Any], Any]

_VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b[0-9a-f]{32}\b|0x[0-9a-f]+|\d{4}-\d\d-\d\dT[\d:.+]+"
)
"""Identities, addresses and moments: all that differs between two runs of the same program."""


def invoke(graph: Any, given: Any, config: Any) -> Any:
    return graph.invoke(given, config)


def ainvoke(graph: Any, given: Any, config: Any) -> Any:
    return asyncio.run(graph.ainvoke(given, config))


def values(graph: Any, given: Any, config: Any) -> Any:
    return list(graph.stream(given, config, stream_mode="values"))


def every_mode(graph: Any, given: Any, config: Any) -> Any:
    modes = ["values", "updates", "custom", "messages", "debug", "tasks"]
    return list(graph.stream(given, config, stream_mode=modes, subgraphs=True))


def version_2(graph: Any, given: Any, config: Any) -> Any:
    return list(graph.stream(given, config, stream_mode=["updates", "values"], subgraphs=True, version="v2"))


def astream(graph: Any, given: Any, config: Any) -> Any:
    async def collect() -> Any:
        return [part async for part in graph.astream(given, config, stream_mode=["updates", "values"])]

    return asyncio.run(collect())


def astream_events(graph: Any, given: Any, config: Any) -> Any:
    async def collect() -> Any:
        return [event async for event in graph.astream_events(given, config, version="v2")]

    return asyncio.run(collect())


DRIVES: tuple[Drive, ...] = (invoke, ainvoke, values, every_mode, version_2, astream, astream_events)


def outcome(drive: Drive, graph: Any, given: Any, config: Any) -> tuple[Counter[str], BaseException | None]:
    """Run and return what came out, without what differs from run to run, and what was raised."""
    try:
        out = drive(graph, given, config)
    except Exception as error:  # noqa: BLE001  # what was raised is what is compared
        return Counter([scrubbed(error)]), error
    parts = out if isinstance(out, list) else [out]
    return Counter(map(scrubbed, parts)), None


def scrubbed(value: Any) -> str:
    return _VOLATILE.sub("*", repr(value))
