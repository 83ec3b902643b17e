"""``dashstream bench``: a load on a running gateway, and whether everything was delivered as promised."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashstream.cli.connection import DataDirOption, Gateway, JsonOption, TokenOption, UrlOption, find_gateway
from dashstream.cli.output import write_json

if TYPE_CHECKING:
    from dashstream.bench.run import Load, Report

SHOWN = 20
CUT_HELP = "Each client hangs up and resumes after so many seconds, on average; 0 never."
SETTLE_HELP = "Seconds after the last record within which everything has to be delivered."
KEEP_HELP = "Directory for the clients' journals; default: a temporary one."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    records: Annotated[int, typer.Option(min=1, max=1_000_000, help="Records to write.")] = 10_000,
    rate: Annotated[int, typer.Option(min=1, max=100_000, help="Records a second.")] = 1_000,
    clients: Annotated[int, typer.Option(min=1, max=500, help="WebSocket clients that follow.")] = 8,
    cut_every: Annotated[float, typer.Option(min=0, max=3_600, help=CUT_HELP)] = 0.0,
    settle: Annotated[float, typer.Option(min=1, max=600, help=SETTLE_HELP)] = 30.0,
    seed: Annotated[int, typer.Option(help="What chance decides follows from it.")] = 1,
    keep: Annotated[Path | None, typer.Option(help=KEEP_HELP)] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Put load on a running gateway and check each delivery: lost, doubled, reordered or altered.

    Its records stay on the log until retention removes them, in threads whose names begin with `bench-`. Exit code 0:
    everything was delivered as promised; 1: it was not.

    Examples:

    - `dashstream bench`
    - `dashstream bench --records 100000 --rate 5000 --clients 50 --cut-every 5 --json`
    """
    from dashstream.bench.run import Load

    gateway = find_gateway(url, token, data_dir)
    load = Load(records, rate, clients, cut_every, settle, seed)
    with tempfile.TemporaryDirectory(prefix="dashstream-bench-") as made:
        directory = keep or Path(made)
        directory.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(_run(load, gateway, directory, is_shown=not json))
    if json:
        write_json(_as_json(report))
    else:
        _show(report)
    raise typer.Exit(1 if report.violations else 0)


async def _run(load: Load, gateway: Gateway, directory: Path, *, is_shown: bool) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from dashstream.bench.run import run

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not (is_shown and console.is_terminal)) as bar:
        task = bar.add_task("", total=load.records)
        return await run(
            load,
            gateway.url,
            gateway.token,
            directory,
            lambda what, done: bar.update(task, description=what, completed=done),
        )


def _as_json(report: Report) -> dict[str, object]:
    return {
        "verdict": "broken" if report.violations else "kept",
        "records": report.records,
        "seconds": round(report.seconds, 3),
        "records_per_s": round(report.records / report.seconds),
        "delivered": report.delivered,
        "deliveries_per_s": round(report.delivered / report.seconds),
        "connections": report.connections,
        "gaps": report.gaps,
        "retries": report.retries,
        "latency_ms": {name: round(report.latency(share) * 1e3, 1) for name, share in LATENCIES.items()},
        "violations": [violation._asdict() for violation in report.violations],
    }


LATENCIES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("figure", "value")
    table.add_row("records written", f"{report.records:,} in {report.seconds:.1f} s")
    table.add_row("records a second", f"{report.records / report.seconds:,.0f}")
    table.add_row("deliveries", f"{report.delivered:,} over {report.connections:,} connections")
    table.add_row("deliveries a second", f"{report.delivered / report.seconds:,.0f}")
    table.add_row("gaps told, producers' retries", f"{report.gaps:,}, {report.retries:,}")
    for name, share in LATENCIES.items():
        table.add_row(f"latency {name}", f"{report.latency(share) * 1e3:,.1f} ms")
    console.print(table)
    for violation in report.violations[:SHOWN]:
        console.print(str(violation), style="red", markup=False)
    if report.violations:
        console.print(f"{len(report.violations)} promises broken", style="bold red")
    else:
        console.print("every record once and in order", style="bold green")
