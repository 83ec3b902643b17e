"""The four graphs that measure what observing costs, and the child process that runs one of them once.

Nodes do nothing, so that milliseconds added per step carry over to real programs. Usage: ``_graphs.py NAME``;
prints one JSON line. With DASHSTREAM_BENCH_OBSERVE=1 the program is observed.
"""

from __future__ import annotations

import json
import operator
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypedDict

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import Send

Program = tuple[Callable[[], Any], int]


def tiny() -> Program:
    """A: 100 supersteps over a tiny state."""
    steps = 100

    class State(TypedDict):
        count: int

    graph = StateGraph(State)
    graph.add_node("tick", lambda state: {"count": state["count"] + 1})
    graph.add_edge(START, "tick")
    graph.add_conditional_edges("tick", lambda state: END if state["count"] >= steps else "tick", ["tick", END])
    compiled = graph.compile()
    return lambda: compiled.invoke({"count": 0}, {"recursion_limit": steps + 5}), steps


class Streaming(BaseChatModel):
    """Streams 373 tokens, then a tool call or nothing."""

    words: int = 373

    @property
    def _llm_type(self) -> str:
        return "bench"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, *_: Any, run_manager: Any = None, **__: Any) -> Iterator[Any]:
        for number in range(self.words):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"word{number} "))
            if run_manager:
                run_manager.on_llm_new_token(chunk.message.content, chunk=chunk)
            yield chunk


def chat() -> Program:
    """B: a chat of 50 turns with a tool node and a streaming model, 18,650 tokens."""
    turns = 50
    model = Streaming()

    class State(TypedDict):
        messages: Annotated[list[AnyMessage], add_messages]
        turn: int

    @tool
    def lookup(key: str) -> str:
        """Find a value."""
        return f"value of {key} " * 20

    def talk(state: State) -> dict[str, Any]:
        text = "".join(str(chunk.content) for chunk in model.stream(state["messages"]))
        call = {"name": "lookup", "args": {"key": f"k{state['turn']}"}, "id": f"c{state['turn']}"}
        return {"messages": [AIMessage(text, tool_calls=[call])], "turn": state["turn"] + 1}

    graph = StateGraph(State)
    graph.add_node("talk", talk)
    graph.add_node("tools", ToolNode([lookup]))
    graph.add_edge(START, "talk")
    graph.add_edge("talk", "tools")
    graph.add_conditional_edges("tools", lambda state: END if state["turn"] >= turns else "talk", ["talk", END])
    compiled = graph.compile()
    start = {"messages": [HumanMessage("hello")], "turn": 0}
    return lambda: compiled.invoke(start, {"recursion_limit": 3 * turns}), 2 * turns


def large() -> Program:
    """C: a state of 1 MB in which one leaf changes at each of 100 steps."""
    steps = 100

    class State(TypedDict):
        documents: list[dict[str, Any]]
        step: int

    def touch(state: State) -> dict[str, Any]:
        documents = list(state["documents"])
        index = state["step"] * 7 % len(documents)
        documents[index] = {**documents[index], "read": state["step"]}
        return {"documents": documents, "step": state["step"] + 1}

    graph = StateGraph(State)
    graph.add_node("touch", touch)
    graph.add_edge(START, "touch")
    graph.add_conditional_edges("touch", lambda state: END if state["step"] >= steps else "touch", ["touch", END])
    compiled = graph.compile()
    text = "All happy graphs are alike; each unhappy graph fails in its own way. " * 14
    documents = [{"id": n, "text": f"{n} {text}", "read": -1, "tags": ["a", "b"]} for n in range(1000)]
    return lambda: compiled.invoke({"documents": documents, "step": 0}, {"recursion_limit": steps + 5}), steps


def wide() -> Program:
    """D: Send to 20 workers and join, 20 times."""
    width, rounds = 20, 20

    class State(TypedDict):
        results: Annotated[list[int], operator.add]
        round: int

    graph = StateGraph(State)
    graph.add_node("plan", lambda state: {"round": state["round"] + 1})
    graph.add_node("work", lambda item: {"results": [item["n"]]})
    graph.add_node("join", lambda _state: {})
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", lambda _: [Send("work", {"n": n}) for n in range(width)], ["work"])
    graph.add_edge("work", "join")
    graph.add_conditional_edges("join", lambda state: END if state["round"] >= rounds else "plan", ["plan", END])
    compiled = graph.compile()
    return lambda: compiled.invoke({"results": [], "round": 0}, {"recursion_limit": 4 * rounds}), 3 * rounds


PROGRAMS = {"A": tiny, "B": chat, "C": large, "D": wide}


def main() -> None:
    if os.environ.get("DASHSTREAM_BENCH_OBSERVE") == "1":
        import dashstream

        dashstream.auto()
    warm_up, _ = tiny()
    warm_up()
    run, steps = PROGRAMS[sys.argv[1]]()
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {"wall": wall, "cpu": cpu, "steps": steps, "rss_kib": memory, "ended": time.monotonic()}
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
