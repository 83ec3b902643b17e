"""The graphs that an observer has to tell the truth about.

All are deterministic, so that a run which nobody observes says what the state has to be after each superstep.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.cache.memory import InMemoryCache
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import CachePolicy, Command, RetryPolicy, Send
from pydantic import BaseModel
from typing_extensions import TypedDict

Saver = BaseCheckpointSaver[str] | None
Build = Callable[[Saver], Any]


class Trail(TypedDict):
    """A state that remembers the way."""

    trail: Annotated[list[str], operator.add]


class Job(Trail, total=False):
    number: int


def step(name: str, **more: Any) -> Callable[[Any], dict[str, Any]]:
    """Return a node that leaves its name on the trail."""

    def visited(_: Any) -> dict[str, Any]:
        return {"trail": [name], **more}

    return visited


def trail(*names: str, schema: Any = Trail) -> StateGraph[Any]:
    """Return a builder with one plain node per name."""
    graph = StateGraph(schema)
    for name in names:
        graph.add_node(name, step(name))
    return graph


def linear(saver: Saver) -> Any:
    return trail("a", "b").add_edge(START, "a").add_edge("a", "b").add_edge("b", END).compile(saver)


def conditional(saver: Saver) -> Any:
    graph = trail("ask", "left", "right").add_edge(START, "ask")
    graph.add_conditional_edges("ask", lambda _: "go right", {"go left": "left", "go right": "right"})
    return graph.add_edge("left", END).add_edge("right", END).compile(saver)


def conditional_start(saver: Saver) -> Any:
    graph = trail("left", "right")
    graph.add_conditional_edges(START, lambda _: "left", ["left", "right"])
    return graph.compile(saver)


def cycle(saver: Saver) -> Any:
    graph = trail("work").add_edge(START, "work")
    graph.add_conditional_edges("work", lambda state: END if len(state["trail"]) >= 3 else "work", ["work", END])
    return graph.compile(saver)


def endless(saver: Saver) -> Any:
    return trail("work").add_edge(START, "work").add_edge("work", "work").compile(saver)


def fan_out_and_join(saver: Saver) -> Any:
    graph = trail("split", "b", "c", "join").add_edge(START, "split")
    graph.add_edge("split", "b").add_edge("split", "c").add_edge(["b", "c"], "join")
    return graph.add_edge("join", END).compile(saver)


def map_reduce(saver: Saver) -> Any:
    graph = trail("plan", "reduce", schema=Job).add_edge(START, "plan")
    graph.add_node("work", lambda job: {"trail": [f"work {job['number']}"]})
    graph.add_conditional_edges("plan", lambda _: [Send("work", {"number": n}) for n in range(3)], ["work"])
    return graph.add_edge("work", "reduce").add_edge("reduce", END).compile(saver)


def command(saver: Saver) -> Any:
    def route(_: Trail) -> Command[Any]:
        return Command(goto="b", update={"trail": ["route"]})

    graph = trail("a", "b").add_node("route", route, destinations=("a", "b")).add_edge(START, "route")
    return graph.compile(saver)


def command_to_sends(saver: Saver) -> Any:
    def route(_: Trail) -> Command[Any]:
        return Command(
            goto=[Send("work", {"number": 1}), Send("work", {"number": 2}), "b"], update={"trail": ["route"]}
        )

    graph = trail("b", schema=Job).add_node("route", route, destinations=("work", "b")).add_edge(START, "route")
    graph.add_node("work", lambda job: {"trail": [f"work {job['number']}"]})
    return graph.compile(saver)


def command_to_parent(saver: Saver) -> Any:
    def leave(_: Trail) -> Command[Any]:
        return Command(goto="after", update={"trail": ["leave"]}, graph=Command.PARENT)

    inner = trail("in").add_node("leave", leave).add_edge(START, "in").add_edge("in", "leave").compile()
    graph = trail("after").add_node("sub", inner, destinations=("after",)).add_edge(START, "sub")
    return graph.add_edge("after", END).compile(saver)


def nested(saver: Saver) -> Any:
    deepest = trail("x", "y").add_edge(START, "x").add_edge("x", "y").add_edge("y", END).compile()
    middle = trail("m").add_node("deep", deepest).add_edge(START, "m").add_edge("m", "deep").compile()
    graph = trail("a", "z").add_node("mid", middle).add_edge(START, "a").add_edge("a", "mid")
    return graph.add_edge("mid", "z").add_edge("z", END).compile(saver)


def called_inside(saver: Saver) -> Any:
    inner = trail("x").add_edge(START, "x").add_edge("x", END).compile()

    def call(_: Trail) -> Trail:
        answer = inner.invoke({"trail": ["given"]})
        return {"trail": [f"got {len(answer['trail'])}"]}

    graph = trail("z").add_node("call", call).add_edge(START, "call").add_edge("call", "z")
    return graph.add_edge("z", END).compile(saver)


class HiccupError(Exception):
    """Worth another try."""


def flaky(saver: Saver) -> Any:
    tries: list[int] = []

    def work(_: Trail) -> Trail:
        tries.append(1)
        if len(tries) % 3:
            raise HiccupError("not yet")
        return {"trail": ["work"]}

    policy = RetryPolicy(initial_interval=0.001, backoff_factor=1.0, jitter=False, max_attempts=3, retry_on=HiccupError)
    graph = StateGraph(Trail).add_node("work", work, retry_policy=policy).add_edge(START, "work")
    return graph.add_edge("work", END).compile(saver)


def given_up(saver: Saver) -> Any:
    def work(_: Trail) -> Trail:
        raise HiccupError("never")

    policy = RetryPolicy(initial_interval=0.001, backoff_factor=1.0, jitter=False, max_attempts=2, retry_on=HiccupError)
    graph = StateGraph(Trail).add_node("work", work, retry_policy=policy).add_edge(START, "work")
    return graph.add_edge("work", END).compile(saver)


def cached(saver: Saver) -> Any:
    graph = trail("decide").add_edge(START, "work").add_edge("work", "decide")
    graph.add_node("work", step("work"), cache_policy=CachePolicy(key_func=lambda _: b"always the same"))
    graph.add_conditional_edges(
        "decide", lambda state: END if state["trail"].count("work") >= 2 else "work", ["work", END]
    )
    return graph.compile(saver, cache=InMemoryCache())


def failing(saver: Saver) -> Any:
    def work(_: Trail) -> Trail:
        raise ZeroDivisionError("by zero")

    graph = trail("a").add_node("bad", work).add_edge(START, "a").add_edge("a", "bad")
    return graph.compile(saver)


def failing_in_subgraph(saver: Saver) -> Any:
    graph = trail("a").add_node("sub", failing(None)).add_edge(START, "a").add_edge("a", "sub")
    return graph.compile(saver)


def failure_is_caught(saver: Saver) -> Any:
    inner = failing(None)

    def call(_: Trail) -> Trail:
        for _ in range(3):
            try:
                inner.invoke({"trail": []})
            except ZeroDivisionError:
                continue
        return {"trail": ["caught"]}

    return StateGraph(Trail).add_node("call", call).add_edge(START, "call").add_edge("call", END).compile(saver)


def larger(left: int, right: int) -> int:
    """A reducer of the program's own."""
    return max(left, right)


