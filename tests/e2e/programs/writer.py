"""A LangGraph program whose states are plain JSON: a draft grows in a loop, with a model and a tool.

Usage: writer.py HISTORY_FILE ROUNDS PAUSE_S. Writes every state of the checkpointer's history to the file.
"""

from __future__ import annotations

import asyncio
import json
import operator
import sys
from pathlib import Path
from typing import Annotated, TypedDict

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    topic: str
    draft: str
    rounds: int
    score: float
    notes: Annotated[list[dict[str, str | int]], operator.add]


@tool
def look_up(topic: str) -> str:
    """Find a fact about a topic."""
    return f"a fact about {topic}"


def build(rounds: int, pause_s: float):
    model = GenericFakeChatModel(messages=iter(AIMessage(f"Sentence {n} of the draft. ") for n in range(rounds)))

    async def research(state: State) -> dict:
        fact = await look_up.ainvoke({"topic": state["topic"]})
        return {"notes": [{"fact": fact, "round": state["rounds"]}]}

    async def write(state: State) -> dict:
        await asyncio.sleep(pause_s)
        reply = await model.ainvoke(state["topic"])
        return {"draft": state["draft"] + reply.content, "rounds": state["rounds"] + 1}

    def judge(state: State) -> dict:
        return {"score": state["rounds"] / rounds}

    graph = StateGraph(State)
    graph.add_node("research", research)
    graph.add_node("write", write)
    graph.add_node("judge", judge)
    graph.add_edge(START, "research")
    graph.add_edge("research", "write")
    graph.add_edge("write", "judge")
    graph.add_conditional_edges(
        "judge", lambda state: END if state["rounds"] >= rounds else "research", ["research", END]
    )
    return graph.compile(checkpointer=InMemorySaver(), name="writer")


async def main() -> None:
    history_file, rounds, pause_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    graph = build(rounds, pause_s)
    config = {"configurable": {"thread_id": "writer-1"}, "recursion_limit": 10 * rounds + 10}
    start: State = {"topic": "tides 🌊", "draft": "", "rounds": 0, "score": 0.0, "notes": []}
    await graph.ainvoke(start, config)
    snapshots = [snapshot async for snapshot in graph.aget_state_history(config)]
    states = [snapshot.values for snapshot in reversed(snapshots)]
    history_file.write_text(json.dumps(states))


if __name__ == "__main__":
    asyncio.run(main())
