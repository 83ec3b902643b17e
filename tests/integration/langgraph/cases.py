"""Each graph with the facts that are expected of its run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from integration.langgraph import graphs as g
from integration.langgraph.graphs import ONE, TALK, Build, HiccupError


@dataclass(frozen=True)
class Case:
    """A graph, what it is given, and what is true of its run."""

    name: str
    build: Build
    given: Any
    edges: dict[tuple[str, str, str], int]
    nodes: dict[tuple[str, ...], int]
    status: str = "ok"
    error: type[BaseException] | None = None
    config: dict[str, Any] = field(default_factory=dict)


def ends(*names: str) -> dict[tuple[str, ...], int]:
    """Each node ran to its end, as often as it is named."""
    return dict(Counter((name, "end") for name in names))


def static(*edges: str) -> dict[tuple[str, str, str], int]:
    """Fixed edges, written ``a>b``; ``^`` is the start and ``$`` the end of its graph."""
    return {_edge(edge, "static"): 1 for edge in edges}


def chosen(*edges: str) -> dict[tuple[str, str, str], int]:
    """Edges that were decided while running."""
    return dict(Counter(_edge(edge, "conditional") for edge in edges))


def _edge(text: str, kind: str) -> tuple[str, str, str]:
    source, target = (part.replace("^", "__start__").replace("$", "__end__") for part in text.split(">"))
    return source, target, kind


CASES = (
    Case("linear", g.linear, ONE, static("^>a", "a>b", "b>$"), ends("a", "b")),
    Case(
        "conditional",
        g.conditional,
        ONE,
        static("^>ask", "right>$") | chosen("ask>right"),
        ends("ask", "right"),
    ),
    Case("conditional start", g.conditional_start, ONE, chosen("^>left") | static("left>$"), ends("left")),
    Case("cycle", g.cycle, ONE, static("^>work") | chosen("work>work", "work>$"), ends("work", "work")),
    Case(
        "fan-out and join",
        g.fan_out_and_join,
        ONE,
        static("^>split", "split>b", "split>c", "join>$") | {("b", "join", "join"): 1, ("c", "join", "join"): 1},
        ends("split", "b", "c", "join"),
    ),
    Case(
        "map and reduce",
        g.map_reduce,
        ONE,
        static("^>plan", "reduce>$") | {("plan", "work", "send"): 3, ("work", "reduce", "static"): 3},
        ends("plan", "work", "work", "work", "reduce"),
    ),
    Case("command", g.command, ONE, static("^>route", "b>$") | chosen("route>b"), ends("route", "b")),
    Case(
        "command to sends",
        g.command_to_sends,
        ONE,
        static("^>route", "b>$") | chosen("route>b") | {("route", "work", "send"): 2, ("work", "__end__", "static"): 2},
        ends("route", "work", "work", "b"),
    ),
    Case(
        "command to parent",
        g.command_to_parent,
        ONE,
        static("^>sub", "sub:^>sub:in", "sub:in>sub:leave", "after>$") | chosen("sub>after"),
        ends("sub", "sub:in", "sub:leave", "after"),
    ),
    Case(
        "nested twice",
        g.nested,
        ONE,
        static("^>a", "a>mid", "mid>z", "z>$")
        | static("mid:^>mid:m", "mid:m>mid:deep", "mid:deep>mid:$")
        | static("mid:deep:^>mid:deep:x", "mid:deep:x>mid:deep:y", "mid:deep:y>mid:deep:$"),
        ends("a", "mid", "z", "mid:m", "mid:deep", "mid:deep:x", "mid:deep:y"),
    ),
    Case(
        "called inside a node",
        g.called_inside,
        ONE,
        static("^>call", "call>z", "z>$", "call:^>call:x", "call:x>call:$"),
        ends("call", "call:x", "z"),
    ),
    Case("retry", g.flaky, ONE, static("^>work", "work>$"), {("work", "error", "error2", "end3"): 1}),
    Case("given up", g.given_up, ONE, static("^>work"), {("work", "error", "error2"): 1}, "error", HiccupError),
    Case(
        "cache hit",
        g.cached,
        ONE,
        static("^>work") | {("work", "decide", "static"): 2} | chosen("decide>work", "decide>$"),
        {**ends("work", "decide", "decide"), ("work", "cached"): 1},
    ),
    Case(
        "error",
        g.failing,
        ONE,
        static("^>a", "a>bad"),
        {**ends("a"), ("bad", "error"): 1},
        "error",
        ZeroDivisionError,
    ),
    Case(
        "error in a subgraph",
        g.failing_in_subgraph,
        ONE,
        static("^>a", "a>sub", "sub:^>sub:a", "sub:a>sub:bad"),
        {**ends("a", "sub:a"), ("sub", "error"): 1, ("sub:bad", "error"): 1},
        "error",
        ZeroDivisionError,
    ),
    Case(
        "error that a node caught",
        g.failure_is_caught,
        ONE,
        static("^>call", "call>$") | dict.fromkeys(static("call:^>call:a", "call:a>call:bad"), 3),
        {("call", "end"): 1, ("call:a", "end"): 3, ("call:bad", "error"): 3},
    ),
    Case(
        "recursion limit",
        g.endless,
        ONE,
        static("^>work") | {("work", "work", "static"): 4},
        {("work", "end"): 4},
        "recursion_limit",
        RecursionError,
        {"recursion_limit": 4},
    ),
    Case(
        "reducers",
        g.reducers,
        {**TALK, "trail": ["given"]},
        static("^>say", "say>mend", "mend>$"),
        ends("say", "mend"),
    ),
    Case("pydantic state", g.pydantic_state, ONE, static("^>add", "add>$"), ends("add")),
    Case("dataclass state", g.dataclass_state, ONE, static("^>add", "add>$"), ends("add")),
    Case("tools", g.tools, TALK, static("^>ask", "ask>tools", "tools>tell", "tell>$"), ends("ask", "tools", "tell")),
    Case("chat", g.chat, TALK, static("^>say", "say>$"), ends("say")),
)
