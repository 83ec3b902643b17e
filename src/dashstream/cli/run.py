"""``dashstream run``: run a Python program, observed, as if it had been started itself."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command; everything behind the program's name is the program's own."""
    app.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})(run)


def run(
    program: Annotated[str, typer.Argument(help="A script; with -m, a module.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Its own arguments.")] = None,
    module: Annotated[bool, typer.Option("-m", help="PROGRAM is a module, as for `python -m`.")] = False,
) -> None:
    """Run a LangGraph program with its runs observed. Its output, errors and exit code are its own.

    Without a gateway the records are kept on disk and forwarded when one is there.

    Examples:

    - `dashstream run app.py --its-own flags`
    - `dashstream run -m package.app`
    """
    import dashstream

    if not module and not Path(program).is_file():
        raise typer.BadParameter(f"there is no file {program!r}", param_hint="PROGRAM")
    dashstream.auto()
    sys.stderr.write(f"dashstream: {_where(program)}\n")
    sys.argv = [program, *(arguments or [])]
    if module:
        sys.path.insert(0, "")
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(program).resolve().parent))
        runpy.run_path(program, run_name="__main__")


def _where(program: str) -> str:
    """Say where to watch, or that nobody is there to watch yet."""
    from dashstream.app.data_dir import read_discovery
    from dashstream.sdk.process import process_publisher

    settings = process_publisher().settings
    if not settings.enabled:
        return f"not observing {program}: DASHSTREAM_SDK_ENABLED is off"
    if settings.transport == "kafka":
        return f"observing {program}; records go straight to Kafka, watch at any gateway of its topic"
    if settings.url:
        return f"observing {program}; watch at {settings.url}"
    found = read_discovery(settings.data_dir) if settings.data_dir else None
    if found is None:
        return f"observing {program}; no gateway runs, so records wait on disk: start one with 'dashstream serve'"
    return f"observing {program}; watch at {found.url}/#token={found.token}"
