"""The demo ends by itself, and its runs show what there is to see, all of it verified."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.engine.runs import RunStatus
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import Kind, decode
from integration.langgraph.observing import Seen, runs_of

DASHSTREAM = Path(sys.executable).parent / "dashstream"
QUESTIONS = 2


async def demo(folder: Path) -> str:
    """Run it to its end; return what it said."""
    process = await asyncio.create_subprocess_exec(
        DASHSTREAM,
        *("demo", "--runs", str(QUESTIONS), "--no-browser", "--pace", "0", "--data-dir", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    assert errors.decode() == ""
    return said.decode()


async def runs_on_log(folder: Path) -> list[Seen]:
    log = SqliteLog.open(folder / "log.db", read_only=True)
    try:
        found = []
        for partition, mark in (await log.watermarks()).items():
            page = await log.read(partition, mark.low, max_records=100_000, max_bytes=1 << 30)
            found += [(partition, record.offset, decode(record.value)) for record in page if record.value is not None]
    finally:
        await log.close()
    return runs_of(found)


async def test_the_demo_shows_what_there_is_to_see(tmp_path: Path) -> None:
    said = await demo(tmp_path)
    assert "#token=" in said
    assert said.count("asking:") == QUESTIONS
    runs = await runs_on_log(tmp_path)
    assert len(runs) == 2 * QUESTIONS
    for seen in runs:
        seen.assert_sound()
    asked = [seen for seen in runs if seen.run.status is RunStatus.INTERRUPTED]
    answered = {seen.run.resumes: seen for seen in runs if seen.run.status is RunStatus.OK}
    assert {seen.run.run_id for seen in asked} == set(answered)
    for seen in asked:
        assert seen.edges["critique", "write", "conditional"] >= 1, "the loop"
        assert seen.edges["plan", "investigate", "send"] >= 2, "Send"
        assert seen.nodes["investigate:ask", "end"] >= 2, "the subgraph"
        assert seen.run.tool_calls >= 4
        assert seen.run.llm_calls >= 5
        assert len(seen.of_kind(Kind.TOKEN_CHUNK)) >= 5, "streaming"
        (question,) = seen.run.interrupts
        assert question.node_id == "approve"
        after = answered[seen.run.run_id]
        assert after.nodes == {("approve", "end"): 1, ("publish", "end"): 1}
        assert after.values()[0] == seen.values()[-1]
        assert any(event.event_type == pb.EVENT_TYPE_HUMAN_RESUME for event in after.of_kind(Kind.EVENT))
    assert any(("investigate:read", "error", "end2") in seen.nodes for seen in asked), "an error that was tried again"
