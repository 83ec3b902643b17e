"""The reduced observer: less is seen, it says so, and what it does say is true."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from dashstream.sdk.integrations import langgraph as switch
from dashstream.sdk.integrations.langgraph_reduced import ReducedHandler
from integration.langgraph.cases import CASES, Case
from integration.langgraph.driving import astream_events, invoke, outcome
from integration.langgraph.graphs import ONE, linear
from integration.langgraph.observing import Watch

HIDDEN = {("work", "cached"): 1}
"""A cache hit calls nothing that public callbacks show."""


@pytest.mark.parametrize("drive", [invoke, astream_events], ids=lambda drive: drive.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_it_says_is_true(watch: Watch, case: Case, drive: Any) -> None:
    handler = ReducedHandler(watch.publisher, "as asked")
    given = copy.deepcopy(case.given)
    out, error = outcome(drive, case.build(None), given, {"callbacks": [handler], **case.config})
    assert (out, type(error)) == _unobserved(case, drive)
    seen = watch.only
    assert seen.run.status == case.status
    assert (seen.text("truth.edges"), seen.text("truth.reason")) == ("reduced", "as asked")
    assert not seen.edges, "an edge that was not seen is never claimed"
    expected = {story: count for story, count in case.nodes.items() if story not in HIDDEN}
    assert seen.nodes == expected


def _unobserved(case: Case, drive: Any) -> tuple[Any, Any]:
    out, error = outcome(drive, case.build(None), copy.deepcopy(case.given), dict(case.config))
    return out, type(error)


@pytest.fixture
def unwrapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A LangGraph whose loop has no ``put_writes`` to wrap."""
    switch.install()
    if switch._Hooks.unwrap is not None:
        switch._Hooks.unwrap()
    switch._Hooks.is_tried = False

    def no_such_loop() -> None:
        raise KeyError("put_writes")

    with monkeypatch.context() as patch:
        patch.setattr("dashstream.sdk.integrations.langgraph_hooks.wrap_loop", no_such_loop)
        yield
    switch._Hooks.is_tried = False
    assert switch.install() == ""


def test_it_takes_over_where_the_loop_is_another_one(unwrapped: None, watch: Watch) -> None:
    with switch.observe_here(watch.publisher):
        linear(None).invoke(ONE)
    seen = watch.only
    assert seen.text("truth.edges") == "reduced"
    assert "put_writes" in (seen.text("truth.reason") or "")
    assert seen.nodes == {("a", "end"): 1, ("b", "end"): 1}
