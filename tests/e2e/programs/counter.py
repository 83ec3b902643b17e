"""A LangGraph program that counts; writes its final state and the moment it ended.

Usage: counter.py RESULT_FILE STEPS [STARTED_FILE]. STARTED_FILE appears half-way.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    count: int
    seen: list[int]


def main() -> None:
    result_file, steps = Path(sys.argv[1]), int(sys.argv[2])
    half_way = Path(sys.argv[3]) if len(sys.argv) > 3 else None

    def count(state: State) -> dict:
        if half_way and state["count"] == steps // 2:
            half_way.touch()
        return {"count": state["count"] + 1, "seen": [*state["seen"][-9:], state["count"]]}

    graph = StateGraph(State)
    graph.add_node("count", count)
    graph.add_edge(START, "count")
    graph.add_conditional_edges("count", lambda state: END if state["count"] >= steps else "count", ["count", END])
    start: State = {"count": 0, "seen": []}
    final = graph.compile(name="counter").invoke(start, {"recursion_limit": steps + 5})
    result_file.write_text(json.dumps({"final": final, "ended": time.monotonic()}))


if __name__ == "__main__":
    main()