class Talk(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    most: Annotated[int, larger]
    trail: Annotated[list[str], operator.add]


def reducers(saver: Saver) -> Any:
    graph = StateGraph(Talk)
    graph.add_node("say", lambda _: {"messages": [AIMessage("first", id="1")], "most": 5, "trail": ["say"]})
    graph.add_node("mend", lambda _: {"messages": [AIMessage("better", id="1")], "most": 2, "trail": ["mend"]})
    return graph.add_edge(START, "say").add_edge("say", "mend").add_edge("mend", END).compile(saver)


class Form(BaseModel):
    trail: Annotated[list[str], operator.add] = []
    total: int = 0


def pydantic_state(saver: Saver) -> Any:
    graph = StateGraph(Form)
    graph.add_node("add", lambda form: {"total": form.total + 1, "trail": ["add"]})
    return graph.add_edge(START, "add").add_edge("add", END).compile(saver)


@dataclass
class Sheet:
    trail: Annotated[list[str], operator.add] = field(default_factory=list)
    total: int = 0


def dataclass_state(saver: Saver) -> Any:
    graph = StateGraph(Sheet)
    graph.add_node("add", lambda sheet: {"total": sheet.total + 1, "trail": ["add"]})
    return graph.add_edge(START, "add").add_edge("add", END).compile(saver)


class Notes(TypedDict):
    notes: dict[str, Any]


def changed_in_place(saver: Saver) -> Any:
    """Nodes that change the state they were given instead of returning something new."""

    def write(name: str) -> Callable[[Notes], Notes]:
        def node(state: Notes) -> Notes:
            state["notes"].setdefault("done", []).append(name)
            return {"notes": state["notes"]}

        return node

    graph = StateGraph(Notes).add_node("a", write("a")).add_node("b", write("b"))
    return graph.add_edge(START, "a").add_edge("a", "b").add_edge("b", END).compile(saver)


@tool
def double(number: int) -> int:
    """Twice the number."""
    return number * 2


@tool
def shout(text: str) -> str:
    """The same, louder."""
    return text.upper()


class Chat(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def tools(saver: Saver) -> Any:
    calls = [
        {"name": "double", "args": {"number": 21}, "id": "call-1"},
        {"name": "shout", "args": {"text": "hey"}, "id": "call-2"},
    ]

    def name(state: Chat) -> Chat:
        answers = [message for message in state["messages"] if isinstance(message, ToolMessage)]
        return {"messages": [AIMessage(f"{len(answers)} answers", id="last")]}

    graph = StateGraph(Chat)
    graph.add_node("ask", lambda _: {"messages": [AIMessage("", id="asks", tool_calls=calls)]})
    graph.add_node("tools", _with_ids).add_node("tell", name)
    return graph.add_edge(START, "ask").add_edge("ask", "tools").add_edge("tools", "tell").compile(saver)


def _with_ids(state: Chat, config: RunnableConfig) -> Chat:
    answer = ToolNode([double, shout]).invoke(state, config)
    for message in answer["messages"]:
        message.id = f"answer to {message.tool_call_id}"
    return answer


def chat(saver: Saver) -> Any:
    model = GenericFakeChatModel(messages=iter([AIMessage("the sea is wide", id="said")] * 9))

    def say(state: Chat) -> Chat:
        answer = model.invoke(state["messages"])
        return {"messages": [AIMessage(answer.content, id="said")]}

    return StateGraph(Chat).add_node("say", say).add_edge(START, "say").add_edge("say", END).compile(saver)


ONE = {"trail": ["given"]}
TALK = {"messages": [HumanMessage("hello", id="0")]}
