"""``dashstream doctor`` on whole, damaged, shortened and gap-holding directories; the real command each time."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from conftest import DASHSTREAM, GatewayProcess
from dashstream.adapters.spool import SpoolDirectory
from dashstream.adapters.sqlite.commits import SqliteCommits
from dashstream.app.data_dir import COMMITS_FILE, DEAD_LETTERS_FILE, INDEX_FILE, LOG_FILE, SPOOL_DIR
from dashstream.app.duty_wiring import letters_topic
from dashstream.cli.connection import Gateway
from dashstream.engine.limits import LogLimits
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import decode, encode
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from data_dirs import change, fill, remove, run_records, table_of
from parts.kafka import KafkaTopic

STEPS = 40


def build(*, thread: str = "thread-1", steps: int = STEPS) -> list[bytes]:
    return run_records(thread=thread, steps=steps)


async def doctor(folder: Path, *flags: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        "doctor",
        "--data-dir",
        folder,
        *flags,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def findings(folder: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """Run it for a program; the exit code has to fit the verdict, and each bad finding has a remedy."""
    code, out, err = await doctor(folder, "--json")
    assert err == ""
    found = json.loads(out)
    assert found["data_dir"] == str(folder)
    assert code == {"healthy": 0, "problems": 1}[found["verdict"]]
    checks = {check["name"]: check for check in found["checks"]}
    assert len(checks) == len(found["checks"])
    for check in checks.values():
        assert check["level"] in {"ok", "warning", "problem"}
        assert (check["level"] == "ok") == ("remedy" not in check)
        assert all(type(count) is int for count in check["counts"].values())
    problems = any(check["level"] == "problem" for check in checks.values())
    assert problems == (found["verdict"] == "problems")
    return found["verdict"], checks


def levels(checks: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the checks that are not ok."""
    return {name: check["level"] for name, check in checks.items() if check["level"] != "ok"}


async def test_a_whole_directory_is_healthy_and_stays_as_it_was(tmp_path: Path) -> None:
    await fill(tmp_path / "data", build())
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    verdict, checks = await findings(tmp_path / "data")
    assert verdict == "healthy"
    assert levels(checks) == {}
    assert checks["states"]["counts"] == {"steps": STEPS, "verified": STEPS}
    assert checks["offsets"]["counts"]["records"] == checks["sequences"]["counts"]["sequenced"] == 4 * STEPS + 4
    assert checks["run_index"]["counts"] == {"runs": 1, "behind": 0, "different": 0}
    after = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name in before}
    assert after == before


async def test_people_get_a_verdict(tmp_path: Path) -> None:
    await fill(tmp_path / "data", build())
    code, out, _ = await doctor(tmp_path / "data")
    assert code == 0
    assert "✓ states" in out
    assert "Healthy." in out
    remove(tmp_path / "data", 9)
    code, out, _ = await doctor(tmp_path / "data")
    assert code == 1
    assert "✗ offsets" in out
    assert "problems found." in out


async def test_a_deleted_record_is_a_hole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build())
    remove(folder, 6, 7)
    _, checks = await findings(folder)
    assert checks["offsets"]["level"] == "problem"
    assert checks["offsets"]["counts"]["missing"] == 2
    assert "6 to 7" in checks["offsets"]["detail"]
    assert checks["sequences"]["counts"]["unexplained"] == 2


async def test_a_missing_last_record_is_a_hole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build())
    remove(folder, 4 * STEPS + 3)
    _, checks = await findings(folder)
    assert checks["offsets"]["counts"]["missing"] == 1


async def test_a_record_that_does_not_decode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build())
    statement = f"UPDATE {table_of(folder)} SET value = x'00ff' WHERE offset = 8"  # noqa: S608  # our own name
    change(folder / LOG_FILE, statement)
    _, checks = await findings(folder)
    assert levels(checks)["records"] == "problem"
    assert checks["records"]["counts"]["decode"] == 1


async def test_a_state_that_is_not_what_its_producer_hashed(tmp_path: Path) -> None:
    folder, records = tmp_path / "data", build()
    message = decode(records[6]).message
    assert message.state_diff.operations
    message.state_diff.operations[0].value = b'"forged"'
    records[6] = encode(message)
    await fill(folder, records)
    _, checks = await findings(folder)
    assert levels(checks) == {"states": "problem"}
    assert checks["states"]["counts"]["hash_mismatch"] == 1
    assert checks["states"]["counts"]["verified"] < STEPS


