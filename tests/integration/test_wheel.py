"""The wheel: with a compiler it brings native writes for its platform, and without one it is a plain one for all."""

from __future__ import annotations

import ctypes
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

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


def installed(wheel: Path, folder: Path) -> Path:
    """Install the wheel into a new environment that finds what it depends on here; return that one's Python."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_a_compiler_makes_a_wheel_of_this_platform_with_native_writes(tmp_path: Path) -> None:
    assert shutil.which("cc"), "whoever builds wheels has a compiler"
    wheel = built(tmp_path, os.environ["PATH"])
    tags = parse_wheel_filename(wheel.name)[3]
    assert {(tag.interpreter, tag.abi) for tag in tags} == {("py3", "none")}
    assert tags <= set(sys_tags())
    assert not [tag for tag in tags if tag.platform == "any" or tag.platform.startswith("linux_")]
    with zipfile.ZipFile(wheel) as archive:
        library = archive.extract(f"{FOLDER}/_flush.so", tmp_path)
    assert ctypes.CDLL(library).dashstream_flush
    python = installed(wheel, tmp_path / "environment")
    asked = [
        python,
        "-c",
        f"from {FOLDER.replace('/', '.')} import native as n; print(n.__file__, n.Lanes(n.library()).is_native)",
    ]
    told = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert told.startswith(str(tmp_path / "environment"))
    assert told.endswith(" True\n")


@pytest.mark.parametrize(
    ("platform", "library", "tag"),
    [
        ("linux-x86_64", b"\0memcpy\0GLIBC_2.2.5\0GLIBC_2.14\0", "manylinux_2_17_x86_64"),
        ("linux-aarch64", b"\0send\0GLIBC_2.17\0GLIBC_2.38\0memcpy@GLIBC_2.99\0", "manylinux_2_38_aarch64"),
        ("linux-x86_64", b"\0GLIBC_2.2.5\0GLIBC_ABI_DT_RELR\0", "linux_x86_64"),
        ("linux-x86_64", b"\0libc.musl-x86_64.so.1\0", "linux_x86_64"),
        ("macosx-11.0-arm64", b"", "macosx_11_0_arm64"),
    ],
)
def test_the_wheel_claims_the_oldest_system_that_its_library_works_on(platform: str, library: bytes, tag: str) -> None:
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))
    assert hook["platform_tag"](platform, library) == tag


def test_without_a_compiler_the_wheel_is_for_all_platforms(tmp_path: Path) -> None:
    wheel = built(tmp_path, str(tmp_path / "nothing"))
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"{FOLDER}/native.py" in names
    assert not [name for name in names if name.endswith(".so")]
