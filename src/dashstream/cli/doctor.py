"""``dashstream doctor``: check a data directory, and say what to do about what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dashstream.cli.connection import DataDirOption, JsonOption, data_dir_of
from dashstream.cli.output import write_json

if TYPE_CHECKING:
    from dashstream.engine.finding import Finding

MARKS = {"ok": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "problem": "[red]✗[/red]"}
VERDICTS = {True: "healthy", False: "problems"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """Check a data directory: files, log, sequences, every state's hash, run index. Nothing is changed.

    A gateway may run on the directory meanwhile. Exit code 0: healthy; 1: problems found. Warnings do not count.

    Examples:

    - `dashstream doctor`
    - `dashstream doctor --data-dir ./copy --json`
    """
    from dashstream.engine.finding import is_healthy

    folder = data_dir_of(data_dir)
    findings = asyncio.run(_check(folder, lambda _done, _total: None, lambda _: None)) if json else _check_shown(folder)
    healthy = is_healthy(findings)
    if json:
        write_json(
            {
                "data_dir": str(folder),
                "verdict": VERDICTS[healthy],
                "checks": [_as_json(finding) for finding in findings],
            }
        )
    raise typer.Exit(0 if healthy else 1)


async def _check(
    folder: Path, on_progress: Callable[[int, int], None], on_finding: Callable[[Finding], None]
) -> list[Finding]:
    import os

    from dashstream.app.doctor import check
    from dashstream.engine.limits import IngestLimits
    from dashstream.options import load

    limit = load(IngestLimits, "ingest", os.environ).max_record_bytes
    findings = []
    async for finding in check(folder, max_record_bytes=limit, on_progress=on_progress):
        findings.append(finding)
        on_finding(finding)
    return findings


def _check_shown(folder: Path) -> list[Finding]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    console = Console(highlight=False, soft_wrap=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("records", total=None)

        def show(finding: Finding) -> None:
            console.print(f"{MARKS[finding.level]} [bold]{finding.name:10}[/bold] {escape(finding.detail)}")
            if finding.remedy is not None:
                console.print(f"             [dim]{escape(finding.remedy)}[/dim]")

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        findings = asyncio.run(_check(folder, advance, show))
    levels = [str(finding.level) for finding in findings]
    if "problem" in levels:
        console.print(f"\n[red bold]{_count(levels.count('problem'), 'problem')} found.[/red bold]")
    else:
        notes = f" {_count(levels.count('warning'), 'warning')}." if "warning" in levels else ""
        console.print(f"\n[green bold]Healthy.[/green bold]{notes}")
    return findings


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_json(finding: Finding) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": finding.name, "level": str(finding.level), "detail": finding.detail}
    if finding.remedy is not None:
        shown["remedy"] = finding.remedy
    return {**shown, "counts": dict(finding.counts)}