async def test_a_gap_that_a_reported_loss_explains_is_no_problem(tmp_path: Path) -> None:
    folder, records = tmp_path / "data", build()
    gone = decode(records.pop(4))
    last = decode(records[-1])
    loss = pb.Loss(items=[pb.Loss.Item(type=pb.MESSAGE_TYPE_EVENT, reason=pb.LOSS_REASON_REJECTED, count=1)])
    loss.header.CopyFrom(last.header)
    loss.header.sequence += 1
    loss.header.type = pb.MESSAGE_TYPE_LOSS
    await fill(folder, records)
    verdict, checks = await findings(folder)
    assert (verdict, levels(checks)) == ("problems", {"sequences": "problem"})
    assert gone.header.thread_id in checks["sequences"]["detail"]
    await fill(folder, [encode(pb.DashStreamMessage(loss=loss))])
    verdict, checks = await findings(folder)
    assert (verdict, levels(checks)) == ("healthy", {"sequences": "warning"})
    assert checks["sequences"]["counts"]["reported_lost"] == 1


async def test_a_run_without_its_neighbours_is_healthy(tmp_path: Path) -> None:
    """As after the import of one of several runs of a thread."""
    folder, thread = tmp_path / "data", build()
    later = []
    for value in build(steps=2):
        message = decode(value).message
        header = getattr(message, str(message.WhichOneof("message"))).header
        header.producer_id = decode(thread[0]).header.producer_id
        header.sequence += 10_000
        later.append(encode(message))
    await fill(folder, [*thread, *later])
    verdict, checks = await findings(folder)
    assert verdict == "healthy"
    assert checks["sequences"]["counts"]["between_runs"] == 10_000 - len(thread)


async def test_what_retention_removed_is_no_hole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(), limits=LogLimits(retention_bytes=12_000))
    with closing(sqlite3.connect(folder / LOG_FILE)) as connection:
        (low,) = connection.execute("SELECT max(low) FROM partitions").fetchone()
    assert low > 0
    verdict, checks = await findings(folder)
    assert (verdict, levels(checks)) == ("healthy", {})
    assert checks["states"]["counts"]["no_checkpoint"] > 0


async def test_an_index_behind_the_log_is_healthy_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build())
    await fill(folder, build(thread="thread-2"), fold=False)
    verdict, checks = await findings(folder)
    assert verdict == "healthy"
    assert checks["run_index"]["counts"]["behind"] == 4 * STEPS + 4
    change(folder / INDEX_FILE, "UPDATE runs SET summary = replace(CAST(summary AS TEXT), '\"ok\"', '\"error\"')")
    _, checks = await findings(folder)
    assert levels(checks) == {"run_index": "problem"}
    assert checks["run_index"]["counts"]["different"] == 1
    (folder / INDEX_FILE).write_bytes(b"no index at all")
    _, checks = await findings(folder)
    assert levels(checks) == {"run_index": "problem"}


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1, 0.0])
async def test_a_shortened_log(tmp_path: Path, kept: float) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(steps=200))
    data = (folder / LOG_FILE).read_bytes()
    (folder / LOG_FILE).write_bytes(data[: int(len(data) * kept)])
    verdict, checks = await findings(folder)
    assert verdict == "problems"
    assert checks["log_file" if kept else "log"]["level"] == "problem"


async def test_flipped_bytes_are_found_wherever_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(steps=200))
    data = bytearray((folder / LOG_FILE).read_bytes())
    page = 4096
    hit = [at for at in range(page * 10, len(data), page * 11) if any(data[at : at + 512])]
    assert len(hit) >= 4
    for at in hit[:6]:
        damaged = bytearray(data)
        damaged[at : at + 512] = bytes(byte ^ 0xFF for byte in damaged[at : at + 512])
        copy = tmp_path / f"copy-{at}"
        shutil.copytree(folder, copy)
        (copy / LOG_FILE).write_bytes(damaged)
        verdict, _ = await findings(copy)
        assert verdict == "problems", at


async def test_a_token_that_others_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(steps=1))
    (folder / "token").write_text("a-token-that-is-long-enough\n")
    (folder / "token").chmod(0o644)
    folder.chmod(0o755)
    _, checks = await findings(folder)
    assert levels(checks) == {"token": "problem", "directory": "warning"}
    assert "chmod 600" in checks["token"]["remedy"]


async def test_records_that_wait_in_a_spool_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(steps=1))
    with SpoolDirectory.create(folder / SPOOL_DIR, "producer-1", 1 << 20) as spool:
        spool.append([b"one", b"two"])
    segment = next((folder / SPOOL_DIR / "producer-1").glob("*.spool"))
    with segment.open("ab") as file:
        file.write(b"torn")
    verdict, checks = await findings(folder)
    assert (verdict, levels(checks)) == ("healthy", {"spool": "warning"})
    counts = checks["spool"]["counts"]
    assert (counts["producers"], counts["records"], counts["torn"]) == (1, 2, 4)


