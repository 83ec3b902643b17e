"""What a process and those that it started take, as Linux tells it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children that run."""
    ticks = 0
    for process in _family(pid):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process and its children; pages that they share count for each."""
    pages = sum(int((process / "statm").read_text().split()[1]) for process in _family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _family(pid: int) -> Iterator[Path]:
    process = Path(f"/proc/{pid}")
    yield process
    for task in (process / "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))
