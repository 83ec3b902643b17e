"""Every sentence of docs/reference/outside-tools.md, by running the real command. One test for each section."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import DASHSTREAM, GatewayProcess
from dashstream.app.data_dir import read_discovery
from dashstream.app.settings import all_options
from dashstream.cli.connection import Gateway
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from data_dirs import change, fill, remove, run_records, table_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "outside-tools.md").read_text(encoding="utf-8")
TIMEOUT_S = 60.0


def example(label: str) -> dict[str, Any]:
    """Return the page's example with this label."""
    (text,) = re.findall(rf"```json {label}\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


async def dashstream(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def post(gateway: GatewayProcess, records: list[bytes]) -> None:
    answer = Gateway(gateway.url, gateway.token).post("/v1/records", pack_records(records), CONTENT_TYPE)
    assert answer["accepted"] == len(records)


def test_every_section_has_a_test() -> None:
    sections = [title.lower().replace(" ", "_") for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)]
    assert len(sections) > 5
    missing = [name for name in sections if not any(test.startswith(f"test_{name}") for test in globals())]
    assert not missing


def test_setup_leaves_the_command_and_the_page() -> None:
    assert DASHSTREAM == ROOT / ".venv" / "bin" / "dashstream"
    assert os.access(DASHSTREAM, os.X_OK)
    assert re.search(r"^setup: \$\(RUN_STAMP\) \$\(PAGE\)", (ROOT / "Makefile").read_text(), re.MULTILINE)


async def test_serve_prints_one_line_when_it_answers(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        *("serve", "--host", "127.0.0.1", "--port", "0", "--data-dir", folder, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S))
    assert ready.keys() == example("ready").keys()
    assert ready["pid"] == process.pid
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d+", ready["url"])
    assert ready["ws_url"] == ready["url"].replace("http", "ws", 1) + "/ws"
    assert Gateway(ready["url"], ready["token"]).get("/readyz") == {"status": "ready"}
    code, out, err = await dashstream("serve", "--port", "0", "--data-dir", str(folder), "--json")
    assert (code, out) == (1, "")
    assert str(process.pid) in err
    process.send_signal(signal.SIGTERM)
    rest, log = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert rest == b""
    assert b"gateway stopped" in log
    assert process.returncode == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_stop_is_clean(tmp_path: Path, stop: signal.Signals) -> None:
    gateway = GatewayProcess(tmp_path / "data")
    await gateway.start()
    assert gateway.process
    post(gateway, run_records(steps=3))
    gateway.process.send_signal(stop)
    assert await asyncio.wait_for(gateway.process.wait(), TIMEOUT_S) == 0
    assert read_discovery(gateway.data_dir) is None


async def test_stop_by_kill_loses_nothing(restartable_gateway: GatewayProcess) -> None:
    gateway = restartable_gateway
    records, token = run_records(steps=3), gateway.token
    post(gateway, records)
    await gateway.kill()
    await gateway.start()
    assert gateway.token == token
    code, out, _ = await dashstream("tail", "--json", "--no-follow", "--data-dir", str(gateway.data_dir))
    assert (code, len(lines(out))) == (0, len(records))


async def test_settings_are_variables_and_flags(tmp_path: Path) -> None:
    _, out, _ = await dashstream("serve", "--help", env={"COLUMNS": "200", "TERM": "dumb"})
    for option in all_options():
        assert option.env == f"DASHSTREAM_{option.section}_{option.field}".upper()
        assert option.flag in out
    serve = ("serve", "--port", "0", "--data-dir", str(tmp_path))
    code, _, err = await dashstream(*serve, env={"DASHSTREAM_LOG_PARTITIONS": "0"})
    assert code == 2
    assert "DASHSTREAM_LOG_PARTITIONS" in err
    code, _, err = await dashstream(*serve, "--log-partitions", "-3", env={"DASHSTREAM_LOG_PARTITIONS": "0"})
    assert (code, "-3" in err) == (2, True)


async def test_demo_ends_by_itself(tmp_path: Path) -> None:
    code, out, err = await dashstream(
        "demo", "--runs", "2", "--no-browser", "--pace", "0", "--data-dir", str(tmp_path / "data")
    )
    assert code == 0, err
    assert out.count("asking: ") == 2
    assert read_discovery(tmp_path / "data") is None
    code, out, _ = await dashstream("doctor", "--json", "--data-dir", str(tmp_path / "data"))
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 0
    assert checks["run_index"]["counts"]["runs"] >= 2
    assert checks["spool"]["counts"]["records"] == 0


async def test_tail_prints_records_and_gaps(tmp_path: Path) -> None:
    folder, records = tmp_path / "data", run_records(steps=5)
    await fill(folder, records)
    remove(folder, 4, 5)
    gateway = GatewayProcess(folder)
    await gateway.start()
    try:
        code, out, err = await dashstream("tail", "--json", "--no-follow", "--data-dir", str(folder))
    finally:
        await gateway.stop()
    assert (code, err) == (0, "")
    found = lines(out)
    gaps = [line for line in found if line["type"] == "gap"]
    assert [(gap["from"], gap["to"], gap["reason"]) for gap in gaps] == [("4", "6", "lost")]
    assert gaps[0].keys() == example("gap").keys()
    delivered = [line for line in found if line["type"] == "record"]
    assert all(line.keys() == example("record").keys() for line in delivered)
    assert [int(line["offset"]) for line in delivered] == [at for at in range(len(records)) if at not in {4, 5}]
    assert [int(line["sequence"]) for line in delivered] == [int(line["offset"]) + 1 for line in delivered]


async def test_tail_goes_on_across_a_restart(restartable_gateway: GatewayProcess) -> None:
    gateway = restartable_gateway
    records = run_records(steps=5)
    half = len(records) // 2
    post(gateway, records[:half])
    tail = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        *("tail", "--json", "--url", gateway.url, "--token", gateway.token),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert tail.stdout
    found = [await asyncio.wait_for(tail.stdout.readline(), TIMEOUT_S) for _ in range(half)]
    await gateway.kill()
    await gateway.start()
    post(gateway, records[half:])
    found += [await asyncio.wait_for(tail.stdout.readline(), TIMEOUT_S) for _ in records[half:]]
    tail.terminate()
    await tail.communicate()
    assert [json.loads(line)["offset"] for line in found] == [str(at) for at in range(len(records))]


async def test_tail_says_what_cannot_be_decoded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, run_records(steps=1), fold=False)
    statement = f"UPDATE {table_of(folder)} SET value = x'00ff' WHERE offset = 3"  # noqa: S608  # our own name
    change(folder / "log.db", statement)
    gateway = GatewayProcess(folder)
    await gateway.start()
    try:
        _, out, _ = await dashstream("tail", "--json", "--no-follow", "--data-dir", str(folder))
    finally:
        await gateway.stop()
    (broken,) = [line for line in lines(out) if line["kind"] == "undecodable"]
    assert (broken["offset"], broken["run_id"], broken["error"]) == ("3", "", "decode_failed")


