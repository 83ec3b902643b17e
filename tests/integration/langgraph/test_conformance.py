"""What the records say of a run is what happened, whatever the graph and however it is run."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from integration.langgraph.cases import CASES, Case
from integration.langgraph.driving import DRIVES, Drive, invoke, outcome
from integration.langgraph.observing import Watch, as_json


def config_of(case: Case) -> dict[str, Any]:
    return {**case.config, "configurable": {"thread_id": "t"}}


def history_of(graph: Any) -> list[tuple[int, Any]]:
    """(superstep, state) as LangGraph itself remembers the thread, oldest first."""
    snapshots = list(graph.get_state_history({"configurable": {"thread_id": "t"}}))
    return [(snapshot.metadata["step"], as_json(snapshot.values)) for snapshot in reversed(snapshots)]


@pytest.mark.parametrize("with_saver", [False, True], ids=["plain", "saver"])
@pytest.mark.parametrize("drive", DRIVES, ids=lambda drive: drive.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_the_records_tell_what_happened(watch: Watch, case: Case, drive: Drive, with_saver: bool) -> None:
    unobserved = case.build(InMemorySaver())
    outcome(invoke, unobserved, copy.deepcopy(case.given), config_of(case))
    expected = outcome(drive, case.build(saver_if(with_saver)), copy.deepcopy(case.given), config_of(case))

    graph = case.build(saver_if(with_saver))
    with watch.here():
        out, error = outcome(drive, graph, copy.deepcopy(case.given), config_of(case))

    assert out == expected[0], "the program's own output changed"
    assert type(error) is type(expected[1])
    if case.error is not None:
        assert isinstance(error, case.error)
    seen = watch.only
    assert seen.run.status == case.status
    assert seen.edges == case.edges
    assert seen.nodes == case.nodes
    assert seen.root_states == history_of(unobserved)
    if with_saver:
        assert seen.root_states == history_of(graph)


def saver_if(wanted: bool) -> InMemorySaver | None:
    return InMemorySaver() if wanted else None
