"""Routes about what must happen once: where the owned partitions are, what stopped them, and the dead letters."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashstream.adapters.http import schemas
from dashstream.adapters.http.operations import (
    MAX_INTEGER,
    Arguments,
    Operation,
    Parameter,
    Reply,
    choice,
    json_response,
    limit,
    parse_integer,
    up_to,
)
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.engine.classify import UNREADABLE_REASONS
from dashstream.engine.dead_letter import DeadLetter, Place
from dashstream.engine.dead_letters import LetterQuery
from dashstream.engine.duty_walk import DutyWalk, Pause

MAX_PARTITION = (1 << 31) - 1
MAX_ID = 256


async def list_partitions(services: HttpServices, _: Request, __: Arguments) -> Response:
    marks = await services.log.watermarks()
    walks = services.duties.walks
    shown = [_partition(partition, mark.high, walks.get(partition)) for partition, mark in sorted(marks.items())]
    return json_response({"epoch": services.log.epoch, "partitions": shown})


async def resume_partition(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    pause = services.duties.resume(arguments["partition"])
    return json_response({"partition": pause.partition, "passed": _pause(pause)})


async def list_letters(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    page = await services.letters.list(LetterQuery(**arguments))
    body = {
        "dead_letters": [_summary(letter) for letter in page.letters],
        "next": None if page.next is None else str(page.next),
        "known": page.known,
    }
    return json_response(body)


async def get_letter(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    return json_response(letter_view(await services.letters.get(arguments["id"])))


async def redrive_letter(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    redrive = await services.letters.redrive(arguments["id"])
    return json_response(msgspec.to_builtins(redrive))


def letter_view(letter: DeadLetter) -> dict[str, Any]:
    """Return a letter as the API shows it."""
    return {"id": str(letter.place), **msgspec.to_builtins(letter)}


def _summary(letter: DeadLetter) -> dict[str, Any]:
    shown = letter_view(letter)
    del shown["payload"]
    return shown


def _partition(partition: int, high: int, walk: DutyWalk | None) -> dict[str, Any]:
    if walk is None:
        absent = dict.fromkeys(("head", "position", "settled", "catching_up", "waiting", "paused"))
        return {"partition": partition, "owned": False, "high": str(high), **absent}
    return {
        "partition": partition,
        "owned": True,
        "high": str(high),
        "head": str(walk.head),
        "position": str(walk.position),
        "settled": str(walk.settled),
        "catching_up": walk.is_catching_up,
        "waiting": walk.pending,
        "paused": None if walk.paused is None else _pause(walk.paused),
    }


def _pause(pause: Pause) -> dict[str, Any]:
    return {"offset": str(pause.offset), "reason": pause.reason, "since_us": str(pause.since_us)}


def _place(raw: str) -> Place:
    epoch, partition, offset = [*raw.rsplit(".", 2), "", ""][:3]
    if len(raw) > MAX_ID or not epoch:
        raise ValueError("must be <epoch>.<partition>.<offset>")
    return Place(epoch, _partition_number(partition), parse_integer(offset))


def _partition_number(raw: str) -> int:
    if (number := parse_integer(raw)) > MAX_PARTITION:
        raise ValueError(f"must be at most {MAX_PARTITION}")
    return number


_PLACE_SCHEMA = {
    "type": "string",
    "pattern": rf"^.+\.{up_to(MAX_PARTITION)}\.{up_to(MAX_INTEGER)}$",
    "maxLength": MAX_ID,
}
_NUMBER_SCHEMA = {"type": "integer", "minimum": 0, "maximum": MAX_PARTITION}
LETTER_ID = Parameter("id", "Where the record is: `<epoch>.<partition>.<offset>`.", _PLACE_SCHEMA, _place, where="path")
PARTITION = Parameter("partition", "The partition.", _NUMBER_SCHEMA, _partition_number, where="path")

OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/partitions",
        "listPartitions",
        "How far the once-only duties of each partition are. What another gateway owns is null here.",
        list_partitions,
        {200: Reply("All partitions.", schema=schemas.PARTITIONS)},
        problems=(503,),
        least=Role.VIEWER,
    ),
    Operation(
        "POST",
        "/api/v1/partitions/{partition}/resume",
        "resumePartition",
        "Lets the record that a paused partition is stopped at pass: it is dead-lettered, counted and skipped. "
        "The next one of its kind stops the partition again.",
        resume_partition,
        {200: Reply("The record that passes.", schema=schemas.RESUMED)},
        (PARTITION,),
        problems=(404, 409),
        least=Role.OPERATOR,
        is_act=True,
    ),
    Operation(
        "GET",
        "/api/v1/dead-letters",
        "listDeadLetters",
        "Dead letters, newest first, without their payloads; one per record.",
        list_letters,
        {200: Reply("A page of dead letters.", schema=schemas.LETTER_PAGE)},
        (
            choice("reason", "Only those with this reason.", UNREADABLE_REASONS),
            Parameter("partition", "Only those of this partition.", _NUMBER_SCHEMA, _partition_number),
            limit(100, 500),
            Parameter("before", "The `next` of the page before.", _PLACE_SCHEMA, _place),
        ),
        problems=(404, 503),
        least=Role.VIEWER,
    ),
    Operation(
        "GET",
        "/api/v1/dead-letters/{id}",
        "getDeadLetter",
        "One dead letter, with its payload if that was kept.",
        get_letter,
        {200: Reply("The dead letter.", schema=schemas.LETTER)},
        (LETTER_ID,),
        problems=(404, 503),
        least=Role.VIEWER,
    ),
    Operation(
        "POST",
        "/api/v1/dead-letters/{id}/redrive",
        "redriveDeadLetter",
        "Appends the record's exact bytes to the topic again and notes that in the letter. Refused with 409 unless the "
        "letter holds the whole record and its digest fits.",
        redrive_letter,
        {200: Reply("Where the copy is.", schema=schemas.REDRIVE)},
        (LETTER_ID,),
        problems=(404, 409, 503),
        least=Role.OPERATOR,
        is_act=True,
    ),
)
