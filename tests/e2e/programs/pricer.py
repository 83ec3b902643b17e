"""A LangGraph program with a defect: a node writes a price as text, and the one after it fails to add it up.

Usage: pricer.py
"""

from __future__ import annotations

import contextlib
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    items: list[str]
    prices: dict[str, float | str]
    total: float


def collect(_: State) -> dict:
    return {"items": ["lamp", "chair"], "prices": {"lamp": 40.0}}


def quote(state: State) -> dict:
    return {"prices": {**state["prices"], "chair": "12,50"}}


def add_up(state: State) -> dict:
    return {"total": sum(float(price) for price in state["prices"].values())}


def main() -> None:
    graph = StateGraph(State)
    for name, node in (("collect", collect), ("quote", quote), ("add_up", add_up)):
        graph.add_node(name, node)
    graph.add_edge(START, "collect")
    graph.add_edge("collect", "quote")
    graph.add_edge("quote", "add_up")
    graph.add_edge("add_up", END)
    with contextlib.suppress(ValueError):
        graph.compile(name="pricer").invoke({"items": [], "prices": {}, "total": 0.0})


if __name__ == "__main__":
    main()
