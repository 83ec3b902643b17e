"""Several runs: of one thread one after the other, at once, resumed from the past; each keeps to itself."""

from __future__ import annotations

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint, task
from langgraph.graph import START, StateGraph

from dashstream.engine.runs import RunStatus
from integration.langgraph.graphs import ONE, Notes, cycle, linear, nested
from integration.langgraph.observing import Watch, as_json


def config(thread: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread}}


def test_a_thread_that_is_invoked_again_goes_on_from_its_state(watch: Watch) -> None:
    graph = linear(InMemorySaver())
    with watch.here():
        for number in range(3):
            graph.invoke({"trail": [f"turn {number}"]}, config("t"))
    runs = watch.runs
    for number, seen in enumerate(runs):
        seen.assert_sound()
        assert seen.run.thread_id == "t"
        assert len(seen.values()[-1]["trail"]) == 3 * (number + 1)
    for before, after in itertools.pairwise(runs):
        assert after.values()[0] == before.values()[-1]
    sequences = [item.header.sequence for seen in runs for item in seen.items]
    assert sequences == list(range(1, len(sequences) + 1)), "a thread has one sequence over its runs"


def test_saving_only_at_exit_hides_no_step(watch: Watch) -> None:
    graph = linear(InMemorySaver())
    with watch.here():
        graph.invoke(ONE, config("t"), durability="exit")
    assert [value["trail"] for value in watch.only.values()] == [[], ["given"], ["given", "a"], ["given", "a", "b"]]


def test_a_fork_from_a_past_state(watch: Watch) -> None:
    graph = linear(InMemorySaver())
    graph.invoke(ONE, config("t"))
    past = next(one for one in graph.get_state_history(config("t")) if one.next == ("b",))
    with watch.here():
        changed = graph.update_state(past.config, {"trail": ["changed"]})
        graph.invoke(None, changed)
    seen = watch.runs[-1]
    seen.assert_sound()
    assert seen.values()[-1] == {"trail": ["given", "a", "changed", "b"]}
    assert seen.nodes == {("b", "end"): 1}


def test_runs_at_once_on_threads_of_the_machine(watch: Watch) -> None:
    graph = cycle(None)
    gate = threading.Barrier(8)

    def run(number: int) -> Any:
        gate.wait(10)
        with watch.here():
            return graph.invoke({"trail": [str(number)]}, config(f"t{number % 2}"))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(run, range(8)))
    runs = watch.runs
    assert len(runs) == 8
    for seen in runs:
        seen.assert_sound()
        assert seen.run.status is RunStatus.OK
        assert seen.nodes == {("work", "end"): 2}
    assert sorted(seen.values()[-1]["trail"] for seen in runs) == sorted(result["trail"] for result in results)


async def test_runs_at_once_in_one_loop(watch: Watch) -> None:
    graph = nested(None)
    with watch.here():
        await asyncio.gather(*(graph.ainvoke({"trail": [str(n)]}, config("t")) for n in range(5)))
    runs = watch.runs
    assert len(runs) == 5
    for seen in runs:
        seen.assert_sound()
        assert seen.nodes.total() == 7
    assert sorted(seen.values()[-1]["trail"][0] for seen in runs) == list("01234")


def test_states_of_subgraphs_are_kept_apart(watch: Watch) -> None:
    with watch.here():
        parts = list(nested(None).stream(ONE, stream_mode="values", subgraphs=True))
    expected: dict[str, list[Any]] = {}
    for ns, value in parts:
        shown = expected.setdefault("|".join(ns), [])
        if not shown or shown[-1] != as_json(value):
            shown.append(as_json(value))
    seen = watch.only
    assert len(expected) == 3
    for ns, values in expected.items():
        assert seen.values(ns)[-len(values) :] == values


def test_a_program_of_functions(watch: Watch) -> None:
    @task
    def double(number: int) -> int:
        return number * 2

    @entrypoint(InMemorySaver())
    def program(number: int) -> int:
        first, second = double(number), double(number + 1)
        return first.result() + second.result()

    with watch.here():
        assert program.invoke(20, config("t")) == 82
    seen = watch.only
    assert seen.run.status is RunStatus.OK
    assert seen.nodes == {("program", "end"): 1, ("program:double", "end"): 2}


def writing(name: str) -> Any:
    def write(state: Notes) -> Notes:
        state["notes"].setdefault("done", []).append(name)
        return {"notes": state["notes"]}

    return write


def run_in_place(watch: Watch) -> Any:
    graph = StateGraph(Notes).add_node("a", writing("a")).add_node("b", writing("b"))
    graph.add_edge(START, "a").add_edge("a", "b")
    with watch.here():
        graph.compile().invoke({"notes": {}})
    return watch.only


def test_a_small_state_changed_in_place_is_told_at_each_step(watch: Watch) -> None:
    seen = run_in_place(watch)
    assert [value["notes"] for value in seen.values()[-3:]] == [{}, {"done": ["a"]}, {"done": ["a", "b"]}]
    assert seen.warnings == []


def test_a_large_state_changed_in_place_is_put_right_and_said(tmp_path: Any) -> None:
    watch = Watch(tmp_path, guard_values=0, guard_share=0.0)
    seen = run_in_place(watch)
    watch.close()
    assert seen.values()[-1] == {"notes": {"done": ["a", "b"]}}
    assert seen.warnings == ["in_place_mutation"]


def test_nothing_is_seen_outside_the_block(watch: Watch) -> None:
    with watch.here():
        pass
    linear(None).invoke(ONE)
    thread = threading.Thread(target=linear(None).invoke, args=(ONE,))
    thread.start()
    thread.join(10)
    assert watch.runs == []
