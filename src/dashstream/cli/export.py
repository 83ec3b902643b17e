"""``dashstream export``: save a run as a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from dashstream.cli.connection import (
    PIECE_BYTES,
    DataDirOption,
    Gateway,
    JsonOption,
    TokenOption,
    UrlOption,
    find_gateway,
    run_path,
)
from dashstream.cli.output import write_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    run_id: Annotated[str, typer.Argument(help="The run.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; `-` is standard output; default: RUN_ID.dsrun.")
    ] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Save a run's records as a `.dsrun` file, which `dashstream import` and the page can open.

    Examples:

    - `dashstream export RUN_ID`
    - `dashstream export RUN_ID -o - | dashstream import - --url http://other:8765`
    """
    gateway = find_gateway(url, token, data_dir)
    if output is not None and str(output) == "-":
        _copy(gateway, run_id, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    target = output or Path(re.sub(r"[^\w.-]", "_", run_id, flags=re.ASCII) + ".dsrun")
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            size = _copy(gateway, run_id, file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if json:
        write_json({"run_id": run_id, "file": str(target), "bytes": size})
    else:
        sys.stdout.write(f"{target}: {size} bytes\n")


def _copy(gateway: Gateway, run_id: str, file: BinaryIO) -> int:
    size = 0
    with gateway.request("GET", run_path(run_id, "/export")) as response:
        while piece := response.read(PIECE_BYTES):
            size += file.write(piece)
    return size