async def test_doctor_prints_one_object(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, run_records(steps=1))
    for code in (0, 1):
        ended, out, err = await dashstream("doctor", "--json", "--data-dir", str(folder))
        assert (ended, err) == (code, "")
        (found,) = lines(out)
        assert found.keys() == example("doctor").keys()
        assert found["verdict"] == ("problems" if code else "healthy")
        shown = example("doctor")["checks"][0]
        (offsets,) = [check for check in found["checks"] if check["name"] == shown["name"]]
        assert offsets.keys() - {"remedy"} == shown.keys()
        assert offsets["counts"].keys() == shown["counts"].keys()
        if code == 0:
            remove(folder, 5)


async def test_bench_prints_one_object(gateway: GatewayProcess) -> None:
    command = ("bench", "--json", "--data-dir", str(gateway.data_dir), "--records", "100", "--clients", "2")
    code, out, err = await dashstream(*command)
    assert (code, err) == (0, "")
    (found,) = lines(out)
    assert found.keys() == example("bench").keys()
    assert found["latency_ms"].keys() == example("bench")["latency_ms"].keys()
    assert (found["verdict"], found["delivered"], found["violations"]) == ("kept", 200, [])


async def test_exit_codes(tmp_path: Path) -> None:
    assert (await dashstream("runs", "--no-such-flag"))[0] == 2
    assert (await dashstream("runs", "--data-dir", str(tmp_path)))[0] == 3
    assert (await dashstream("runs", "--url", "http://127.0.0.1:1"))[0] == 3
    assert (await dashstream("doctor", "--data-dir", str(tmp_path)))[0] == 4
    (tmp_path / "seven.py").write_text("raise SystemExit(7)\n")
    assert (await dashstream("run", str(tmp_path / "seven.py"), env={"DASHSTREAM_DATA_DIR": str(tmp_path)}))[0] == 7
