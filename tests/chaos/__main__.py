"""``make chaos``: a run with a progress bar, its figures and its verdict."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import fields, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from chaos.plan import Plan
from chaos.run import Verdict, run

SHOWN = 40


def main() -> int:
    """Run as told; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="chaos", description="Two gateways under load and faults, judged from outside."
    )
    for each in fields(Plan):
        flag = f"--{each.name.replace('_', '-')}"
        parser.add_argument(flag, type=type(each.default), default=each.default, help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="directory for all that is left behind; default: a temporary one")
    parser.add_argument("--records", type=int, help="good records to be written; overrides --seconds")
    given = vars(parser.parse_args())
    keep, records = given.pop("keep"), given.pop("records")
    plan = Plan(**given)
    if records is not None:
        plan = replace(plan, seconds=plan.seconds_for(records))
    console = Console()
    console.print(f"seed {plan.seed}: {plan}")
    with tempfile.TemporaryDirectory(prefix="chaos") as made:
        directory = keep or Path(made)
        directory.mkdir(parents=True, exist_ok=True)
        verdict = _run(plan, directory, console)
    _show(verdict, console)
    return 1 if verdict.violations else 0


def _run(plan: Plan, directory: Path, console: Console) -> Verdict:
    columns = (BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f} s"), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("", total=plan.seconds)
        return asyncio.run(run(plan, directory, lambda what, at_s: bar.update(task, description=what, completed=at_s)))


def _show(verdict: Verdict, console: Console) -> None:
    table = Table("figure", "value", title=f"seed {verdict.plan.seed}")
    for name, value in verdict.figures.items():
        table.add_row(name, f"{value:,}")
    console.print(table)
    faults = Table("fault", "times", title=f"{sum(verdict.faults.values()):,} faults")
    for name, times in verdict.faults.items():
        faults.add_row(name, f"{times:,}")
    console.print(faults)
    for violation in verdict.violations[:SHOWN]:
        console.print(str(violation), style="red", markup=False)
    if verdict.violations:
        console.print(f"{len(verdict.violations)} promises broken", style="bold red")
    else:
        console.print("every promise kept", style="bold green")


if __name__ == "__main__":
    sys.exit(main())
