"""The reference pages of docs/reference, made from the declarations they describe; with --check, fail if stale.

Nothing on these pages is typed twice: settings come from their declarations, commands from the command line's own
parser, metrics from a gateway that is really wired, errors from the exception tree, routes from the served OpenAPI.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from dashstream import errors
from dashstream.adapters.http.app import OPERATIONS
from dashstream.adapters.http.openapi import document
from dashstream.adapters.http.problems import problem_of
from dashstream.adapters.prometheus import MetricFact
from dashstream.app.settings import SECTIONS, load_settings
from dashstream.app.wiring import build as build_gateway
from dashstream.cli.__main__ import EXIT_CODES
from dashstream.cli.app import build as build_commands
from dashstream.cli.serve import SHORT
from dashstream.engine.ports import Numbers
from dashstream.options import Option, options_of
from dashstream.sdk.settings import SECTION as SDK
from dashstream.sdk.settings import SdkSettings

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
INTERNAL = 500
MADE = "<!-- Made by scripts/reference.py; `make generate` rewrites it. -->\n"

SETTINGS = """# Settings

Each setting has one environment variable and, where the table has a flag, one flag of `dashstream serve`. A flag wins
over the environment, the environment over the default. Lists are joined by commas; an empty value of a setting that
may be empty means "not given"; a switch is `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`.

