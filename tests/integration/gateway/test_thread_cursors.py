"""Resuming by threads and sequences, and from snapshots, at a gateway that runs: nothing after a sequence is missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from dashstream.protocol.batch import decode_frame
from dashstream.protocol.codes import ErrorCode
from dashstream.protocol.patch import Op
from dashstream.protocol.position import PositionFault
from dashstream.protocol.proto_codec import Kind, decode
from integration.gateway.serving import Served, record, records, serving, until
from integration.gateway.talking import hear, hear_until, say, stranger
from run_builder import RunBuilder

EURO = "€"


async def resumed(
    client: ClientConnection, served: Served, threads: Any, *, wanted: list[str] | None = None, strict: bool = False
) -> list[Any]:
    """Subscribe from threads' sequences; return all up to the verdict."""
    await say(
        client,
        {
            "type": "subscribe",
            "id": 1,
            "filter": {"threads": list(threads) if wanted is None else wanted},
            "start": {"from": "cursor", "epoch": served.gateway.epoch, "threads": threads},
            "strict": strict,
        },
    )
    heard = [await hear(client)]
    while not isinstance(heard[-1], dict) or heard[-1]["type"] != "replay_complete":
        heard.append(await hear(client))
    await say(client, {"type": "unsubscribe", "id": 1})
    await say(client, {"type": "ping", "t": "end"})
    while await hear(client) != {"type": "pong", "t": "end"}:
        pass
    return heard


def sequences(heard: list[Any], thread: str) -> list[int]:
    found = [
        decode(entry.value).header
        for frame in heard
        if isinstance(frame, bytes)
        for entry in decode_frame(frame).entries
    ]
    return [header.sequence for header in found if header.thread_id == thread]


async def folded(served: Served, run: str, count: int) -> None:
    async def are_there() -> bool:
        answer = await served.http.get(f"/api/v1/runs/{run}")
        return answer.status_code == 200 and answer.json()["records"] >= count

    await until(are_there, f"{count} records of {run} are indexed")


