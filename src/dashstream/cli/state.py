"""``dashstream state``: print the state of a run at a sequence."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dashstream.cli.connection import (
    DataDirOption,
    JsonOption,
    TokenOption,
    UrlOption,
    find_gateway,
    run_path,
)
from dashstream.cli.output import write_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(state)


def state(
    run_id: Annotated[str, typer.Argument(help="The run.")],
    seq: Annotated[int | None, typer.Option(min=0, help="At or before this sequence; default: the last.")] = None,
    ns: Annotated[str, typer.Option(help="Namespace; default: the root graph.")] = "",
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Print the state of a run, rebuilt and checked against its producer's hash.

    The state goes to standard output; whether it is verified to standard error. Exit code 1: not verified.

    Examples:

    - `dashstream state RUN_ID | jq .messages`
    - `dashstream state RUN_ID --seq 120 --json`
    """
    gateway = find_gateway(url, token, data_dir)
    found = gateway.get(run_path(run_id, "/state"), {"seq": seq, "ns": ns or None})
    if json:
        write_json(found)
    else:
        from rich.console import Console

        Console().print_json(data=found["state"])
        sys.stdout.flush()
        verdict = "verified" if found["verified"] else f"NOT verified ({found['doubt']})"
        Console(stderr=True).print(f"sequence {found['sequence']}, {verdict}, hash {found['hash']}", style="dim")
    raise typer.Exit(0 if found["verified"] else 1)
