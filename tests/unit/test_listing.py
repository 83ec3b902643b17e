"""A listing for people: on a narrow terminal the names of things stay whole, to be copied, and facts give way."""

from __future__ import annotations

import io
import uuid

from rich.console import Console

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
