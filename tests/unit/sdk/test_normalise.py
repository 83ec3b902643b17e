"""Live values become JSON with identity kept, and what a program changes in place is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashstream.sdk.normalise import Normaliser, StateNormaliser
from dashstream.sdk.redaction import REPLACEMENT, Redactor
from dashstream.sdk.settings import SdkSettings


@pytest.fixture
def normaliser() -> Normaliser:
    return Normaliser(Redactor(SdkSettings()))


def documents(count: int) -> list[dict[str, Any]]:
    return [{"id": n, "text": f"document {n}", "tags": ["a", n]} for n in range(count)]


def test_what_did_not_change_comes_back_as_the_same_object(normaliser: Normaliser) -> None:
    live = documents(50)
    first = normaliser.json({"documents": live})
    changed = [*live[:20], {**live[20], "read": True}, *live[21:]]
    second = normaliser.json({"documents": changed})
    assert second["documents"][20]["read"] is True
    same = [new is old for new, old in zip(second["documents"], first["documents"], strict=True)]
    assert same == [index != 20 for index in range(50)]


def test_the_result_shares_no_container_with_the_program(normaliser: Normaliser) -> None:
    live = documents(1)
    made = normaliser.json(live)
    live[0]["tags"].append("later")
    assert made[0]["tags"] == ["a", 0]


CHANGES: dict[str, tuple[Any, Callable[[Any], None], Any]] = {
    "a value": ({"a": [1, 2]}, lambda live: live["a"].append(3), {"a": [1, 2, 3]}),
    "an integer that becomes true": ({"a": 1}, lambda live: live.update(a=True), {"a": True}),
    "an integer that becomes a double": ({"a": 1}, lambda live: live.update(a=1.5), {"a": 1.5}),
    "nothing that becomes NaN": ({"a": None}, lambda live: live.update(a=float("nan")), {"a": "NaN"}),
    "a text that becomes a secret": (
        {"a": "nothing"},
        lambda live: live.update(a="sk-" + "x" * 30),
        {"a": REPLACEMENT},
    ),
    "a tuple in place of a list": ({"a": [1]}, lambda live: live.update(a=(1, 2)), {"a": [1, 2]}),
    "a nested object": ({"a": {"b": {"c": 1}}}, lambda live: live["a"]["b"].update(c=2), {"a": {"b": {"c": 2}}}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_whole_walk_finds_every_change_in_place(normaliser: Normaliser, name: str) -> None:
    live, change, expected = CHANGES[name]
    live = {"outer": live}
    normaliser.json(live)
    change(live["outer"])
    assert normaliser.json(live, whole=True) == {"outer": expected}
    assert normaliser.stale > 0


def test_a_whole_walk_over_an_unchanged_state_keeps_identity(normaliser: Normaliser) -> None:
    live = {"documents": documents(100)}
    first = normaliser.json(live)
    assert normaliser.json(live, whole=True) is first
    assert normaliser.stale == 0


def test_large_states_are_taken_by_identity_and_compared_whole_at_the_end() -> None:
    states = StateNormaliser(Redactor(SdkSettings()), max_depth=100, max_values=10**6, guard_values=10, guard_share=0.0)
    live = {"documents": documents(100)}
    states.state("", {**live})
    _, _, tripped = states.state("", {**live})
    assert not tripped
    live["documents"][3]["tags"].append("in place")
    unseen, _, tripped = states.state("", {**live})
    assert not tripped
    assert unseen["documents"][3]["tags"] == ["a", 3]
    seen, _, tripped = states.state("", {**live}, final=True)
    assert tripped
    assert seen["documents"][3]["tags"] == ["a", 3, "in place"]


def _edits(live: list[Any]) -> list[list[Any]]:
    """The same long list after edits of every kind, one after the other."""
    new: dict[str, Any] = {"id": -1, "text": "new", "tags": []}
    return [
        [*live, new],
        [*live[:3], new, *live[4:], new],
        live[:70],
        [new, *live[1:]],
        [*live[:5], *live[6:]],
        list(reversed(live)),
        [*live[:80], *(dict(item) for item in live[80:])],
        [None, *live],
    ]


def test_a_long_list_after_any_edit_is_what_it_would_be_alone(normaliser: Normaliser) -> None:
    live: list[Any] = documents(100)
    normaliser.json(live)
    for edited in _edits(live):
        assert normaliser.json(edited) == Normaliser(Redactor(SdkSettings())).json(edited)


def test_unchanged_items_of_a_long_list_stay_the_same_objects(normaliser: Normaliser) -> None:
    live = documents(100)
    first = normaliser.json(live)
    second = normaliser.json([*live[:20], {**live[20], "read": True}, *live[21:], {"id": 100}])
    same = [new is old for new, old in zip(second, first, strict=False)]
    assert same == [index != 20 for index in range(100)]


def test_what_a_whole_walk_found_changed_is_in_the_next_long_list_too(normaliser: Normaliser) -> None:
    live = documents(100)
    normaliser.json({"documents": live, "one": live[7]})
    live[7]["read"] = True
    assert normaliser.json({"one": live[7]}, whole=True) == {"one": live[7]}
    assert normaliser.json({"documents": list(live)})["documents"] == live


def test_what_a_whole_walk_found_changed_stays_found_when_the_walk_is_broken_off(normaliser: Normaliser) -> None:
    class Stopping(dict[str, int]):
        def items(self) -> Any:
            raise KeyboardInterrupt

    live = documents(100)
    normaliser.json({"documents": live})
    live[7]["read"] = True
    with pytest.raises(KeyboardInterrupt):
        normaliser.json({"one": live[7], "other": Stopping()}, whole=True)
    assert normaliser.json({"documents": list(live)})["documents"] == live


def test_an_item_that_could_not_be_read_is_tried_again_in_the_next_long_list(normaliser: Normaliser) -> None:
    class Shy(dict[str, int]):
        is_open = False

        def items(self) -> Any:
            if not self.is_open:
                raise ValueError
            return super().items()

    live: list[Any] = [*documents(100), Shy(a=1)]
    assert normaliser.json(live)[100]["unreadable"] is True
    Shy.is_open = True
    assert normaliser.json(list(live))[100] == {"a": 1}


def test_many_long_lists_are_each_compared_with_their_own(normaliser: Normaliser) -> None:
    lists: list[list[Any]] = [documents(70) for _ in range(40)]
    normaliser.json(lists)
    grown = [[*one, {"id": index}] for index, one in enumerate(lists)]
    assert normaliser.json(grown) == grown


def test_a_state_made_of_its_input_counts_as_large_as_it_is() -> None:
    states = StateNormaliser(Redactor(SdkSettings()), max_depth=100, max_values=10**6, guard_values=10, guard_share=0.0)
    live = documents(50)
    states.value({"documents": live})
    for step in range(2):
        states.state("", {"documents": live, "step": step})
    assert states.is_trusted("")
