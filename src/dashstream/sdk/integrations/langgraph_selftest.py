"""Does the full observer tell the truth about this LangGraph? A small graph is run and its facts are compared."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from typing_extensions import TypedDict

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.sdk.captures import Capture, EventCapture, StateCapture
from dashstream.sdk.integrations.langgraph_runs import observed_here
from dashstream.sdk.settings import SdkSettings


class _Probe:
    """Stands in for a publisher and keeps what it is offered."""

    def __init__(self) -> None:
        self.settings = SdkSettings(tokens=False)
        self.captures: list[Capture] = []

    def offer(self, capture: Capture) -> bool:
        self.captures.append(capture)
        return True


class _State(TypedDict):
    seen: Annotated[list[int], operator.add]


def _graph() -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(_State)
    graph.add_node("one", lambda _: {"seen": [1]})
    graph.add_node("two", lambda _: {"seen": [2]})
    graph.add_edge(START, "one")
    graph.add_conditional_edges("one", lambda _: "two", ["two", END])
    graph.add_edge("two", END)
    return graph.compile()


def self_test() -> str:
    """Return an empty text when every fact was seen, else what is wrong. Never raises."""
    probe = _Probe()
    try:
        token = observed_here.set(probe)  # type: ignore[arg-type]  # the probe has the one method that is called
        try:
            result = _graph().invoke({"seen": []}, {"callbacks": []})
        finally:
            observed_here.reset(token)
    except Exception as error:  # noqa: BLE001  # whatever a changed LangGraph does
        return f"{type(error).__name__}: {error}"
    if result != {"seen": [1, 2]}:
        return "the result changed"
    return _missing(probe.captures)


def _missing(captures: list[Capture]) -> str:
    states = [capture.value["seen"] for capture in captures if isinstance(capture, StateCapture)]
    if states[:1] != [[]] or states[-2:] != [[1], [1, 2]]:
        return f"states are {states}"
    events = [capture for capture in captures if isinstance(capture, EventCapture)]
    edges = [event.routing[:2] for event in events if event.routing is not None]
    if edges != [("__start__", "one"), ("one", "two"), ("two", "__end__")]:
        return f"edges are {edges}"
    nodes = [event.place.node_id for event in events if event.event_type == pb.EVENT_TYPE_NODE_END]
    if nodes != ["one", "two"]:
        return f"nodes are {nodes}"
    if not events or events[-1].status != pb.RUN_STATUS_OK:
        return "the end was not seen"
    return ""
