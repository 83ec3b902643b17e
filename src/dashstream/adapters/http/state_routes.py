"""Routes about state: as it was at a sequence, and what changed between two."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashstream.adapters.http import schemas
from dashstream.adapters.http.operations import Arguments, Operation, Reply, json_response, sequence, text
from dashstream.adapters.http.runs_routes import RUN_ID
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role

NAMESPACE = text("ns", "The namespace: empty for the root graph.", most=4096, default="")


async def get_state(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    run_id, ns = arguments["run_id"], arguments["ns"]
    state = await services.reader.state(run_id, ns, arguments["seq"])
    body: dict[str, Any] = {
        "run_id": run_id,
        "ns": ns,
        "sequence": str(state.sequence),
        "superstep": None if state.superstep is None else str(state.superstep),
        "hash": state.hash.hex(),
        "verified": state.verified,
        "doubt": state.doubt.value if state.doubt else None,
        "state": state.value,
    }
    return json_response(body)


async def get_diff(services: HttpServices, _: Request, arguments: Arguments) -> Response:
    run_id, ns = arguments["run_id"], arguments["ns"]
    difference = await services.reader.difference(run_id, ns, arguments["from"], arguments["to"])
    before, after = difference.before, difference.after
    body = {
        "run_id": run_id,
        "ns": ns,
        "from_sequence": str(before.sequence),
        "to_sequence": str(after.sequence),
        "from_hash": before.hash.hex(),
        "to_hash": after.hash.hex(),
        "verified": before.verified and after.verified,
        "operations": [operation.to_json() for operation in difference.operations],
    }
    return json_response(body)


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/runs/{run_id}/state",
        "getState",
        "The state at or before a sequence, and whether it was verified by its producer's hash. "
        "Integers inside the state are exact JSON numbers.",
        get_state,
        {200: Reply("The state.", schema=schemas.STATE)},
        (RUN_ID, sequence("seq", "The sequence; the last one when absent."), NAMESPACE),
        problems=(404,),
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/runs/{run_id}/diff",
        "getDiff",
        "The operations (RFC 6902 and `text_splice`) from one state to another.",
        get_diff,
        {200: Reply("The operations.", schema=schemas.DIFF)},
        (
            RUN_ID,
            sequence("from", "The sequence of the first state; just before `to` when absent."),
            sequence("to", "The sequence of the second state; the last one when absent."),
            NAMESPACE,
        ),
        problems=(404,),
        least=Role.VIEWER,
        is_of_all=False,
    ),
)
