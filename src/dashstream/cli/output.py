"""How commands print: tables and times for people, JSON for machines."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_OBEYED = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")
"""Control characters but tab and line feed, and what overrides the direction of writing."""

STATUS_STYLES = {
    "running": "cyan",
    "ok": "green",
    "error": "red",
    "recursion_limit": "red",
    "timed_out": "red",
    "interrupted": "yellow",
    "cancelled": "yellow",
    "closed": "yellow",
}


def write_json(value: Any) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def clock_time(microseconds: str | None) -> str:
    """Return a local time of day with its date, or a dash."""
    if microseconds is None:
        return "–"
    moment = dt.datetime.fromtimestamp(int(microseconds) / 1e6, tz=dt.UTC)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(microseconds: str | None) -> str:
    """Return a duration in the unit that reads best, or a dash."""
    if microseconds is None:
        return "–"
    seconds = int(microseconds) / 1e6
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def status_text(status: str) -> str:
    """Return a status with its colour, as rich markup."""
    style = STATUS_STYLES.get(status, "white")
    return f"[{style}]{status}[/{style}]"


def visible(text: str) -> str:
    """Return what others wrote without anything that a terminal obeys, or that turns its lines around."""
    return _OBEYED.sub("\ufffd", text)


def foreign(text: str) -> str:
    """Return what others wrote as rich markup that shows it as it is: no tags, and what ``visible`` leaves."""
    from rich.markup import escape

    return escape(visible(text))


def listing(name: str, *facts: str) -> Table:
    """Return a table of things, to be filled: on a narrow terminal facts give way, and names can be copied."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(name, no_wrap=True)
    for fact in facts:
        table.add_column(fact)
    return table
