"""Routes about runs: the list, one run, its events, and the graph schemas that runs declared."""

from __future__ import annotations

import re
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
    choices,
    json_response,
    limit,
    parse_integer,
    text,
    up_to,
)
from dashstream.adapters.http.security import principal_of
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.engine.event_view import data_of, summary_of
from dashstream.engine.run_index import RecordPlace, RecordQuery, RunQuery
from dashstream.engine.run_reader import EventRow
from dashstream.engine.runs import Interrupt, Run, RunStatus
from dashstream.errors import NotFoundError, StateValueError
from dashstream.protocol.json_value import loads
from dashstream.protocol.proto_codec import Kind

_INTEGER = up_to(MAX_INTEGER)
_BEFORE = re.compile(rf"-?{_INTEGER}\.[0-9]{{1,18}}")

RUN_ID = text("run_id", "The run.", where="path")


def run_view(run: Run, resumed_by: str | None) -> dict[str, Any]:
    """Return a run as the API shows it: 64-bit integers as decimal strings, what is not known as null."""
    return {
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "tenant_id": run.tenant_id,
        "graph_id": run.graph_id,
        "graph_name": run.graph_name,
        "status": run.status.value,
        "started_us": str(run.started_us),
        "ended_us": _text(run.ended_us),
        "duration_us": _text(run.duration_us),
        "last_us": str(run.last_us),
        "supersteps": run.supersteps,
        "records": run.records,
        "duplicates": run.duplicates,
        "node_executions": run.node_executions,
        "llm_calls": run.llm_calls,
        "tool_calls": run.tool_calls,
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "errors": run.errors,
        "losses": run.losses,
        "interrupts": [_interrupt_view(interrupt) for interrupt in run.interrupts],
        "resumes": run.resumes,
        "resumed_by": resumed_by,
        "partition": run.partition,
        "first_offset": str(run.first_offset),
        "last_offset": str(run.last_offset),
        "first_sequence": _text(run.first_sequence),
        "last_sequence": _text(run.last_sequence),
        "producer_id": run.producer_id,
        "producer_epoch": str(run.producer_epoch),
        "program": run.program,
        "truth_edges": run.truth_edges,
        "has_start": run.has_start,
    }


def _interrupt_view(interrupt: Interrupt) -> dict[str, Any]:
    try:
        value = loads(interrupt.value.encode())
    except StateValueError:
        value = interrupt.value
    return {"id": interrupt.id, "node_id": interrupt.node_id, "value": value, "when": interrupt.when}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


async def list_runs(services: HttpServices, request: Request, arguments: Arguments) -> Response:
    etag = f'"{services.index.version}"'
    if etag in _etags(request):
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "no-cache"})
    page = await services.index.runs(
        RunQuery(
            status=arguments["status"],
            graph=arguments["graph"],
            thread=arguments["thread"],
            text=arguments["q"],
            limit=arguments["limit"],
            before=arguments["before"],
            tenants=principal_of(request).tenants,
        )
    )
    body = {
        "runs": [run_view(run, page.resumed_by.get(run.run_id)) for run in page.runs],
        "next": page.next,
        "version": page.version,
    }
    return json_response(body, headers={"ETag": f'"{page.version}"', "Cache-Control": "no-cache"})


def _etags(request: Request) -> list[str]:
    given = request.headers.get("if-none-match", "")
    return [tag.strip().removeprefix("W/") for tag in given.split(",")]


