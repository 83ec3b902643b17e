"""Errors as RFC 9457 problem documents: one shape for everything that goes wrong."""

from __future__ import annotations

import http
import math
from collections.abc import Mapping

from starlette.responses import Response

from dashstream.errors import DashStreamError, OverloadedError
from dashstream.protocol.json_value import JSON, dumps

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
"""What a client is told to wait when the error itself does not say."""

STATUS_OF_CODE: Mapping[str, int] = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "overloaded": 429,
    "record_too_large": 413,
    "log_full": 503,
    "log_closed": 503,
    "log_failed": 503,
    "log_unavailable": 503,
    "log_refused": 503,
    "log_epoch_changed": 503,
    "retained_failed": 503,
    "run_index_failed": 503,
    "offset_out_of_range": 404,
}
"""Status of each code of ``errors.py`` that a request can meet; codes of records are 400, all others 500."""


class Problem(Exception):  # noqa: N818  # the word of RFC 9457
    """Ends a request with a problem document."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


def problem_of(error: DashStreamError) -> Problem:
    """Return the problem that an error of the engine is to a client."""
    headers: dict[str, str] = {}
    status = STATUS_OF_CODE.get(error.code, 500)
    if error.code.startswith(("record_", "frame_", "decode", "decompression", "schema_")):
        status = STATUS_OF_CODE.get(error.code, 400)
    if status in {429, 503}:
        wait = error.retry_after_s if isinstance(error, OverloadedError) else RETRY_AFTER_S
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dashstream"'
    detail = str(error) if status != 500 else "the gateway failed; its log says why"
    return Problem(status, error.code, detail, headers)


def problem_response(problem: Problem) -> Response:
    """Return the response for a problem."""
    body: dict[str, JSON] = {
        "type": "about:blank",
        "title": http.HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    return Response(dumps(body), problem.status, problem.headers, MEDIA_TYPE)
