"""An interrupt is a pause: never an error, always with its question, and the resuming run says whom it resumes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START
from langgraph.types import Command, interrupt

from dashstream.engine.runs import RunStatus
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind
from integration.langgraph.graphs import ONE, Trail, trail
from integration.langgraph.observing import Seen, Watch, as_json, json_attribute

CONFIG: dict[str, Any] = {"configurable": {"thread_id": "t"}}

Run = Callable[[Any, Any], Any]


def sync(graph: Any, given: Any) -> Any:
    return graph.invoke(given, CONFIG)


def asynchronous(graph: Any, given: Any) -> Any:
    return asyncio.run(graph.ainvoke(given, CONFIG))


def streamed(graph: Any, given: Any) -> Any:
    return list(graph.stream(given, CONFIG, stream_mode="values"))[-1]


WAYS = pytest.mark.parametrize("run", [sync, asynchronous, streamed])


def asking(question: str = "sure?", **options: Any) -> Any:
    def ask(_: Trail) -> Trail:
        return {"trail": [f"answer {interrupt(question)}"]}

    graph = trail("a", "z").add_node("ask", ask).add_edge(START, "a").add_edge("a", "ask").add_edge("ask", "z")
    return graph.compile(InMemorySaver(), **options)


def plain(**options: Any) -> Any:
    graph = trail("a", "b", "c").add_edge(START, "a").add_edge("a", "b").add_edge("b", "c")
    return graph.compile(InMemorySaver(), **options)


def pair(watch: Watch) -> tuple[Seen, Seen]:
    first, second = watch.runs
    for seen in (first, second):
        seen.assert_sound()
        assert not seen.of_kind(Kind.ERROR)
        assert not any("error" in word for story in seen.nodes for word in story)
    assert first.run.status is RunStatus.INTERRUPTED
    assert second.run.status is RunStatus.OK
    assert second.run.resumes == first.run.run_id
    return first, second


@WAYS
def test_an_interrupt_inside_a_node_pauses_and_the_answer_goes_on(watch: Watch, run: Run) -> None:
    graph = asking()
    with watch.here():
        run(graph, ONE)
        assert graph.get_state(CONFIG).next == ("ask",)
        assert run(graph, Command(resume="yes"))["trail"] == ["given", "a", "answer yes", "z"]
    first, second = pair(watch)
    (question,) = first.run.interrupts
    assert (question.node_id, question.value, question.when) == ("ask", '"sure?"', "inside")
    assert first.nodes == {("a", "end"): 1, ("ask", "open"): 1}
    assert ("ask", "z", "static") not in first.edges
    assert second.nodes == {("ask", "end"): 1, ("z", "end"): 1}
    assert second.edges == {("ask", "z", "static"): 1, ("z", "__end__", "static"): 1}
    (resumed,) = [e for e in second.of_kind(Kind.EVENT) if e.event_type == pb.EVENT_TYPE_HUMAN_RESUME]
    assert json_attribute(resumed, "resume.value") == "yes"
    history = [(one.metadata["step"], as_json(one.values)) for one in graph.get_state_history(CONFIG)][::-1]
    assert first.root_states + second.root_states[1:] == history
    assert second.root_states[0] == first.root_states[-1], "the second run starts where the first one paused"


@WAYS
@pytest.mark.parametrize(
    ("options", "when", "done", "left"),
    [
        ({"interrupt_before": ["b"]}, "before", ["a"], ["b", "c"]),
        ({"interrupt_after": ["b"]}, "after", ["a", "b"], ["c"]),
    ],
)
def test_a_stop_that_was_asked_for_is_a_pause(
    watch: Watch, run: Run, options: dict[str, Any], when: str, done: list[str], left: list[str]
) -> None:
    graph = plain(**options)
    with watch.here():
        run(graph, ONE)
        assert run(graph, None)["trail"] == ["given", "a", "b", "c"]
    first, second = pair(watch)
    (stop,) = first.run.interrupts
    assert (stop.node_id, stop.when) == ("b", when)
    assert first.nodes == {(name, "end"): 1 for name in done}
    assert second.nodes == {(name, "end"): 1 for name in left}
    assert first.values()[-1] == {"trail": ["given", *done]}


def test_an_interrupt_in_a_subgraph_is_told_once(watch: Watch) -> None:
    def ask(_: Trail) -> Trail:
        return {"trail": [interrupt({"pick": [1, 2]})]}

    inner = trail("x").add_node("ask", ask).add_edge(START, "x").add_edge("x", "ask").compile()
    graph = trail("z").add_node("sub", inner).add_edge(START, "sub").add_edge("sub", "z").compile(InMemorySaver())
    with watch.here():
        sync(graph, ONE)
        sync(graph, Command(resume="two"))
    first, second = pair(watch)
    (question,) = first.run.interrupts
    assert question.node_id == "sub:ask"
    assert question.value == '{"pick":[1,2]}'
    assert second.nodes == {("sub", "end"): 1, ("sub:ask", "end"): 1, ("z", "end"): 1}


def test_two_questions_at_once_are_two_interrupts(watch: Watch) -> None:
    def ask(name: str) -> Callable[[Trail], Trail]:
        return lambda _: {"trail": [interrupt(name)]}

    graph = trail().add_node("left", ask("l")).add_node("right", ask("r"))
    compiled = graph.add_edge(START, "left").add_edge(START, "right").compile(InMemorySaver())
    with watch.here():
        sync(compiled, ONE)
    seen = watch.only
    assert sorted((one.node_id, one.value) for one in seen.run.interrupts) == [("left", '"l"'), ("right", '"r"')]
    assert seen.run.status is RunStatus.INTERRUPTED


def test_new_input_on_a_paused_thread_does_not_resume(watch: Watch) -> None:
    graph = plain(interrupt_before=["b"])
    with watch.here():
        sync(graph, ONE)
        sync(graph, ONE)
    first, second = watch.runs
    assert first.run.status is second.run.status is RunStatus.INTERRUPTED
    assert second.run.resumes is None
