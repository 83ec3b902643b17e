"""Dead letters of a fleet: what they say, that there is one per record whoever dies, and what happens without them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools

from duty_rig import bad, good
from fleet.conftest import NewFleet
from fleet.fleet import Fleet, FleetGateway, following, places_of

MARKER = b"marker-of-the-secret"
HIDDEN = b"\x07" + b"x" * 40 + MARKER + b"y" * 40
LARGE = b"\x00" + MARKER * 450_000
"""Nine megabytes."""
KEPT_BYTES = 65_536


async def all_owned(*gateways: FleetGateway, partitions: int = 3) -> None:
    """Wait until these gateways share the partitions."""
    async with asyncio.timeout(45):
        while True:
            owned = [len((await gateway.metrics()).catching_up) for gateway in gateways]
            if sum(owned) == partitions and all(owned):
                return


async def test_a_letter_names_the_record_and_holds_no_payload_unless_asked_to(new_fleet: NewFleet) -> None:
    fleet = await new_fleet(3, max_message_bytes="12000000")
    gateway = await fleet.gateway()
    await all_owned(gateway)
    async with following(gateway) as journal:
        await fleet.produce(0, HIDDEN, LARGE, b"", good())
        await fleet.produce(2, bad("null"), bad("schema_mismatch"))
        letters = await fleet.until_letters((0, 0), (0, 1), (0, 2), (2, 0), (2, 1))
        await journal.until(lambda kept: kept.offsets == {0: [0, 1, 2, 3], 2: [0, 1]})
        assert LARGE in [item.value for item in journal.delivered], "a viewer gets it whatever its size"
    of = {(letter.partition, letter.offset): letter for letter in letters}
    epoch = (await gateway.get("/api/v1/version"))["epoch"]
    values = {(0, "0"): HIDDEN, (0, "1"): LARGE, (0, "2"): b"", (2, "0"): b"", (2, "1"): bad("schema_mismatch") or b""}
    for place, value in values.items():
        letter = of[place]
        assert (letter.topic, letter.epoch) == (fleet.records.name, epoch)
        assert (letter.size, letter.sha256) == (len(value), hashlib.sha256(value).hexdigest())
        assert (letter.payload_state, letter.payload) == ("off", "")
    assert {place: letter.reason for place, letter in of.items()} == {
        (0, "0"): "frame",
        (0, "1"): "too_large",
        (0, "2"): "frame",
        (2, "0"): "null",
        (2, "1"): "schema_mismatch",
    }
    assert (of[2, "1"].thread_id, of[2, "1"].tenant_id) == ("newer", "x")
    assert MARKER not in await fleet.raw_letters()
    assert MARKER.hex().encode() not in await fleet.raw_letters()
    await gateway.stop()

    gateway.env = {**gateway.env, "DASHSTREAM_DEAD_LETTERS_PAYLOAD": "1"}
    await gateway.start()
    await fleet.produce(1, HIDDEN, LARGE)
    letters = (await fleet.until_letters(*((p, int(o)) for p, o in values), (1, 0), (1, 1)))[-2:]
    assert [letter.payload_state for letter in letters] == ["complete", "truncated"]
    assert letters[0].original()[1] == HIDDEN
    assert len(letters[1].payload) <= KEPT_BYTES * 4 / 3 + 4


async def test_one_letter_by_key_although_the_owner_is_killed_before_it_commits(fleet: Fleet) -> None:
    """After what it claims, no gateway commits in time: the heir examines again what the owner has dead-lettered."""
    first = await fleet.gateway(DUTIES_COMMIT_INTERVAL_S="3600")
    second = await fleet.gateway(DUTIES_COMMIT_INTERVAL_S="3600")
    await all_owned(first, second)
    for partition in range(3):
        await fleet.produce(partition, good(), bad("frame"), good(), bad("decode"))
    places = [(partition, offset) for partition in range(3) for offset in (1, 3)]
    await fleet.until_letters(*places)
    await fleet.until_committed(0, 0, 0)
    examined = [(await gateway.metrics()).by("dashstream_dead_letters_total", "result") for gateway in (first, second)]
    lost = examined[0]["written"]
    assert 0 < lost < len(places)
    await first.kill()
    kept = len(places) - lost
    await second.until_metrics(
        lambda seen: seen.by("dashstream_dead_letters_total", "result") == {"written": kept + lost},
        "the heir has written all letters",
    )
    letters = await fleet.dead_letters()
    assert len(letters) == len(places) + lost, "a letter was written again, under the same key"
    assert len({letter.key_on_log for letter in letters}) == len(places)
    page = await second.cli("dlq", "list", "--limit", "50")
    assert sorted((each["partition"], int(each["offset"])) for each in page["dead_letters"]) == places
    await second.stop()
    await fleet.until_committed(4, 4, 4)


async def test_letters_are_listed_shown_and_redriven_by_any_gateway(fleet: Fleet) -> None:
    first = await fleet.gateway(DEAD_LETTERS_PAYLOAD="1")
    second = await fleet.gateway(DEAD_LETTERS_PAYLOAD="1")
    await all_owned(first, second)
    newer = bad("schema_mismatch") or b""
    await fleet.produce(0, good(), newer, bad("frame"))
    await fleet.until_letters((0, 1), (0, 2))
    for gateway in (first, second):
        page = await gateway.cli("dlq", "list", "--reason", "schema_mismatch")
        (letter,) = page["dead_letters"]
        assert (await gateway.cli("dlq", "show", letter["id"]))["sha256"] == hashlib.sha256(newer).hexdigest()
    done = await second.cli("dlq", "redrive", letter["id"])
    assert (done["partition"], done["offset"]) == (0, "3")
    shown = await first.cli("dlq", "show", letter["id"])
    assert [(each["partition"], each["offset"]) for each in shown["redriven"]] == [(0, "3")]
    async with following(first) as journal:
        await journal.until(lambda kept: kept.offsets == {0: [0, 1, 2, 3]})
        assert journal.delivered[3].value == newer
    written = places_of(await fleet.dead_letters())
    while (0, 3) not in written:
        written = places_of(await fleet.dead_letters())
    assert written == {(0, 1): 2, (0, 2): 1, (0, 3): 1}, "the redriven letter was written again, with a note"


async def test_best_effort_streams_on_and_counts_what_is_lost(fleet: Fleet) -> None:
    gateway = await fleet.gateway(DEAD_LETTERS_MODE="best_effort", DEAD_LETTERS_TIMEOUT_S="1")
    await all_owned(gateway)
    await asyncio.to_thread(fleet.letters.delete)
    async with following(gateway) as journal:
        await fleet.produce(0, *[bad("frame"), good()] * 5)
        await journal.until(lambda kept: kept.offsets == {0: list(range(10))})
        await gateway.until_outcomes(ok=5, new_error=5)
        seen = await gateway.until_metrics(
            lambda now: now['dashstream_dead_letters_total{result="lost"}'] == 5, "the losses are counted"
        )
        assert sum(seen.by("dashstream_dead_letters_failed_total", "reason").values()) == 5
        await fleet.until_committed(10, 0, 0)
        await gateway.until_health("dead_letters")
        await asyncio.to_thread(fleet.letters.create, 1)
        for tries in itertools.count(1):
            await fleet.produce(1, bad("frame"))
            seen = await gateway.until_metrics(
                lambda now, tries=tries: sum(now.by("dashstream_dead_letters_total", "result").values()) == 5 + tries,
                "the letter is written or lost",
            )
            if seen['dashstream_dead_letters_total{result="written"}']:
                break
        assert (1, tries - 1) in places_of(await fleet.dead_letters())


async def test_fail_closed_holds_the_position_until_letters_can_be_written(fleet: Fleet) -> None:
    gateway = await fleet.gateway(DEAD_LETTERS_TIMEOUT_S="1", DEAD_LETTERS_QUEUE="3")
    await all_owned(gateway)
    await fleet.until_committed(0, 0, 0)
    await asyncio.to_thread(fleet.letters.delete)
    async with following(gateway) as journal:
        await fleet.produce(0, good(), *[bad("frame"), good()] * 5)
        await fleet.produce(1, good())
        await journal.until(lambda kept: kept.offsets == {0: list(range(11)), 1: [0]})
        seen = await gateway.until_metrics(
            lambda now: bool(now.by("dashstream_dead_letters_failed_total", "reason").get("backpressure")),
            "the queue is full",
        )
        assert seen["dashstream_dead_letters_waiting"] == 3
        assert seen.outcomes == {"ok": 5, "new_error": 3}, "three pass, the fourth waits for room"
        await fleet.until_committed(1, 1, 0)
        await gateway.until_health("dead_letters")
        assert not seen.by("dashstream_dead_letters_total", "result")
        await asyncio.to_thread(fleet.letters.create, 1)
        await gateway.until_outcomes(ok=7, new_error=5)
        await fleet.until_committed(11, 1, 0)
        await fleet.until_letters(*((0, offset) for offset in (1, 3, 5, 7, 9)))
        await gateway.until_health()


async def test_a_stop_writes_the_letters_that_wait(fleet: Fleet) -> None:
    gateway = await fleet.gateway()
    await all_owned(gateway)
    await fleet.produce(0, *[bad("frame")] * 50)
    await gateway.until_metrics(lambda seen: bool(seen.outcomes), "the first are examined")
    await gateway.stop()
    letters = len(await fleet.dead_letters())
    position = (await fleet.commits())[0]
    assert letters == position > 0, "what is committed has its letter, and nothing else has one"
    await gateway.start()
    await fleet.until_letters(*((0, offset) for offset in range(50)))
    await fleet.until_committed(50, 0, 0)
    assert not gateway.events("task_failed")