async def get_run(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    run = await services.index.run(arguments["run_id"])
    if run is None:
        raise NotFoundError(f"no run {arguments['run_id']!r}")
    body = run_view(run, await services.index.resumed_by(run.run_id))
    schema = await services.index.schema(run.graph_id)
    body["namespaces"] = await services.index.namespaces(run.run_id)
    body["schema"] = schema_view(schema) if schema else None
    return json_response(body)


async def list_events(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    query = RecordQuery(
        run_id=arguments["run_id"],
        start=arguments["from_seq"],
        kinds=arguments["kinds"],
        node=arguments["node"],
        limit=arguments["limit"],
    )
    page = await services.reader.events(query)
    body = {
        "events": [_event_view(row) for row in page.rows],
        "next": _place_text(page.next) if page.next else None,
    }
    return json_response(body)


def _event_view(row: EventRow) -> dict[str, Any]:
    entry = row.entry
    return {
        "partition": row.partition,
        "offset": str(entry.place.offset),
        "sequence": str(entry.place.sequence),
        "kind": entry.kind,
        "type": entry.type,
        "timestamp_us": str(entry.timestamp_us),
        "node_id": entry.node_id,
        "node_execution_id": entry.node_execution_id,
        "superstep": _text(entry.superstep),
        "attempt": entry.attempt,
        "summary": summary_of(row.item) if row.item else "",
        "data": data_of(row.item) if row.item else None,
    }


async def list_schemas(services: HttpServices, _: Request, __: Arguments) -> Response:
    observed = await services.index.schemas()
    return json_response({"schemas": [schema_view(schema) for schema in observed]})


def schema_view(schema: Any) -> dict[str, Any]:
    """Return an observed graph schema as the API shows it."""
    view: dict[str, Any] = msgspec.to_builtins(schema)
    for field in ("first_seen_us", "last_seen_us"):
        view[field] = str(view[field])
    return view


def _parse_place(raw: str) -> RecordPlace:
    parts = raw.split(".")
    if len(parts) not in {1, 3}:
        raise ValueError("must be a sequence, or the `next` of the page before")
    return RecordPlace(*(parse_integer(part) for part in parts))


def _place_text(place: RecordPlace) -> str:
    return f"{place.sequence}.{place.offset}.{place.index}"


def _parse_before(raw: str) -> str:
    if not _BEFORE.fullmatch(raw):
        raise ValueError("must be the `next` of the page before")
    return raw


FROM_SEQ = Parameter(
    "from_seq",
    "Where the page begins: a sequence, or the `next` of the page before.",
    {"type": "string", "pattern": rf"^{_INTEGER}(\.{_INTEGER}\.{_INTEGER})?$"},
    _parse_place,
    default=RecordPlace(0),
)
BEFORE = Parameter(
    "before",
    "The `next` of the page before.",
    {"type": "string", "pattern": f"^{_BEFORE.pattern}$"},
    _parse_before,
)

OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/runs",
        "listRuns",
        "Runs, newest first. `version` and the ETag change whenever any answer may change.",
        list_runs,
        {200: Reply("A page of runs.", schema=schemas.RUN_PAGE), 304: Reply("Nothing has changed.")},
        (
            choice("status", "Only runs with this status.", tuple(RunStatus)),
            text("graph", "Only runs of this graph, by id or name."),
            text("thread", "Only runs of this thread."),
            text("q", "Only runs whose id, thread, graph or program contains this text."),
            limit(100, 500),
            BEFORE,
        ),
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/runs/{run_id}/events",
        "listEvents",
        "A run's messages in order of sequence. `next` is null on the last page.",
        list_events,
        {200: Reply("A page of messages.", schema=schemas.EVENT_PAGE)},
        (
            RUN_ID,
            FROM_SEQ,
            choices("kinds", "Only these kinds, joined by commas.", tuple(Kind)),
            text("node", "Only messages about this node."),
            limit(200, 1000),
        ),
        problems=(404,),
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/schemas",
        "listSchemas",
        "The graph structures that runs have declared, the most recently seen first.",
        list_schemas,
        {200: Reply("Observed schemas.", schema=schemas.SCHEMA_LIST)},
        least=Role.VIEWER,
    ),
)

RUN_OPERATION = Operation(
    "GET",
    "/api/v1/runs/{run_id}",
    "getRun",
    "One run, with the graph schema it declared.",
    get_run,
    {200: Reply("The run.", schema=schemas.RUN_DETAIL)},
    (RUN_ID,),
    problems=(404,),
    least=Role.VIEWER,
    is_of_all=False,
)
"""Routed after all longer paths, because a run's id may contain slashes."""
