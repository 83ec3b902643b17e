"""``dashstream demo``: a gateway, the page, and a real LangGraph program that keeps running."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from dashstream.cli.connection import DataDirOption, Gateway, data_dir_of
from dashstream.errors import DashStreamError, GatewayStartError

STOP_TIMEOUT_S = 15.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    runs: Annotated[int | None, typer.Option("--runs", min=1, help="End after so many questions.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    port: Annotated[int, typer.Option("--port", help="Port of the page; 0 picks one.")] = 0,
    pace: Annotated[float, typer.Option("--pace", min=0, help="1 can be watched; 0 is as fast as possible.")] = 1.0,
    data_dir: DataDirOption = None,
) -> None:
    """Watch a LangGraph program run. It needs no key and no network.

    Examples:

    - `dashstream demo`
    - `dashstream demo --runs 3 --no-browser`
    """
    folder = data_dir_of(data_dir)
    signal.signal(signal.SIGTERM, _stop)
    with _gateway(folder, port) as (url, token):
        page = f"{url}/#token={token}"
        sys.stdout.write(
            f"\n  Watch it live:   {page}\n\n"
            "  Your own program, in another terminal:   dashstream run app.py\n"
            "  Stop with Ctrl-C.\n\n"
        )
        sys.stdout.flush()
        if browser:
            webbrowser.open(page)
        _observe(url, token, folder)
        from dashstream.demo.runner import ask_forever

        def asked(question: str) -> None:
            sys.stdout.write(f"  asking: {question}\n")
            sys.stdout.flush()

        import dashstream

        try:
            asyncio.run(ask_forever(runs=runs, pace=pace, asked=asked))
        finally:
            dashstream.flush()  # the last records are in before the gateway ends


def _stop(*_: object) -> None:
    """End as on the last question: the run in flight is cancelled, the gateway told to stop."""
    raise SystemExit(0)


def _observe(url: str, token: str, folder: Path) -> None:
    import dashstream

    dashstream.auto(url=url, token=token, data_dir=folder)


def _answers(url: str, token: str) -> bool:
    """Whether a gateway is there; one that was killed leaves its discovery file behind."""
    try:
        Gateway(url, token).get("/api/v1/version")
    except DashStreamError:
        return False
    return True


@contextmanager
def _gateway(folder: Path, port: int) -> Iterator[tuple[str, str]]:
    """Use the gateway that runs on the data directory, or start one for as long as the demo lasts.

    Raises:
        GatewayStartError: it did not start; its own message says why.
    """
    from dashstream.app.data_dir import read_discovery

    found = read_discovery(folder)
    if found is not None and _answers(found.url, found.token):
        yield found.url, found.token
        return
    command = [
        sys.executable,
        "-m",
        "dashstream.cli",
        "serve",
        "--json",
        "--port",
        str(port),
        "--data-dir",
        str(folder),
        "--logging-level",
        "warning",
    ]
    # Its own session: a Ctrl-C ends the program first, and the gateway after the last record is in.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603  # our own command
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise GatewayStartError("the gateway did not start")
        ready = json.loads(line)
        yield ready["url"], ready["token"]
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
