"""Whatever way a run is left, its records end with the true status."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langgraph.errors import InvalidUpdateError
from langgraph.graph import END, START, StateGraph

from dashstream.engine.runs import RunStatus
from dashstream.protocol.proto_codec import Kind
from integration.langgraph.graphs import ONE, Trail, called_inside, conditional_start, endless, linear, trail
from integration.langgraph.observing import Watch

CONFIG: dict[str, Any] = {"configurable": {"thread_id": "t"}, "recursion_limit": 1_000_000}


def waiting(begun: asyncio.Event) -> Any:
    async def wait(_: Trail) -> Trail:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    graph = trail("a").add_node("wait", wait).add_edge(START, "a").add_edge("a", "wait")
    return graph.add_edge("wait", END).compile()


async def test_a_cancelled_run(watch: Watch) -> None:
    begun = asyncio.Event()
    with watch.here():
        task = asyncio.create_task(waiting(begun).ainvoke(ONE, CONFIG))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    seen = watch.only
    assert seen.run.status is RunStatus.CANCELLED
    assert ("a", "end") in seen.nodes
    assert ("wait", "end") not in seen.nodes
    assert not seen.of_kind(Kind.ERROR), "a cancellation is no failure"


async def test_a_run_that_was_given_too_little_time(watch: Watch) -> None:
    with watch.here(), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await waiting(asyncio.Event()).ainvoke(ONE, CONFIG)
    assert watch.only.run.status is RunStatus.CANCELLED


def test_a_step_that_took_too_long(watch: Watch) -> None:
    graph = waiting(asyncio.Event())
    graph.step_timeout = 0.05

    async def run() -> None:
        await graph.ainvoke(ONE, CONFIG)

    with watch.here(), pytest.raises(TimeoutError):
        asyncio.run(run())
    assert watch.only.run.status is RunStatus.TIMED_OUT


def test_a_generator_closed_early(watch: Watch) -> None:
    with watch.here():
        parts = endless(None).stream(ONE, CONFIG, stream_mode="values")
        next(parts)
        next(parts)
        parts.close()
    assert watch.only.run.status is RunStatus.CLOSED


async def test_an_async_generator_closed_early(watch: Watch) -> None:
    with watch.here():
        parts = endless(None).astream(ONE, CONFIG, stream_mode="values")
        await anext(parts)
        await anext(parts)
        await parts.aclose()
    assert watch.only.run.status is RunStatus.CLOSED


def test_a_generator_that_nobody_closes(watch: Watch) -> None:
    with watch.here():
        parts = endless(None).stream(ONE, CONFIG, stream_mode="values")
        next(parts)
        del parts
        gc.collect()
    assert watch.only.run.status is RunStatus.CLOSED


def test_an_error_while_a_sibling_succeeds(watch: Watch) -> None:
    done = threading.Event()

    class Ended(BaseCallbackHandler):
        def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
            if outputs == {"trail": ["good"]}:
                done.set()

    def fail(_: Trail) -> Trail:
        done.wait(10)
        raise ValueError("only this one")

    graph = trail("good").add_node("bad", fail).add_edge(START, "good").add_edge(START, "bad").compile()
    with watch.here(), pytest.raises(ValueError, match="only this one"):
        graph.invoke(ONE, {"callbacks": [Ended()]})
    seen = watch.only
    assert seen.run.status is RunStatus.ERROR
    assert ("bad", "error") in seen.nodes
    assert {story for story in seen.nodes if story[0] == "good"} <= {("good", "end"), ("good", "open")}
    (error,) = seen.of_kind(Kind.ERROR)
    assert (error.exception_type, error.message) == ("ValueError", "only this one")
    assert "in fail" in error.stack_trace


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_the_program_is_told_to_stop(watch: Watch, interruption: type[BaseException]) -> None:
    def stop(_: Trail) -> Trail:
        raise interruption

    graph = StateGraph(Trail).add_node("stop", stop).add_edge(START, "stop").compile()
    with watch.here(), pytest.raises(interruption):
        graph.invoke(ONE)
    assert watch.only.run.status is RunStatus.CANCELLED


def test_input_that_the_graph_refuses(watch: Watch) -> None:
    with watch.here(), pytest.raises(InvalidUpdateError):
        linear(None).invoke(["not a state"])
    assert watch.only.run.status is RunStatus.ERROR


def test_a_choice_of_the_first_node_that_fails(watch: Watch) -> None:
    def choose(_: Trail) -> str:
        raise LookupError("nowhere to go")

    graph = trail("a").add_conditional_edges(START, choose, ["a"]).compile()
    with watch.here(), pytest.raises(LookupError):
        graph.invoke(ONE)
    seen = watch.only
    assert seen.run.status is RunStatus.ERROR
    (error,) = seen.of_kind(Kind.ERROR)
    assert error.exception_type == "LookupError"
    assert seen.nodes == {}


def test_each_of_many_caught_failures_is_told(watch: Watch) -> None:
    """Exceptions that were caught are gone, and a later one may live at the same address."""

    def bad(_: Trail) -> Trail:
        raise ZeroDivisionError

    inner = StateGraph(Trail).add_node("bad", bad).add_edge(START, "bad").compile()

    def call(_: Trail) -> Trail:
        for _ in range(20):
            try:
                inner.invoke({"trail": []})
            except ZeroDivisionError:
                gc.collect()
        return {"trail": ["survived"]}

    graph = StateGraph(Trail).add_node("call", call).add_edge(START, "call").compile()
    with watch.here():
        graph.invoke(ONE)
    assert watch.only.run.errors == 20


def test_a_run_inside_a_run_ends_before_it(watch: Watch) -> None:
    with watch.here():
        called_inside(None).invoke(ONE)
        conditional_start(None).invoke(ONE)
    first, second = watch.runs
    assert first.run.run_id != second.run.run_id
    assert first.run.status is second.run.status is RunStatus.OK
