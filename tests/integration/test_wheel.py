"""The wheel: with a compiler it brings native writes for its platform, and without one it is a plain one for all."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "dashstream/adapters/websocket"
PARTS = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")


def built(folder: Path, path: str) -> Path:
    """Build the wheel from a copy of the sources, with what is on ``path`` as the only programs; return it."""
    for part in PARTS:
        shutil.copy(ROOT / part, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=folder, env={"PATH": path}, check=True, capture_output=True)
    (wheel,) = (folder / "dist").iterdir()
    return wheel


def test_a_compiler_makes_a_wheel_of_this_platform_with_native_writes(tmp_path: Path) -> None:
    assert shutil.which("cc"), "whoever builds wheels has a compiler"
    wheel = built(tmp_path, os.environ["PATH"])
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        library = archive.extract(f"{FOLDER}/_flush.so", tmp_path)
    assert ctypes.CDLL(library).dashstream_flush


def test_without_a_compiler_the_wheel_is_for_all_platforms(tmp_path: Path) -> None:
    wheel = built(tmp_path, str(tmp_path / "nothing"))
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"{FOLDER}/native.py" in names
    assert not [name for name in names if name.endswith(".so")]
