"""A listing for people: on a narrow terminal the names of things stay whole, to be copied, and facts give way.

What programs wrote is neither rich's markup nor a terminal's orders.
"""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from rich.console import Console

from dashstream.cli import diff, runs
from dashstream.cli.output import listing


def test_names_stay_whole_and_facts_give_way() -> None:
    table = listing("run", "graph", "status", "started")
    names = [str(uuid.uuid4()) for _ in range(3)]
    for name in names:
        table.add_row(name, "a graph", "[green]ok[/green]", "2026-01-02 03:04:05")
    written = io.StringIO()
    Console(file=written, width=64).print(table)
    lines = written.getvalue().splitlines()
    assert [line.split()[0] for line in lines if line.startswith(tuple(names))] == names
    assert written.getvalue().count("03:04:05") == len(names)
    assert max(map(len, lines)) <= 64


NAME = "[/red] or [bold]"
OBEYED = "\x1b]0;title\x07\x9b2J\u202e"


def shown(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Assert that what was printed has a text as it is, and nothing that a terminal obeys."""
    out = capsys.readouterr().out
    assert text in out
    assert not {char for char in OBEYED if not char.isprintable()} & set(out)


def a_run(text: str) -> dict[str, Any]:
    facts = dict.fromkeys((*runs.FACTS, "run_id", "graph_name"), text)
    counts = {"status": "running", "started_us": 1, "duration_us": 1, "supersteps": 1, "records": 1}
    return {**facts, **counts, "interrupts": [{"node_id": "ask", "value": text}]}


@pytest.mark.parametrize("text", [NAME, f"{NAME}{OBEYED}"])
def test_what_programs_wrote_is_shown_as_it_is_and_obeyed_by_nobody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    runs._list({"runs": [a_run(text)], "next": None})
    shown(capsys, NAME)
    runs._show(a_run(text))
    shown(capsys, f"ask: {NAME}")
    operations = [{"op": "replace", "path": f"/{text}", "value": text}]
    diff._show({"operations": operations, "from_sequence": "1", "to_sequence": "2", "verified": True})
    shown(capsys, f"/{NAME}")