`DASHSTREAM_DATA_DIR` is the data directory that gateway, command line and programs of one machine share; without it
they use the user's data directory of the platform. `DASHSTREAM_CLI_URL` and `DASHSTREAM_CLI_TOKEN` name the gateway
that commands talk to, in place of the one that runs on the data directory.
"""

SDK_INTRO = """
Read by the instrumented program. In code the same names are arguments: `dashstream.auto(tokens=False)` is
`DASHSTREAM_SDK_TOKENS=0`, and wins over it. A value that cannot be used is reported on the program's log and replaced
by the default: telemetry never stops a program. A program that writes straight to Kafka reads the settings of the
section [kafka](#gateway-kafka), too; one of them that cannot be used lets its records wait on disk.
"""

CLI = """# Command line

Every command has `--help`. Commands that answer have `--json` for programs: one JSON value on standard output, with
64-bit integers as decimal strings. Standard output is the result, standard error is everything else. Commands that
need a gateway use the one that runs on the data directory, unless `--url` names another.
`dashstream --install-completion` adds completion to the shell.

| exit code | meaning |
|---|---|
"""

METRICS = """# Metrics

`GET /metrics` serves them in Prometheus' text format, together with the process's own (`process_*`). It wants the
token: `authorization: {credentials: ...}` in a scrape configuration. Label values are closed sets; a counter shows 0
before its first count, a gauge that is not known is left out.

| metric | type | labels | meaning |
|---|---|---|---|
"""

ERRORS = """# Errors

Every exception that DashStream raises is a `DashStreamError`. Its `code` is stable and the same in Python, in problem
documents of the HTTP API and in `error` frames; `retryable` says whether the same call can succeed later without a
change by the caller. Decide by class or code, never by the text.

"""

HTTP = """# HTTP API

The rules are in [the specification](../specs/http.md), the exact shapes in [OpenAPI](http-openapi.json), which the
gateway serves at `/openapi.json`.

`role` is the least role that a request takes; without one it needs no token. `tenants` says whether a token that is for
some tenants may be used: it then sees and writes theirs alone. See [security](security.md).

| request | meaning | answers | role | tenants |
|---|---|---|---|---|
"""


def settings_page() -> str:
    """Return the page of all settings."""
    lines = [SETTINGS]
    for section, group in SECTIONS.items():
        lines += [f"\n## Gateway: {section}\n", _about(group), "\n", *_settings_table(group, section)]
    lines += ["\n## SDK\n", SDK_INTRO, "\n", *_settings_table(SdkSettings, SDK)]
    return "".join(lines)


def _about(group: type) -> str:
    """Return what a group of settings is about, without the name of its section."""
    text = first_paragraph(group)
    return re.sub(r"^Section [A-Z]+: (.)", lambda found: found[1].upper(), text)


def _settings_table(group: type, section: str) -> Iterator[str]:
    has_flag = section != SDK
    yield "\n| variable |" + (" flag |" if has_flag else "") + " default | unit | meaning |\n"
    yield "|---|" + ("---|" if has_flag else "") + "---|---|---|\n"
    for option in options_of(group, section):
        flags = [name for name in (SHORT.get(f"{section}.{option.field}"), option.flag) if name]
        cells = [f"`{option.env}`"]
        if has_flag:
            cells.append(", ".join(f"`{flag}`" for flag in flags))
        cells += [_default(option), "" if option.unit == "count" else option.unit, _meaning(option)]
        yield row(cells)


def _default(option: Option) -> str:
    value = option.default
    if value is None or value == ():
        return ""
    if option.type is bool:
        return "`on`" if value else "`off`"
    return f"`{','.join(value)}`" if option.type is tuple else f"`{value}`"


def _meaning(option: Option) -> str:
    text = option.doc[0].upper() + option.doc[1:].rstrip(".")
    return f"{text}; at least {option.low:g}" if option.low else text


def cli_page() -> str:
    """Return the page of all commands."""
    root: Any = typer.main.get_command(build_commands())
    lines = [CLI, *(row([str(code), meaning]) for code, meaning in EXIT_CODES.items())]
    for name, command in _commands(root):
        lines += [f"\n## dashstream {name}\n", "\n```\n", _usage(name, command), "\n```\n"]
        lines += ["\n", inspect.cleandoc(command.help), "\n"]
        lines += _parameters(command)
    return "".join(lines)


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command by its whole name; the commands of a group come in its place."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _usage(name: str, command: Any) -> str:
    arguments = [
        argument.name.upper() if argument.required else f"[{argument.name.upper()}]"
        for argument in command.params
        if argument.param_type_name == "argument"
    ]
    return " ".join(["dashstream", name, "[OPTIONS]", *arguments])


def _parameters(command: Any) -> Iterator[str]:
    given = [parameter for parameter in command.params if parameter.name != "help"]
    settings = [parameter for parameter in given if "__" in parameter.name]
    shown = [parameter for parameter in given if parameter not in settings]
    if shown:
        yield "\n| parameter | default | meaning |\n|---|---|---|\n"
    for parameter in shown:
        yield row([_names(parameter), _default_of(parameter), parameter.help or ""])
    if settings:
        yield "\nAnd one flag for each setting of the gateway: see [settings](settings.md).\n"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _default_of(parameter: Any) -> str:
    default = parameter.default
    if default is None or default is False or default == "" or parameter.required:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def metrics_page() -> str:
    """Return the page of the metrics that a wired gateway has."""
    return METRICS + "".join(
        row([f"`{fact.name}`", fact.kind, _labels(fact), fact.doc.rstrip(".")]) for fact in asyncio.run(_metrics())
    )


async def _metrics() -> list[MetricFact]:
    with tempfile.TemporaryDirectory() as folder:
        # A retained tier is named so that its metrics are there; the store itself may be absent.
        keys = Path(folder) / "jwks.json"
        keys.write_text('{"keys": []}', encoding="utf-8")
        given = {
            "gateway": {"data_dir": Path(folder)},
            "redis": {"url": "redis://127.0.0.1:1"},
            "jwt": {"jwks_file": keys, "issuer": "issuer", "audience": "gateway"},
        }
        settings = load_settings({}, given)
        async with build_gateway(settings, "a-token-for-this-page-only", "reference") as gateway:
            return gateway.metrics.facts


def _labels(fact: MetricFact) -> str:
    return "; ".join(f"`{name}`: {_values(values)}" for name, values in fact.labels.items())


def _values(values: Sequence[str]) -> str:
    return str(values) if isinstance(values, Numbers) else ", ".join(values)


def errors_page() -> str:
    """Return the page of the exception tree."""
    tree = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")[2].partition("\n\n")[0]
    lines = [ERRORS, "```\n", inspect.cleandoc("\n" + tree), "\n```\n"]
    lines += ["\n| class | code | retryable | HTTP status | meaning |\n|---|---|---|---|---|\n"]
    for error in _tree(errors.DashStreamError):
        status = problem_of(_any(error)).status
        shown = "" if status == INTERNAL else str(status)
        meaning = first_paragraph(error).rstrip(".")
        lines.append(row([f"`{error.__name__}`", f"`{error.code}`", _yes(error.retryable), shown, meaning]))
    return "".join(lines)


def _tree(root: type[errors.DashStreamError]) -> Iterator[type[errors.DashStreamError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def _any(error: type[errors.DashStreamError]) -> errors.DashStreamError:
    """Return some instance: what an error is to a client depends on its class alone."""
    instance = error.__new__(error)
    if isinstance(instance, errors.OverloadedError):
        instance.retry_after_s = 1.0
    return instance


def http_page() -> str:
    """Return the page of all routes."""
    return HTTP + "".join(
        row(
            [
                f"`{operation.method} {operation.path}`",
                operation.doc,
                ", ".join(str(status) for status in sorted({*operation.replies, *operation.problems})),
                operation.least or "",
                "yes" if operation.least and not operation.is_of_all else "",
            ]
        )
        for operation in sorted(OPERATIONS, key=lambda operation: operation.path)
    )


def openapi() -> str:
    """Return the OpenAPI document as text."""
    from importlib.metadata import version

    return json.dumps(document(OPERATIONS, version("dashstream")), indent=1, ensure_ascii=False) + "\n"


def row(cells: Iterable[str]) -> str:
    """Return one row of a Markdown table."""
    clean = (" ".join(cell.split()).replace("|", "\\|").replace("``", "`") for cell in cells)
    return "| " + " | ".join(clean) + " |\n"


def first_paragraph(described: type) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join(inspect.cleandoc(described.__doc__ or "").partition("\n\n")[0].split())


def _yes(value: bool) -> str:  # noqa: FBT001  # a cell
    return "yes" if value else "no"


def pages() -> dict[str, str]:
    """Return every page by file name."""
    made = {
        "settings.md": settings_page(),
        "cli.md": cli_page(),
        "metrics.md": metrics_page(),
        "errors.md": errors_page(),
        "http.md": http_page(),
    }
    return {**{name: MADE + text for name, text in made.items()}, "http-openapi.json": openapi()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when a page is stale")
    check = parser.parse_args().check
    stale = 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = REFERENCE / name
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            print(f"stale reference page: {path}; run 'make generate'")
            stale = 1
        elif not check:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    raise SystemExit(main())
