"""A LangGraph loop that makes hundreds of records a second until a file appears, then keeps its final state.

Usage: ticker.py STOP_FILE RESULT_FILE RECORDS_PER_SECOND
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TypedDict

from langgraph.graph import END, START, StateGraph

RECORDS_PER_STEP = 4  # node start, edge, node end, state diff
MAX_STEPS = 1_000_000


class State(TypedDict):
    count: int
    recent: list[int]
    stop: bool


async def main() -> None:
    stop_file, result_file, rate = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    pause_s = RECORDS_PER_STEP / rate

    async def tick(state: State) -> dict:
        await asyncio.sleep(pause_s)
        count = state["count"] + 1
        return {"count": count, "recent": [*state["recent"][-19:], count], "stop": stop_file.exists()}

    graph = StateGraph(State)
    graph.add_node("tick", tick)
    graph.add_edge(START, "tick")
    graph.add_conditional_edges("tick", lambda state: END if state["stop"] else "tick", ["tick", END])
    start: State = {"count": 0, "recent": [], "stop": False}
    final = await graph.compile(name="ticker").ainvoke(start, {"recursion_limit": MAX_STEPS})
    result_file.write_text(json.dumps(final))


if __name__ == "__main__":
    asyncio.run(main())
