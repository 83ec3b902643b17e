"""``dashstream partitions``: how far the duties of each partition are, and letting a paused one go on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dashstream.cli.connection import DataDirOption, JsonOption, TokenOption, UrlOption, find_gateway
from dashstream.cli.output import clock_time, write_json

PATH = "/api/v1/partitions"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See how far partitions are, and let a paused one go on.")
    group.command("list")(list_partitions)
    group.command("resume")(resume)
    app.add_typer(group, name="partitions")


def list_partitions(
    url: UrlOption = None, token: TokenOption = None, data_dir: DataDirOption = None, json: JsonOption = False
) -> None:
    """List partitions: where new data began, how far the owner is, what is settled, what is paused.

    Examples:

    - `dashstream partitions list`
    """
    found = find_gateway(url, token, data_dir).get(PATH)
    write_json(found) if json else _list(found)


def resume(
    partition: Annotated[int, typer.Argument(min=0, help="The paused partition.")],
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Let the record that stopped a partition pass: it is dead-lettered and skipped.

    Examples:

    - `dashstream partitions resume 3`
    """
    done = find_gateway(url, token, data_dir).post(f"{PATH}/{partition}/resume", b"", "")
    if json:
        write_json(done)
    else:
        typer.echo(
            f"partition {partition} goes on after offset {done['passed']['offset']} ({done['passed']['reason']})"
        )


def _list(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("partition", "state", "head", "position", "settled", "end", "letters waiting"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "state" else "right")
    for row in found["partitions"]:
        places = ["–" if row[name] is None else row[name] for name in ("head", "position", "settled", "high")]
        table.add_row(str(row["partition"]), _state(row), *places, str(row["waiting"] or 0))
    Console().print(table)


def _state(row: dict[str, Any]) -> str:
    if not row["owned"]:
        return "[dim]elsewhere[/dim]"
    if pause := row["paused"]:
        return f"[red]paused[/red] at {pause['offset']}: {pause['reason']}, since {clock_time(pause['since_us'])}"
    return "[yellow]catching up[/yellow]" if row["catching_up"] else "[green]live[/green]"
