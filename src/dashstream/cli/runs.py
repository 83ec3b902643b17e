"""``dashstream runs``: list runs, or show one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dashstream.cli.connection import (
    DataDirOption,
    JsonOption,
    TokenOption,
    UrlOption,
    find_gateway,
    run_path,
)
from dashstream.cli.output import clock_time, duration, foreign, listing, status_text, write_json

FACTS = (
    "thread_id",
    "graph_name",
    "program",
    "supersteps",
    "records",
    "node_executions",
    "llm_calls",
    "tool_calls",
    "prompt_tokens",
    "completion_tokens",
    "errors",
    "losses",
    "resumes",
    "resumed_by",
    "first_sequence",
    "last_sequence",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(runs)


def runs(
    run_id: Annotated[str | None, typer.Argument(help="Show this run; without it, list runs.")] = None,
    status: Annotated[str | None, typer.Option(help="Only runs with this status.")] = None,
    graph: Annotated[str | None, typer.Option(help="Only runs of this graph.")] = None,
    thread: Annotated[str | None, typer.Option(help="Only runs of this thread.")] = None,
    search: Annotated[str | None, typer.Option("--search", "-s", help="Only runs with this text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most runs.")] = 20,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """List runs, newest first, or show one.

    Examples:

    - `dashstream runs --status error`
    - `dashstream runs RUN_ID --json`
    """
    gateway = find_gateway(url, token, data_dir)
    if run_id is not None:
        found = gateway.get(run_path(run_id))
        write_json(found) if json else _show(found)
        return
    query = {"status": status, "graph": graph, "thread": thread, "q": search, "limit": limit}
    page = gateway.get("/api/v1/runs", query)
    write_json(page) if json else _list(page)


def _list(page: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    if not page["runs"]:
        console.print("No runs yet. Record one with: dashstream run app.py")
        return
    table = listing("run", "graph", "status", "started", "took", "steps", "records")
    for run in page["runs"]:
        table.add_row(
            foreign(run["run_id"]),
            foreign(run["graph_name"] or "–"),
            status_text(run["status"]),
            clock_time(run["started_us"]),
            duration(run["duration_us"]),
            str(run["supersteps"]),
            str(run["records"]),
        )
    console.print(table)
    if page["next"]:
        console.print("There are more: give a higher --limit, or a filter.", style="dim")


def _show(run: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_row("run", foreign(run["run_id"]))
    table.add_row("status", status_text(run["status"]))
    table.add_row("started", clock_time(run["started_us"]))
    table.add_row("took", duration(run["duration_us"]))
    for fact in FACTS:
        if run[fact] is not None and run[fact] != "":
            table.add_row(fact.replace("_", " "), foreign(str(run[fact])))
    for interrupt in run["interrupts"]:
        table.add_row("waits for", foreign(f"{interrupt['node_id'] or 'the graph'}: {interrupt['value']}"))
    Console().print(table)
