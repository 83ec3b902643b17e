"""Every command explains itself, and the shell can complete it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import DASHSTREAM
from dashstream.cli.__main__ import EXIT_CODES
from dashstream.cli.app import build


def leaves(command: Any, name: str = "") -> dict[str, Any]:
    """Return every command that does something, by its full name."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return {name: command}
    return {
        full: leaf for word, child in inner.items() for full, leaf in leaves(child, f"{name} {word}".strip()).items()
    }


ROOT: Any = typer.main.get_command(build())
LEAVES = leaves(ROOT)
TIMEOUT_S = 60


def dashstream(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DASHSTREAM, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "120", **env},
    )


@pytest.mark.parametrize("name", LEAVES)
def test_help_says_what_a_command_does_with_an_example(name: str) -> None:
    command = LEAVES[name]
    assert command.help.partition("\n")[0].rstrip().endswith(".")
    assert f"`dashstream {name}" in command.help.partition("Example")[2]
    unexplained = [parameter.name for parameter in command.params if not parameter.help and parameter.name != "help"]
    assert unexplained == []
    shown = dashstream(*name.split(), "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"dashstream {name}" in shown.stdout


def test_help_lists_every_command_and_fits_a_screen() -> None:
    shown = dashstream("--help")
    assert shown.returncode == 0
    assert all(f" {name} " in shown.stdout for name in ROOT.commands)
    assert len(shown.stdout.splitlines()) <= 40


def test_no_arguments_show_the_help() -> None:
    assert "Usage: dashstream" in dashstream().stdout + dashstream().stderr


def test_exit_codes_are_told_apart() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


def test_completion_is_installed_and_completes(tmp_path: Path) -> None:
    """In a shell of its own, whose start file is the test's."""
    script = f'"{DASHSTREAM}" --install-completion'
    installed = subprocess.run(
        ["bash", "-c", f"{script}; exit $?"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert installed.returncode == 0, installed.stderr
    assert "dashstream" in (tmp_path / ".bashrc").read_text()
    completed = dashstream(_DASHSTREAM_COMPLETE="complete_bash", COMP_WORDS="dashstream do", COMP_CWORD="1")
    assert completed.stdout.split() == ["doctor"]