async def test_while_a_gateway_runs_on_it_and_after_it_was_killed(restartable_gateway: GatewayProcess) -> None:
    gateway = restartable_gateway
    sent = Gateway(gateway.url, gateway.token).post("/v1/records", pack_records(build()), CONTENT_TYPE)
    assert sent["accepted"] == 4 * STEPS + 4
    verdict, checks = await findings(gateway.data_dir)
    assert (verdict, levels(checks)) == ("healthy", {})
    assert gateway.url in checks["gateway"]["detail"]
    assert checks["states"]["counts"]["verified"] == STEPS
    await gateway.kill()
    verdict, checks = await findings(gateway.data_dir)
    assert (verdict, levels(checks)) == ("healthy", {"gateway": "warning"})
    await gateway.start()


async def test_what_a_gateway_keeps_beside_its_log(restartable_gateway: GatewayProcess) -> None:
    gateway = restartable_gateway
    sent = Gateway(gateway.url, gateway.token).post("/v1/records", pack_records([*build(), b"\0" * 9]), CONTENT_TYPE)
    assert (sent["accepted"], len(sent["rejected"])) == (4 * STEPS + 4, 1)
    await gateway.stop()
    verdict, checks = await findings(gateway.data_dir)
    assert (verdict, levels(checks)) == ("healthy", {})
    assert checks["commits"]["counts"] == {"partitions": 8, "behind": 0, "ahead": 0, "other_logs": 0}
    assert checks["dead_letters"]["counts"] == {"entries": 0}
    change(gateway.data_dir / COMMITS_FILE, "UPDATE commits SET position = position + 5 WHERE partition = 1")
    (gateway.data_dir / DEAD_LETTERS_FILE).write_bytes(b"no letters at all")
    _, checks = await findings(gateway.data_dir)
    assert levels(checks) == {"commits": "problem", "dead_letters": "problem"}
    assert checks["commits"]["counts"]["ahead"] == 5
    change(gateway.data_dir / COMMITS_FILE, "UPDATE commits SET epoch = 'another'")
    _, checks = await findings(gateway.data_dir)
    assert levels(checks) == {"dead_letters": "problem"}
    assert checks["commits"]["counts"]["other_logs"] == 8
    (gateway.data_dir / COMMITS_FILE).write_bytes(b"no commits at all")
    _, checks = await findings(gateway.data_dir)
    assert levels(checks) == {"commits": "problem", "dead_letters": "problem"}
    for name in (COMMITS_FILE, DEAD_LETTERS_FILE):
        for path in gateway.data_dir.glob(f"{name}*"):
            path.unlink()
    await gateway.start()


async def test_a_log_that_is_gone_is_a_problem_where_something_was_kept_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder, build(steps=1))
    SqliteCommits(sqlite3.connect(folder / COMMITS_FILE))
    (folder / LOG_FILE).unlink()
    verdict, checks = await findings(folder)
    assert (verdict, levels(checks)) == ("problems", {"log": "problem"})
    assert COMMITS_FILE in checks["log"]["detail"]


async def test_a_directory_of_a_fleet_has_no_log(tmp_path: Path, kafka_topic: KafkaTopic) -> None:
    letters = KafkaTopic(kafka_topic.broker, letters_topic(kafka_topic.name))
    letters.create(1)
    env = {"DASHSTREAM_KAFKA_BOOTSTRAP": kafka_topic.broker.bootstrap, "DASHSTREAM_KAFKA_TOPIC": kafka_topic.name}
    gateway = GatewayProcess(tmp_path / "data", env=env)
    await gateway.start()
    try:
        verdict, checks = await findings(gateway.data_dir)
    finally:
        await gateway.stop()
        letters.delete()
    assert (verdict, levels(checks)) == ("healthy", {})
    assert "on Kafka" in checks["log"]["detail"]
    assert checks["run_index"]["counts"] == {"runs": 0}
    (gateway.data_dir / INDEX_FILE).write_bytes(b"no index at all")
    verdict, checks = await findings(gateway.data_dir)
    assert (verdict, levels(checks)) == ("problems", {"run_index": "problem"})


async def test_a_directory_without_a_log_is_not_found(tmp_path: Path) -> None:
    code, out, err = await doctor(tmp_path)
    assert (code, out) == (4, "")
    assert str(tmp_path) in err


async def test_wrong_usage(tmp_path: Path) -> None:
    code, out, _ = await doctor(tmp_path, "--fix-it")
    assert (code, out) == (2, "")
