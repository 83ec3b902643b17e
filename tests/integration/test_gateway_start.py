"""A gateway's start on a data directory: what it leaves there is its owner's, and what stops it is named."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from conftest import DASHSTREAM, GatewayProcess


async def refusal(folder: Path, *options: str) -> tuple[int | None, str]:
    """Start a gateway that cannot be; return its exit code and what it says."""
    command = [str(DASHSTREAM), "serve", "--port", "0", "--data-dir", str(folder), *options]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, said.decode()


async def test_what_it_writes_is_its_owner_s_although_the_directory_is_open(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    folder.chmod(0o755)
    running = GatewayProcess(folder)
    await running.start()
    open_to_others = [path.name for path in folder.iterdir() if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    names = {path.name for path in folder.iterdir()}
    await running.stop()
    assert {"log.db", "index.db", "commits.db", "dead-letters.db", "token"} <= names
    assert open_to_others == []


@pytest.mark.parametrize("name", ["log.db", "commits.db", "dead-letters.db"])
async def test_a_damaged_file_is_named_with_who_knows_more(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"hello" * 1_000)
    code, said = await refusal(tmp_path)
    assert code == 1
    assert f"{tmp_path / name}: the file is damaged" in said
    assert "dashstream doctor" in said


async def test_a_file_is_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = await refusal(tmp_path / "file")
    assert (code, said.strip()) == (1, f"dashstream: data directory {tmp_path / 'file'}: is a file, not a directory")


async def test_a_broker_that_is_not_there_is_named_once_not_at_each_try(tmp_path: Path) -> None:
    with socket.socket() as bound:  # but nobody listens
        bound.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{bound.getsockname()[1]}"
        code, said = await refusal(tmp_path, "--kafka-bootstrap", nowhere)
    lines = said.splitlines()
    assert code == 1
    assert "cannot look at topic 'dashstream'" in lines[-1]
    assert 1 <= sum(nowhere in line for line in lines) <= 2, said
