"""``dashstream diff``: print what changed between two states of a run."""

from __future__ import annotations

import json as json_format
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
from dashstream.cli.output import visible, write_json

STYLES = {"add": ("+", "green"), "remove": ("-", "red"), "replace": ("~", "yellow"), "text_splice": ("~", "yellow")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(diff)


def diff(
    run_id: Annotated[str, typer.Argument(help="The run.")],
    from_: Annotated[
        int | None, typer.Option("--from", min=0, help="First sequence; default: the state just before --to.")
    ] = None,
    to: Annotated[int | None, typer.Option(min=0, help="Second sequence; default: the last.")] = None,
    ns: Annotated[str, typer.Option(help="Namespace; default: the root graph.")] = "",
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Print the operations from one state of a run to another.

    Examples:

    - `dashstream diff RUN_ID` shows the last step
    - `dashstream diff RUN_ID --from 10 --to 200 --json`
    """
    gateway = find_gateway(url, token, data_dir)
    query = {"from": from_, "to": to, "ns": ns or None}
    found = gateway.get(run_path(run_id, "/diff"), query)
    if json:
        write_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for operation in found["operations"]:
        mark, style = STYLES.get(operation["op"], ("·", "white"))
        line = Text(f"{mark} {visible(operation['path']) or '/'}", style=style)
        if "value" in operation:
            line.append(f"  {visible(json_format.dumps(operation['value'], ensure_ascii=False))}", style="default")
        console.print(line, soft_wrap=True)
    span = f"sequence {found['from_sequence']} to {found['to_sequence']}"
    verdict = "verified" if found["verified"] else "NOT verified"
    Console(stderr=True).print(f"{len(found['operations'])} operations, {span}, {verdict}", style="dim")
