"""Every block of docs/howto/instrument.md and of the README runs and does what is said around it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conftest import DASHSTREAM
from dashstream.adapters.kafka.options import KafkaOptions
from dashstream.adapters.spool import adopt_orphans
from dashstream.app.data_dir import SPOOL_DIR
from dashstream.cli.app import build
from dashstream.engine.items import Item, items_of
from dashstream.engine.run_state import StateFold
from dashstream.engine.runs import Run, fold
from dashstream.protocol.proto_codec import Kind, decode
from dashstream.sdk.settings import SdkSettings
from spec_pages import blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "howto" / "instrument.md"
README = ROOT / "README.md"
TIMEOUT_S = 60.0
ABSENT = {"DASHSTREAM_SDK_URL": "", "DASHSTREAM_SDK_TOKEN": ""}


async def execute(command: Sequence[str | Path], folder: Path, **env: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **ABSENT, "DASHSTREAM_DATA_DIR": str(folder / "data"), **env},
    )
    out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def recorded(folder: Path) -> list[Item]:
    """Return what the program left in the spool, there being no gateway."""
    items: list[Item] = []
    for spool in adopt_orphans(folder / "data" / SPOOL_DIR):
        with spool:
            while values := spool.read(1 << 20):
                items += [item for value in values for item in items_of(decode(value), 0, len(items))]
                spool.advance()
    return [Item(0, offset, 0, item.kind, item.header, item.body) for offset, item in enumerate(items)]


def runs_of(items: list[Item]) -> dict[str, Run]:
    runs: dict[str, Run] = {}
    for item in items:
        runs[item.run_id] = fold(runs.get(item.run_id), item)
    return runs


async def run_block(folder: Path, label: str, *, page: Path = PAGE, **env: str) -> list[Item]:
    """Run one block next to app.py; it has to end well and to print nothing of ours."""
    (folder / "app.py").write_text(blocks(PAGE, "python app.py")[0])
    (folder / "block.py").write_text(blocks(page, f"python {label}".rstrip())[0])
    code, out, err = await execute([sys.executable, "block.py"], folder, **env)
    assert (code, out) == (0, ""), err
    return recorded(folder)


def test_every_block_has_a_test() -> None:
    labels = set(re.findall(r"^```python (\S+)$", PAGE.read_text(), re.MULTILINE)) - {"app.py"}
    source = Path(__file__).read_text()
    assert len(labels) > 5
    assert [label for label in labels if f'"{label}"' not in source] == []


async def test_no_code_change(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(blocks(PAGE, "python app.py")[0])
    _, alone, _ = await execute([sys.executable, "app.py"], tmp_path)
    assert "sky blue" in alone
    code, out, err = await execute([DASHSTREAM, "run", "app.py", "--its-own", "flags"], tmp_path)
    assert (code, out) == (0, alone), err
    (run,) = runs_of(recorded(tmp_path)).values()
    assert (run.graph_name, run.status, run.supersteps) == ("thinker", "ok", 2)


async def test_what_goes_wrong_with_telemetry_is_no_output_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(blocks(PAGE, "python app.py")[0])
    _, alone, _ = await execute([sys.executable, "app.py"], tmp_path)
    code, out, err = await execute([DASHSTREAM, "run", "app.py"], tmp_path, DASHSTREAM_SDK_QUEUE_RECORDS="many")
    assert (code, out) == (0, alone)
    assert "DASHSTREAM_SDK_QUEUE_RECORDS" in err


async def test_one_line(tmp_path: Path) -> None:
    runs = runs_of(await run_block(tmp_path, "everywhere"))
    assert [run.status for run in runs.values()] == ["ok"]


async def test_only_some(tmp_path: Path) -> None:
    items = await run_block(tmp_path, "some")
    starts = [item.body for item in items if item.type == "GRAPH_START"]
    assert len(starts) == 2
    assert all("observed" in start.attributes["input"].string_value for start in starts)
    assert not any("not observed" in start.attributes["input"].string_value for start in starts)


async def test_recorder(tmp_path: Path) -> None:
    items = await run_block(tmp_path, "recorder")
    (run,) = runs_of(items).values()
    assert (run.graph_name, run.thread_id, run.status) == ("researcher", "conversation-7", "ok")
    assert (run.llm_calls, run.tool_calls, run.node_executions, run.supersteps) == (1, 1, 1, 1)
    assert (run.prompt_tokens, run.completion_tokens) == (12, 6)
    tokens = "".join(item.body.text for item in items if item.kind is Kind.TOKEN_CHUNK)
    assert tokens == "Short waves scatter more."
    states = StateFold()
    for item in items:
        states.apply(item)
    assert states.current
    assert states.current.verified
    assert states.current.value == {"question": "why?", "notes": ["Short waves scatter more."]}


async def test_redaction(tmp_path: Path) -> None:
    items = await run_block(tmp_path, "redaction")
    states = StateFold()
    for item in items:
        states.apply(item)
    assert states.current
    assert states.current.verified
    assert states.current.value == {"question": "charge [redacted]", "notes": ["[redacted]", "[redacted]"]}
    whole = b"".join(item.body.SerializeToString() for item in items)
    assert b"4111111111111111" not in whole
    assert b"private" not in whole


async def test_blocks_about_settings(tmp_path: Path) -> None:
    assert await run_block(tmp_path, "tokens") == []
    assert await run_block(tmp_path, "settings") == []
    names = set(re.findall(r"DASHSTREAM_SDK_([A-Z_]+)", PAGE.read_text()))
    assert {name.lower() for name in names} <= set(SdkSettings.__dataclass_fields__)


async def test_straight_to_kafka(tmp_path: Path) -> None:
    page = PAGE.read_text()
    names = {name.lower() for name in re.findall(r"DASHSTREAM_KAFKA_([A-Z_]+)", page)}
    assert len(names) > 2
    assert names <= set(KafkaOptions.__dataclass_fields__)
    items = await run_block(tmp_path, "kafka", DASHSTREAM_KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert [run.status for run in runs_of(items).values()] == ["ok"], "with no broker it waits on disk"
    _, _, said = await execute([DASHSTREAM, "run", "app.py"], tmp_path, DASHSTREAM_KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert "straight to Kafka" in said


async def test_flush_and_off(tmp_path: Path) -> None:
    assert await run_block(tmp_path, "flush")
    assert await run_block(tmp_path, "everywhere", DASHSTREAM_SDK_ENABLED="0") == []


@pytest.mark.parametrize("page", [PAGE, README, ROOT / "docs" / "howto" / "operate.md"], ids=lambda page: page.name)
def test_commands_that_are_named_exist(page: Path) -> None:
    commands = {command.name or command.callback.__name__.rstrip("_") for command in build().registered_commands}
    commands |= {str(group.name) for group in build().registered_groups}
    named = set(re.findall(r"`?dashstream ([a-z]+)\b", page.read_text())) - {"run"}
    assert len(named) > 2
    assert named <= commands


@pytest.mark.parametrize("number", [0, 1])
async def test_blocks_of_the_readme(tmp_path: Path, number: int) -> None:
    found = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert len(found) == 2
    (tmp_path / "block.py").write_text(found[number])
    code, out, err = await execute([sys.executable, "block.py"], tmp_path)
    assert (code, out) == (0, ""), err
    if "Recorder" in found[number]:
        (run,) = runs_of(recorded(tmp_path)).values()
        assert (run.graph_name, run.status, run.node_executions) == ("import-job", "ok", 1)
