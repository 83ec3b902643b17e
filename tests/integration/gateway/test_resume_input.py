"""Cursors that nobody should send, to a gateway that runs: what is honoured, what is said, counted and logged.

Each entry of a cursor that cannot be used has its class; the classes are closed sets, so a client's text makes neither
frames, nor metrics, nor the log grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from websockets.asyncio.client import ClientConnection

from dashstream.protocol.codes import CloseCode, ErrorCode
from dashstream.protocol.position import MAX_EXAMPLE_LENGTH, MAX_EXAMPLES, PositionFault
from integration.gateway.serving import Served, records, serving
from integration.gateway.talking import closed, hear, offsets, say, stranger

EURO = "€"
"""Three bytes in UTF-8, six characters in an ASCII example."""
PARTITIONS = 16
ROOMY = {"max_frame_bytes": 4 << 20, "bad_frames": 10_000, "frames_per_s": 1e6}

BAD_PARTITIONS = {
    **dict.fromkeys(
        [*("-1", "1.0", "1e0", "01", "+1", " 1", "1 ", "", "true", "null", "[]", "{}", "\u0661", "0x1", str(2**63))],
        PositionFault.PARTITION,
    ),
    **dict.fromkeys([str(PARTITIONS), str(2**31), str(2**53 + 1), str(2**63 - 1)], PositionFault.UNKNOWN_PARTITION),
}
BAD_OFFSETS: list[Any] = [
    *(-1, 0, 1, 1.0, 1.5, 1e3, 1e308, 2**31, 2**63, 2**64),
    *(True, False, None, [], ["1"], {}, {"a": "1"}),
    *("-1", "1.0", "1e3", "007", "+1", " 1", "1 ", "1\n", "", "NaN", "Infinity", "0x10", "\u0661", "\x00"),
    *(str(2**63), "1" * 20, "9" * 1_000_000, EURO * 300_000),
]
AHEAD = [str(2**31), str(2**53 + 1), str(2**62), str(2**63 - 1)]
TEXTS = [EURO * count for count in range(1, MAX_EXAMPLE_LENGTH + 8)] + ["a" + EURO * count for count in (9, 10, 20, 21)]


def cursor(served: Served, positions: Any) -> dict[str, Any]:
    return {"from": "cursor", "epoch": served.gateway.epoch, "positions": positions}


async def answered(client: ClientConnection, subscribe: dict[str, Any]) -> list[Any]:
    """Subscribe; return all that is said until a ping that is sent behind it is answered and the verdict was given."""
    await say(client, {"type": "subscribe", "id": 1, **subscribe})
    heard: list[Any] = []
    while not any(isinstance(frame, dict) and frame["type"] == "replay_complete" for frame in heard):
        heard.append(await hear(client))
    await say(client, {"type": "unsubscribe", "id": 1})
    await say(client, {"type": "ping", "t": "end"})
    while heard[-1] != {"type": "pong", "t": "end"}:
        heard.append(await hear(client))
    return heard


def only(heard: list[Any], kind: str) -> dict[str, Any]:
    (found,) = [frame for frame in heard if isinstance(frame, dict) and frame["type"] == kind]
    return dict(found)


async def check_both(client: ClientConnection, served: Served, key: str, value: Any, fault: PositionFault) -> None:
    """One bad entry: lenient says what it ignores, strict refuses the whole; each gives one verdict."""
    start = cursor(served, {key: value})
    before = await served.metric("dashstream_cursor_entries_ignored_total", reason=fault)
    lenient = await answered(client, {"start": start})
    (ignored,) = only(lenient, "subscribed")["ignored"]
    assert (ignored["reason"], ignored["count"]) == (fault, 1), (key, value)
    assert all(len(example) <= MAX_EXAMPLE_LENGTH for example in ignored["examples"])
    assert only(lenient, "replay_complete")["outcome"] == "partial"
    assert only(lenient, "subscribed")["mode"] == "cursor"
    strict = await answered(client, {"start": start, "strict": True})
    error = strict[0]
    assert (error["code"], error["id"], error["details"]) == ("bad_positions", 1, {fault: 1})
    assert only(strict, "replay_complete")["outcome"] == "refused"
    assert not offsets(strict)
    assert await served.metric("dashstream_cursor_entries_ignored_total", reason=fault) == before + 2


async def test_the_matrix_of_types(tmp_path: Path) -> None:
    async with serving(tmp_path, client=ROOMY, log={"partitions": PARTITIONS}) as served, stranger(served) as client:
        for key, fault in BAD_PARTITIONS.items():
            await check_both(client, served, key, "0", fault)
        for value in BAD_OFFSETS:
            await check_both(client, served, "0", value, PositionFault.OFFSET)
        for value in AHEAD:
            await check_both(client, served, "0", value, PositionFault.AHEAD)
        for text in TEXTS:
            await check_both(client, served, "0", text, PositionFault.OFFSET)
            await check_both(client, served, text, "0", PositionFault.PARTITION)


@pytest.mark.parametrize("origin", ["yesterday", 5, None, {}, [], True, "", "CURSOR", "a" * 1_000_000, EURO * 100])
async def test_another_start_is_refused_with_the_known_ones(tmp_path: Path, origin: Any) -> None:
    async with serving(tmp_path, client=ROOMY) as served, stranger(served) as client:
        await say(client, {"type": "subscribe", "id": 1, "start": {"from": origin}})
        error = await hear(client)
        assert error["code"] in {ErrorCode.BAD_START, ErrorCode.BAD_FRAME}
        assert len(json.dumps(error)) < 1_000
        if error["code"] == ErrorCode.BAD_START:
            assert error["details"]["allowed"] == ["cursor", "earliest", "latest", "snapshot"]
            assert (await hear(client))["outcome"] == "refused"
        assert await served.metric("dashstream_client_frames_refused_total", code=error["code"]) == 1


@pytest.mark.parametrize("positions", [None, [], [["0", "1"]], "0:1", 5, True])
async def test_a_cursor_that_is_no_map_is_refused(tmp_path: Path, positions: Any) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        await say(client, {"type": "subscribe", "id": 1, "start": cursor(served, positions)})
        assert (await hear(client))["code"] in {ErrorCode.BAD_FRAME, ErrorCode.BAD_START}


async def test_as_many_partitions_as_the_limit_and_one_more(tmp_path: Path) -> None:
    limit = 512
    async with serving(tmp_path, log={"partitions": limit}) as served, stranger(served) as client:
        await served.store(records(3))
        whole = {str(partition): "0" for partition in range(limit)}
        heard = await answered(client, {"start": cursor(served, whole)})
        assert only(heard, "replay_complete")["outcome"] == "complete"
        assert len(offsets(heard)) == 3
        heard = await answered(client, {"start": cursor(served, {**whole, str(limit): "0"})})
        error = heard[0]
        assert (error["code"], error["details"]) == ("too_many_positions", {"limit": limit, "count": limit + 1})
        assert only(heard, "replay_complete")["outcome"] == "refused"
        assert not offsets(heard)


async def test_a_hundred_thousand_entries_are_refused_by_the_frame_s_size(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        await say(
            client, {"type": "subscribe", "id": 1, "start": cursor(served, dict.fromkeys(map(str, range(10**5)), "0"))}
        )
        assert (await hear(client))["code"] == ErrorCode.TOO_LARGE
        assert (await hear(client))["type"] == "closing"
        assert await closed(client) == CloseCode.TOO_LARGE
        assert await served.metric("dashstream_client_frames_refused_total", code="too_large") == 1


def mixed(good: int) -> dict[str, Any]:
    """Ten good entries and one bad one of each class."""
    return {
        **{str(partition): "1" for partition in range(good)},
        "x": "0",
        str(PARTITIONS): "0",
        str(good): "-1",
        str(good + 1): "5",
    }


async def test_the_good_entries_are_honoured_among_bad_ones_of_each_class(tmp_path: Path) -> None:
    async with serving(tmp_path, log={"partitions": PARTITIONS}) as served, stranger(served) as client:
        for number in range(200):
            await served.store(records(2, thread=f"t{number}"))
        heads = await served.heads()
        assert len(heads) == PARTITIONS, "every partition holds something"
        heard = await answered(client, {"start": cursor(served, mixed(10))})
        subscribed = only(heard, "subscribed")
        assert {one["reason"]: one["count"] for one in subscribed["ignored"]} == {
            PositionFault.PARTITION: 1,
            PositionFault.UNKNOWN_PARTITION: 1,
            PositionFault.OFFSET: 1,
        } | ({PositionFault.AHEAD: 1} if heads[11] < 5 else {})
        expected = {partition: 1 if partition < 10 else 0 for partition in heads}
        expected[11] = min(5, heads[11])
        assert {int(p): int(offset) for p, offset in subscribed["start"].items()} == expected
        verdict = only(heard, "replay_complete")
        assert verdict["outcome"] == "partial"
        assert int(verdict["delivered"]) == len(offsets(heard)) == sum(heads[p] - expected[p] for p in heads)
        strict = await answered(client, {"start": cursor(served, mixed(10)), "strict": True})
        assert only(strict, "replay_complete")["outcome"] == "refused"
        assert not offsets(strict)


async def test_a_thousand_bad_entries_and_nothing_but_bad_entries(tmp_path: Path) -> None:
    limits = {**ROOMY, "max_resume_partitions": 2_000}
    with structlog.testing.capture_logs() as logged:
        async with serving(tmp_path, client=limits) as served, stranger(served) as client:
            await served.store(records(5))
            texts = {f"{number}{EURO * 300}": EURO * 100 for number in range(1_000)}
            for positions in (texts, {**texts, "0": "0"}, {"x": "0"}):
                heard = await answered(client, {"start": cursor(served, positions)})
                subscribed = only(heard, "subscribed")
                (ignored,) = subscribed["ignored"]
                assert ignored["count"] == len(positions) - ("0" in positions)
                assert len(ignored["examples"]) <= MAX_EXAMPLES
                assert len(json.dumps(subscribed)) < 2_000
                assert only(heard, "replay_complete")["outcome"] == "partial"
                assert len(offsets(heard)) == 5, "what it does not name comes from the beginning"
            assert await served.metric("dashstream_cursor_entries_ignored_total", reason="partition_invalid") == 2_001
    lines = [line for line in logged if line["event"] == "client refused"]
    assert [(line["reason"], line["count"]) for line in lines] == [("partition_invalid", 1_000)]
    assert EURO not in repr(logged)


async def test_a_hundred_resumes_back_to_back(tmp_path: Path) -> None:
    limit = 16
    async with serving(tmp_path, client={"frames_per_s": 1e6}) as served, stranger(served) as client:
        await served.store(records(7))
        for number in range(1, 101):
            start = cursor(served, {"0": "0"}) if number % 2 else {"from": "earliest"}
            await say(client, {"type": "subscribe", "id": number, "start": start})
        verdicts: dict[int, str] = {}
        refused = records_seen = 0
        await say(client, {"type": "ping", "t": "behind all of them"})
        pong = False
        while len(verdicts) < 100 or not pong:
            frame = await hear(client)
            if isinstance(frame, bytes):
                records_seen += len(offsets([frame]))
            elif frame["type"] == "replay_complete":
                assert verdicts.setdefault(frame["id"], frame["outcome"]) == frame["outcome"]
            elif frame["type"] == "error":
                assert (frame["code"], frame["details"]) == ("too_many_subscriptions", {"limit": limit})
                refused += 1
            pong = pong or frame == {"type": "pong", "t": "behind all of them"}
        assert refused == 100 - limit
        assert sorted(verdicts.values()) == ["complete"] * limit + ["refused"] * (100 - limit)
        assert records_seen == limit * 7, "one replay's worth for each that was accepted"


def rubbish() -> Iterator[str | bytes]:
    yield from ("", "{", "[]", "null", "5", '"text"', '{"type": 5}', '{"type": "subscribe"}', EURO * 1_000, b"\x00")


async def test_the_tenth_piece_of_rubbish_ends_it_and_nine_do_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        pieces = list(rubbish())
        for piece in pieces[:9]:
            await client.send(piece)
            assert (await hear(client))["type"] == "error"
        await say(client, {"type": "ping", "t": 1})
        assert await hear(client) == {"type": "pong", "t": 1}
        await client.send(pieces[9])
        assert (await hear(client))["type"] == "error"
        assert (await hear(client)) == {"type": "closing", "reason": "too many bad frames", "retry_after_ms": 0}
        assert await closed(client) == CloseCode.BAD_REQUEST
        assert await served.metric("dashstream_client_frames_refused_total", code="bad_frame") == 10


async def test_a_type_that_clients_do_not_send_is_counted_by_itself(tmp_path: Path) -> None:
    async with serving(tmp_path) as served, stranger(served) as client:
        await say(client, {"type": "foo"})
        assert (await hear(client))["code"] == "unknown_type"
        assert await served.metric("dashstream_client_frames_refused_total", code="unknown_type") == 1
        assert await served.metric("dashstream_client_frames_refused_total", code="bad_frame") == 0
