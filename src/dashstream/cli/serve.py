"""``dashstream serve``: run the gateway in the foreground."""

from __future__ import annotations

import inspect
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dashstream.app.settings import SECTIONS, load_settings
from dashstream.options import Option, options_of

SHORT = {"gateway.host": "--host", "gateway.port": "--port", "gateway.data_dir": "--data-dir"}
PANELS = {
    "gateway": "Gateway",
    "logging": "Logging",
    "jwt": "Tokens that somebody else issues",
    "admission": "Who is let in",
    "audit": "Audit log",
    "http": "HTTP",
    "log": "Log",
    "ring": "Ring",
    "ingest": "Ingest",
    "client": "WebSocket clients",
    "index": "Run index",
    "duties": "Duties of partition owners",
    "dead_letters": "Dead letters",
    "kafka": "Kafka, as the log of a fleet",
    "redis": "Redis or Valkey, as the retained tier",
    "retained": "Retained tier",
}


def register(app: typer.Typer) -> None:
    """Add the command, with one flag for every setting."""

    def serve(**given: Any) -> None:
        as_json = given.pop("json")
        overrides: dict[str, dict[str, Any]] = {}
        for parameter, value in given.items():
            section, _, name = parameter.partition("__")
            overrides.setdefault(section, {})[name] = value
        raise typer.Exit(serve_until_stopped(overrides, as_json=as_json))

    serve.__doc__ = """Run the gateway: ingest, log, live delivery, HTTP API and page.

    It stops cleanly on Ctrl-C and SIGTERM. Every flag is also an environment variable:
    `--log-retention-bytes` is `DASHSTREAM_LOG_RETENTION_BYTES`.

    Examples:

    - `dashstream serve`
    - `dashstream serve --port 0 --json` prints one line with the address once it is ready
    """
    parameters = [_parameter(option) for section in SECTIONS for option in options_of(SECTIONS[section], section)]
    json_flag = Annotated[bool, typer.Option("--json", help="Print address and token as one JSON line when ready.")]
    parameters.append(inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=json_flag))
    serve.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how typer learns of flags
    serve.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command()(serve)


def serve_until_stopped(overrides: dict[str, dict[str, Any]], *, as_json: bool) -> int:
    """Run a gateway and print where it is; returns the exit code."""
    from dashstream.app.data_dir import Discovery
    from dashstream.app.gateway import run

    settings = load_settings(os.environ, overrides)

    def announce(found: Discovery) -> None:
        if as_json:
            line = {"url": found.url, "ws_url": found.ws_url, "token": found.token, "pid": found.pid}
            sys.stdout.write(json.dumps(line) + "\n")
        else:
            sys.stdout.write(f"DashStream is at {found.url}/#token={found.token}\n")
        sys.stdout.flush()

    return run(settings, announce)


def _parameter(option: Option) -> inspect.Parameter:
    names = [SHORT[key]] if (key := f"{option.section}.{option.field}") in SHORT else []
    flag = option.flag
    if option.type is bool:
        flag += f"/--no-{flag.removeprefix('--')}"
    declared = typer.Option(
        *names,
        flag,
        help=_help(option),
        show_default=False,
        rich_help_panel=PANELS[option.section],
        envvar=None,
    )
    kind: Any = option.type if option.type in {bool, int, float, Path} else str
    return inspect.Parameter(
        f"{option.section}__{option.field}",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, declared],
    )


def _help(option: Option) -> str:
    text = option.doc[0].upper() + option.doc[1:]
    default = "" if option.default in {None, ()} else f" [{_shown(option)}]"
    return f"{text}{default}"


def _shown(option: Option) -> str:
    value = str(option.default).lower() if option.type is bool else str(option.default)
    return f"{value} {option.unit}" if option.unit not in {"", "count"} else value
