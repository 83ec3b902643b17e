"""A LangGraph program that stops to ask a person, and goes on when the answer file appears.

Usage: asker.py ANSWER_FILE
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

POLL_S = 0.05


class State(TypedDict):
    draft: str
    approved: bool


def approve(state: State) -> dict:
    answer = interrupt({"question": "Publish this draft?", "draft": state["draft"]})
    return {"approved": answer == "yes"}


async def main() -> None:
    answer_file = Path(sys.argv[1])
    graph = StateGraph(State)
    graph.add_node("approve", approve)
    graph.add_edge(START, "approve")
    graph.add_edge("approve", END)
    asking = graph.compile(checkpointer=InMemorySaver(), name="asker")
    config = {"configurable": {"thread_id": "asker-1"}}
    await asking.ainvoke({"draft": "Tides rise with the moon.", "approved": False}, config)
    while not answer_file.exists():  # noqa: ASYNC110  # the answer comes from another process
        await asyncio.sleep(POLL_S)
    await asking.ainvoke(Command(resume=answer_file.read_text()), config)


if __name__ == "__main__":
    asyncio.run(main())
