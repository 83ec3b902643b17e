"""Dead letters on a log: one per record, newest first, whoever wrote them."""

from __future__ import annotations

import asyncio
from itertools import cycle
from typing import Any

import pytest

from dashstream.engine.dead_letter import Place
from dashstream.engine.dead_letters import LetterQuery
from dashstream.engine.duty_limits import DeadLetterLimits
from dashstream.engine.ports import LogPage, NewRecord
from dashstream.errors import ConflictError, NotFoundError
from duty_rig import Rig, bad


async def rig_with(*kinds: str, **limits: object) -> Rig:
    rig = Rig(letter_limits=DeadLetterLimits(**limits))
    await rig.duties.start()
    await rig.append(*map(bad, kinds))
    await rig.settle()
    return rig


async def offsets(rig: Rig, **query: object) -> list[int]:
    page = await rig.letters.list(LetterQuery(**query))
    return [int(letter.offset) for letter in page.letters]


async def test_lists_newest_first_by_pages_and_filters() -> None:
    rig = await rig_with("frame", "decode", "too_large", "decode", "null")
    assert await offsets(rig) == [4, 3, 2, 1, 0]
    assert await offsets(rig, reason="decode") == [3, 1]
    assert await offsets(rig, partition=1) == []
    page = await rig.letters.list(LetterQuery(limit=2))
    assert (page.next, page.known) == (Place(rig.log.epoch, 0, 3), 5)
    page = await rig.letters.list(LetterQuery(limit=2, before=page.next))
    assert [letter.offset for letter in page.letters] == ["2", "1"]
    page = await rig.letters.list(LetterQuery(limit=2, before=page.next))
    assert ([letter.offset for letter in page.letters], page.next) == (["0"], None)


async def test_letters_about_one_record_are_one_and_other_writers_are_seen() -> None:
    rig = await rig_with("frame", "decode")
    assert await offsets(rig) == [1, 0]
    other = rig.beside()
    other.commits.kept.clear()
    await other.letters.send([await other.letters.get(Place(rig.log.epoch, 0, 0))])
    assert await offsets(rig) == [1, 0]
    assert len(rig.letters_log._partitions[0].records) == 3


async def test_what_can_be_listed_is_bounded_to_the_newest() -> None:
    rig = await rig_with(*["frame"] * 9, listed=4)
    assert await offsets(rig) == [8, 7, 6, 5]
    assert (await rig.letters.list(LetterQuery())).known == 4
    await rig.append(bad("frame"))
    await rig.settle()
    page = await rig.letters.list(LetterQuery(limit=1))
    assert (page.letters[0].offset, page.known) == ("9", 4)
    assert await offsets(rig.beside()) == [9, 8, 7, 6]
    with pytest.raises(NotFoundError):
        await rig.letters.list(LetterQuery(before=Place(rig.log.epoch, 0, 0)))


async def test_what_retention_removed_is_gone() -> None:
    rig = await rig_with("frame", "decode", "null")
    assert await offsets(rig) == [2, 1, 0]
    rig.letters_log.trim(0, 2)
    assert await offsets(rig) == [2]
    with pytest.raises(NotFoundError):
        await rig.letters.get(Place(rig.log.epoch, 0, 0))


async def test_foreign_records_on_the_letters_log_are_passed_over() -> None:
    rig = await rig_with("frame")
    await rig.letters_log.append([NewRecord(b"k", b"not json", 1)])
    await rig.append(bad("decode"))
    await rig.settle()
    assert await offsets(rig) == [1, 0]


async def test_redrive_appends_the_exact_bytes_and_notes_it() -> None:
    rig = await rig_with("frame", payload=True)
    place = Place(rig.log.epoch, 0, 0)
    redrive = await rig.letters.redrive(place)
    assert redrive.offset == "1"
    records = await rig.log.read(0, 0, max_records=9, max_bytes=1 << 20)
    assert (records[1].key, records[1].value) == (records[0].key, records[0].value)
    assert (await rig.letters.get(place)).redriven == (redrive,)
    assert await offsets(rig) == [0]
    await rig.settle()
    assert await offsets(rig) == [1, 0]


async def test_redrive_refuses_what_is_not_whole() -> None:
    rig = await rig_with("frame", "null", payload=False)
    for offset in (0, 1):
        with pytest.raises(ConflictError):
            await rig.letters.redrive(Place(rig.log.epoch, 0, offset))
    with pytest.raises(NotFoundError):
        await rig.letters.redrive(Place(rig.log.epoch, 0, 9))
    assert (await rig.log.watermarks())[0].high == 2


def reads_take_time(rig: Rig) -> None:
    """Let others run in the middle of each reading of letters, and some overtake others, as on a log on disk."""
    read, turns = rig.letters_log.read, cycle((1, 2, 3))

    async def in_turn(*place: int, **bounds: Any) -> LogPage:
        for _ in range(next(turns)):
            await asyncio.sleep(0)
        return await read(*place, **bounds)

    rig.letters_log.read = in_turn


async def test_each_of_two_redrives_at_once_is_noted() -> None:
    rig = await rig_with("frame", payload=True)
    reads_take_time(rig)
    place = Place(rig.log.epoch, 0, 0)
    redrives = await asyncio.gather(rig.letters.redrive(place), rig.letters.redrive(place))
    assert [redrive.offset for redrive in redrives] == ["1", "2"]
    assert (await rig.letters.get(place)).redriven == tuple(redrives)


async def test_all_who_find_the_same_letters_gone_are_answered() -> None:
    rig = await rig_with("frame", "decode", "null")
    assert await offsets(rig) == [2, 1, 0]
    reads_take_time(rig)
    rig.letters_log.trim(0, 2)
    assert await asyncio.gather(offsets(rig), offsets(rig), offsets(rig)) == [[2]] * 3
