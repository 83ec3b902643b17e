"""The command line's commands, one module each. Modules load what they need only when their command runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

COMMANDS = (
    "demo",
    "run",
    "serve",
    "tail",
    "runs",
    "state",
    "diff",
    "export",
    "import_",
    "dlq",
    "partitions",
    "topics",
    "bench",
    "doctor",
)
"""Modules of this package, in the order of the help; each has ``register(app)``."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dashstream {version('dashstream')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Live, loss-proof telemetry and verified state for AI agent graphs.

    Start with `dashstream demo`; then watch your own program with `dashstream run app.py`.
    """


def build() -> typer.Typer:
    """Return the command line with all its commands."""
    built = typer.Typer(
        name="dashstream",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    built.callback()(_root)
    for name in COMMANDS:
        import_module(f"dashstream.cli.{name}").register(built)
    return built


app = build()
