"""A stranger's first minute: the wheel into an empty environment, then the demo, with no node on the path.

Cold is everything from `pip install` to the page being served; warm is the second start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from _processes import resident_mib
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]


def build_wheel(into: Path) -> Path:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", into], cwd=ROOT, check=True)
    return next(into.glob("*.whl"))


def install(wheel: Path, environment: Path) -> float:
    """Make an empty environment with the wheel in it; returns seconds."""
    began = time.monotonic()
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python", wheel], check=True)
    return time.monotonic() - began


def serve(environment: Path, data_dir: Path) -> tuple[float, float, int]:
    """Start the gateway; returns seconds until the page is served, idle memory in MiB, the page's size."""
    began = time.monotonic()
    process = subprocess.Popen(
        [environment / "bin" / "dashstream", "serve", "--json", "--port", "0", "--data-dir", data_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": "/nonexistent", "HOME": os.environ.get("HOME", "/")},
    )
    try:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(ready["url"] + "/") as answer:
            page = len(answer.read())
        seconds = time.monotonic() - began
        return seconds, resident_mib(process.pid), page
    finally:
        process.terminate()
        process.wait(30)


def packages(environment: Path) -> int:
    return len(list((environment / "lib").glob("python*/site-packages/*.dist-info")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build_wheel(folder / "dist")
        environment = folder / "venv"
        installed = install(wheel, environment)
        first, _, page = serve(environment, folder / "data")
        warm, memory, _ = serve(environment, folder / "data")
        size = wheel.stat().st_size
        count = packages(environment)
    table = Table(title="First run, from the wheel")
    for column in ("what", "figure", "goal"):
        table.add_column(column)
    table.add_row("install and first start (cold)", f"{installed + first:.1f} s", "10 s")
    table.add_row("second start (warm)", f"{warm:.2f} s", "2 s")
    table.add_row("idle memory of the gateway", f"{memory:.0f} MiB", "120 MiB")
    table.add_row("wheel", f"{size / 1e6:.2f} MB", "")
    table.add_row("packages installed", str(count), "")
    table.add_row("page answered", f"{page} bytes", "> 0")
    Console().print(table)


if __name__ == "__main__":
    main()