async def test_exactly_what_comes_after_a_sequence(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        await served.store(records(50, thread="a", run="ra"))
        await served.store(records(50, thread="other", run="ro"))
        await folded(served, "ra", 50)
        for after in (0, 1, 25, 49, 50):
            heard = await resumed(client, served, {"a": str(after)})
            assert sequences(heard, "a") == list(range(after + 1, 51))
            assert heard[0]["mode"] == "cursor"
            assert heard[-1]["outcome"] == "complete"
            assert int(heard[-1]["delivered"]) == 50 - after


async def test_several_threads_of_one_partition_and_one_without_a_sequence(tmp_path: Path) -> None:
    async with serving(tmp_path, log={"partitions": 1}) as served, stranger(served) as client:
        for first in range(1, 31, 10):
            for thread in ("a", "b", "c"):
                await served.store(records(10, thread=thread, run=f"r{thread}", first=first))
        await folded(served, "rc", 30)
        heard = await resumed(client, served, {"a": "28", "b": "15"}, wanted=["a", "b"])
        assert sequences(heard, "b") == list(range(16, 31))
        assert sequences(heard, "a")[-2:] == [29, 30], "what comes again is before"
        heard = await resumed(client, served, {"a": "28"}, wanted=["a", "c"])
        assert sequences(heard, "c") == list(range(1, 31)), "whom the client has never heard of comes whole"
        assert heard[-1]["outcome"] == "complete"


async def test_a_producer_that_counts_from_one_again_loses_nothing(tmp_path: Path) -> None:
    """The client has applied up to 20 of the second life; what it has of the first one must not count for it."""
    async with serving(tmp_path, log={"partitions": 1}) as served, stranger(served) as client:
        for epoch, count in ((1, 30), (2, 40)):
            await served.store(
                [record(number, thread="a", run=f"r{epoch}", epoch=epoch) for number in range(1, count + 1)]
            )
        await folded(served, "r2", 40)
        heard = await resumed(client, served, {"a": "20"})
        assert sequences(heard, "a") == [*range(21, 31), *range(1, 41)]
        heard = await resumed(client, served, {"a": "35"})
        assert sequences(heard, "a") == list(range(36, 41))


async def test_numbers_that_no_float_holds(tmp_path: Path) -> None:
    numbers = [2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2**62, 2**63 - 1]
    async with serving(tmp_path) as served, stranger(served) as client:
        await served.store([record(number, thread="a", run="ra") for number in numbers])
        await folded(served, "ra", len(numbers))
        for place, number in enumerate(numbers):
            heard = await resumed(client, served, {"a": str(number)})
            assert sequences(heard, "a") == numbers[place + 1 :]


async def test_as_many_threads_as_the_limit_and_one_more(tmp_path: Path) -> None:
    limits = {"max_filter_values": 2_000}
    async with serving(tmp_path, client=limits) as served, stranger(served) as client:
        await served.store(records(3, thread="t0", run="r0"))
        await folded(served, "r0", 3)
        names = [f"t{number}" for number in range(1_001)]
        heard = await resumed(client, served, dict.fromkeys(names[:1_000], "0"))
        assert heard[-1]["outcome"] == "complete"
        assert sequences(heard, "t0") == [1, 2, 3]
        heard = await resumed(client, served, dict.fromkeys(names, "0"))
        assert (heard[0]["code"], heard[0]["details"]) == (ErrorCode.TOO_MANY_THREADS, {"limit": 1_000, "count": 1_001})
        assert [type(frame) for frame in heard] == [dict, dict]
        assert heard[-1]["outcome"] == "refused"


BAD = [-1, 0, 1.0, 1e3, 2**63, True, None, [], {}, "-1", "1.0", "1e3", "007", "+1", " 1", "", str(2**63), EURO * 500]


async def test_bad_entries_are_told_by_class_and_the_good_ones_honoured(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        await served.store(records(10, thread="a", run="ra"))
        await folded(served, "ra", 10)
        for value in BAD:
            heard = await resumed(client, served, {"a": "7", "b": value})
            assert [(one["reason"], one["count"]) for one in heard[0]["ignored"]] == [(PositionFault.SEQUENCE, 1)]
            assert heard[-1]["outcome"] == "partial"
            assert set(sequences(heard, "a")) >= {8, 9, 10}
            strict = await resumed(client, served, {"a": "7", "b": value}, strict=True)
            assert (strict[0]["code"], strict[0]["details"]) == ("bad_positions", {PositionFault.SEQUENCE: 1})
            assert strict[-1]["outcome"] == "refused"
        for text in [EURO * count for count in range(15, 25)]:
            heard = await resumed(client, served, {"a": "7", text: "1"}, wanted=["a"])
            assert [(one["reason"], one["count"]) for one in heard[0]["ignored"]] == [(PositionFault.THREAD, 1)]
            assert sequences(heard, "a") == [8, 9, 10]
        heard = await resumed(client, served, {"a": "11", "nobody": "3"})
        assert [(one["reason"], one["count"]) for one in heard[0]["ignored"]] == [(PositionFault.UNKNOWN_SEQUENCE, 2)]
        assert sequences(heard, "a") == list(range(1, 11)), "what is not known is read from the beginning"
        assert heard[-1]["outcome"] == "partial"
        count = await served.metric("dashstream_cursor_entries_ignored_total", reason=PositionFault.SEQUENCE)
        assert count == 2 * len(BAD)


@pytest.mark.parametrize(
    "change",
    [
        {"filter": {}},
        {"start": {"from": "cursor", "epoch": "e", "threads": {"a": "1"}, "positions": {"0": "1"}}},
        {"start": {"from": "cursor", "threads": {"a": "1"}}},
        {"start": {"from": "latest", "threads": {"a": "1"}}},
    ],
)
async def test_what_does_not_go_together_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    frame = {
        "type": "subscribe",
        "id": 1,
        "filter": {"threads": ["a"]},
        "start": {"from": "cursor", "epoch": "e", "threads": {"a": "1"}},
    }
    async with serving(tmp_path) as served, stranger(served) as client:
        await say(client, {**frame, **change})
        assert (await hear(client))["code"] == "bad_start"
        assert (await hear(client))["outcome"] == "refused"


async def test_a_snapshot_of_a_long_run_is_its_latest_whole_state_and_what_follows(tmp_path: Path) -> None:
    """Of a topic of thousands of records only the end of one run is read and sent."""
    run = RunBuilder(thread_id="long")
    run.start({"steps": []})
    for step in range(500):
        if step == 480:
            run.checkpoint(run.state)
        run.step(step, [Op("add", ("steps", "-"), step)])
    async with serving(tmp_path, log={"partitions": 1}) as served, stranger(served) as client:
        await served.store(records(2_000, thread="noise", run="noise"))
        await served.store(run.records)
        await folded(served, run.run_id, len(run.records))
        await say(
            client,
            {"type": "subscribe", "id": 1, "filter": {"runs": [run.run_id]}, "start": {"from": "snapshot"}},
        )
        heard = [await hear(client)]
        while not isinstance(heard[-1], dict) or heard[-1]["type"] != "replay_complete":
            heard.append(await hear(client))
        assert heard[0]["mode"] == "snapshot"
        assert heard[0]["start"] == {"0": str(2_000 + len(run.records) - 81)}
        assert heard[0]["steps"] == {run.run_id: "480"}, "the first state and 480 changes"
        assert heard[-1]["outcome"] == "complete"
        whole, *rest = (
            decode(entry.value) for frame in heard if isinstance(frame, bytes) for entry in decode_frame(frame).entries
        )
        assert whole.kind is Kind.CHECKPOINT
        first = whole.header.sequence
        assert [one.header.sequence for one in rest] == list(range(first + 1, len(run.records) + 1))

        begin, later = 2_002, 2_000 + len(run.records) - 81
        moments = [({"step": "480"}, 0, begin), ({"step": "481"}, 480, later), ({"sequence": str(first)}, 480, later)]
        for number, (moment, step, offset) in enumerate(moments, 2):
            start = {"from": "snapshot", **moment}
            await say(client, {"type": "subscribe", "id": number, "filter": {"runs": [run.run_id]}, "start": start})
            *_, subscribed = await hear_until(client, "subscribed")
            assert (subscribed["start"], subscribed["steps"]) == ({"0": str(offset)}, {run.run_id: str(step)})
