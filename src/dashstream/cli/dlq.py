"""``dashstream dlq``: dead letters, listed, shown, and driven again."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from dashstream.cli.connection import DataDirOption, JsonOption, TokenOption, UrlOption, find_gateway
from dashstream.cli.output import clock_time, foreign, listing, write_json

PATH = "/api/v1/dead-letters"
IdArgument = Annotated[str, typer.Argument(help="The letter: epoch.partition.offset, as `dlq list` shows it.")]
FACTS = (
    "topic",
    "epoch",
    "partition",
    "offset",
    "reason",
    "size",
    "sha256",
    "head",
    "tail",
    "thread_id",
    "tenant_id",
    "producer_id",
    "instance",
    "payload_state",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Look at records that could not be processed, and send them again.")
    group.command("list")(list_letters)
    group.command("show")(show)
    group.command("redrive")(redrive)
    app.add_typer(group, name="dlq")


def list_letters(
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Only those of this partition.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most letters.")] = 20,
    before: Annotated[str | None, typer.Option(help="Only letters before this one: the next page.")] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """List dead letters, newest first.

    Examples:

    - `dashstream dlq list`
    - `dashstream dlq list --reason too_large --json`
    """
    gateway = find_gateway(url, token, data_dir)
    query = {"reason": reason, "partition": partition, "limit": limit, "before": before}
    page = gateway.get(PATH, query)
    write_json(page) if json else _list(page)


def show(
    letter: IdArgument,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Show one dead letter: where the record is, why it failed, what is known of it.

    Examples:

    - `dashstream dlq show 5f1c0a9be2d34877.3.1200`
    """
    found = find_gateway(url, token, data_dir).get(_path(letter))
    write_json(found) if json else _show(found)


def redrive(
    letter: IdArgument,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Append a record's exact bytes to its topic again, and note it in the letter.

    Refused unless the letter holds the whole payload: see the setting DASHSTREAM_DEAD_LETTERS_PAYLOAD.

    Examples:

    - `dashstream dlq redrive 5f1c0a9be2d34877.3.1200`
    """
    done = find_gateway(url, token, data_dir).post(f"{_path(letter)}/redrive", b"", "")
    if json:
        write_json(done)
    else:
        typer.echo(f"sent again: partition {done['partition']}, offset {done['offset']}")


def _path(letter: str) -> str:
    return f"{PATH}/{quote(letter, safe='')}"


def _list(page: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    if not page["dead_letters"]:
        console.print("No dead letters.")
        return
    table = listing("letter", "reason", "size", "thread", "when", "payload", "redriven")
    for letter in page["dead_letters"]:
        table.add_row(
            foreign(letter["id"]),
            f"[red]{letter['reason']}[/red]",
            str(letter["size"]),
            foreign(letter["thread_id"]),
            clock_time(letter["at_us"]),
            letter["payload_state"],
            str(len(letter["redriven"])),
        )
    console.print(table)
    if page["next"]:
        console.print(f"There are more: --before {foreign(page['next'])}", style="dim")


def _show(letter: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for fact in FACTS:
        if letter[fact] != "":
            table.add_row(fact.replace("_", " "), foreign(str(letter[fact])))
    table.add_row("written to log", clock_time(letter["timestamp_us"]))
    table.add_row("dead-lettered", clock_time(letter["at_us"]))
    for again in letter["redriven"]:
        where = f"partition {again['partition']}, offset {again['offset']}"
        table.add_row("sent again", f"{clock_time(again['at_us'])}: {where}")
    Console().print(table)
