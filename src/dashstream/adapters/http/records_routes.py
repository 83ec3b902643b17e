"""Routes that move records: producers post them, people export a run."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from dashstream.adapters.http import schemas
from dashstream.adapters.http.operations import Arguments, Operation, Reply, json_response
from dashstream.adapters.http.problems import Problem
from dashstream.adapters.http.runs_routes import RUN_ID
from dashstream.adapters.http.security import principal_of
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.errors import NotFoundError
from dashstream.protocol.record_batch import CONTENT_TYPE as RECORDS_TYPE
from dashstream.protocol.record_batch import unpack_records
from dashstream.protocol.run_file import CONTENT_TYPE as EXPORT_TYPE
from dashstream.protocol.run_file import RunFileWriter

_CLOSE = {"Connection": "close"}
"""After a refused body the connection ends: the rest of it is not read."""


async def post_records(services: HttpServices, request: Request, _: Arguments) -> Response:
    body = await _body_of(services, request)
    values = unpack_records(body, max_records=services.max_batch_records)
    result = await services.ingest.submit(values, principal_of(request).tenants)
    answer: dict[str, Any] = {
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "rejected": [{"index": index, "code": code, "message": message} for index, code, message in result.rejected],
        "epoch": services.log.epoch,
    }
    return json_response(answer)


async def _body_of(services: HttpServices, request: Request) -> bytes:
    """Return the body, refusing what is wrong or too large before it is read.

    Raises:
        Problem: 415, 413, 408 or 400.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != RECORDS_TYPE:
        raise Problem(415, "unsupported_media_type", f"the body must be {RECORDS_TYPE}", _CLOSE)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "the body must not be encoded: each record is", _CLOSE)
    most = services.max_body_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise Problem(413, "body_too_large", f"the body is above {most} bytes", _CLOSE)
    body = bytearray()
    try:
        async with asyncio.timeout(services.limits.body_timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Problem(413, "body_too_large", f"the body is above {most} bytes", _CLOSE)
    except TimeoutError as error:
        wait = math.ceil(services.limits.body_timeout_s)
        raise Problem(408, "body_timeout", f"the body did not arrive within {wait} s", _CLOSE) from error
    except ClientDisconnect as error:
        raise Problem(400, "body_incomplete", "the client left in the middle of the body", _CLOSE) from error
    return bytes(body)


async def export_run(services: HttpServices, request: Request, arguments: Arguments) -> Response:
    run_id = arguments["run_id"]
    if await services.index.run(run_id) is None:
        raise NotFoundError(f"no run {run_id!r}")
    name = re.sub(r"[^\w.-]", "_", run_id, flags=re.ASCII)[:100]
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename=\"{name}.dsrun\"; filename*=UTF-8''{quote(run_id)}.dsrun",
    }
    return StreamingResponse(
        _exported(services.reader.values(run_id, principal_of(request).tenants)), 200, headers, EXPORT_TYPE
    )


async def _exported(values: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    writer = RunFileWriter()
    async for value in values:
        if piece := writer.add(value):
            yield piece
    yield writer.end()


OPERATIONS = (
    Operation(
        "POST",
        "/v1/records",
        "postRecords",
        "Makes records durable. Idempotent: a record that its producer has already stored counts as a duplicate. "
        "On 429 and 503 nothing was stored and the same body can be sent again after `Retry-After` seconds.",
        post_records,
        {200: Reply("What became of each record; all accepted ones are durable.", schema=schemas.INGEST)},
        body_type=RECORDS_TYPE,
        problems=(400, 408, 413, 415, 429, 503),
        least=Role.OPERATOR,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/runs/{run_id}/export",
        "exportRun",
        "The run's records as a `.dsrun` file.",
        export_run,
        {200: Reply("The file.", EXPORT_TYPE)},
        (RUN_ID,),
        problems=(404,),
        least=Role.VIEWER,
        is_of_all=False,
    ),
)
