"""The HTTP application: operations as routes, everything else the page.

An operation whose path has no parameters is found by that path, before any route is tried: batches of records are most
of what a gateway is asked, and the way to them through the router costs as much as a dozen records do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashstream.adapters.http import duty_routes, records_routes, runs_routes, service_routes, state_routes
from dashstream.adapters.http.openapi import document
from dashstream.adapters.http.operations import (
    Arguments,
    Operation,
    Reply,
    arguments_of,
    json_response,
)
from dashstream.adapters.http.page import page_response
from dashstream.adapters.http.problems import Problem, problem_of, problem_response
from dashstream.adapters.http.security import Gate, bearer_token, place_of
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.engine.audit import DONE, Act
from dashstream.engine.runs import tenant_of
from dashstream.errors import DashStreamError, NotFoundError

log = structlog.get_logger(__name__)

_Endpoint = Callable[[Request], Awaitable[Response]]


async def get_openapi(services: HttpServices, _: Request, __: Arguments) -> Response:
    return json_response(document(OPERATIONS, services.version))


OPERATIONS: tuple[Operation, ...] = (
    *service_routes.OPERATIONS,
    *records_routes.OPERATIONS,
    *duty_routes.OPERATIONS,
    *state_routes.OPERATIONS,
    *runs_routes.OPERATIONS,
    runs_routes.RUN_OPERATION,
    Operation(
        "GET",
        "/openapi.json",
        "getOpenApi",
        "This description.",
        get_openapi,
        {200: Reply("OpenAPI 3.1.", schema={"type": "object"})},
        least=Role.VIEWER,
        is_of_all=False,
    ),
)
"""In routing order: a longer path comes before the one it begins with."""


def create_app(services: HttpServices) -> ASGIApp:
    """Return the application that serves API and page."""
    endpoints = [(operation, _endpoint(services, operation)) for operation in OPERATIONS]
    routes = [Route(operation.route_path, endpoint, methods=[operation.method]) for operation, endpoint in endpoints]

    async def serve_page(request: Request) -> Response:
        _refuse_method(routes, request)
        return page_response(services.page, request)

    every_method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    starlette = Starlette(
        routes=[*routes, Route("/{path:path}", serve_page, methods=every_method)],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http_error, Exception: _on_failure},
    )
    starlette.router.redirect_slashes = False
    named = {(operation.method, operation.path): each for operation, each in endpoints if operation.is_named}
    always_open = [operation.path for operation in OPERATIONS if operation.least is None]
    return Gate(_Named(named, starlette), services.limits.allowed_hosts, services.admission, always_open)


class _Named:
    """Answers operations by method and path, as the routed application would; ``others`` answers what is left."""

    def __init__(self, endpoints: Mapping[tuple[str, str], _Endpoint], others: ASGIApp) -> None:
        self._endpoints = endpoints
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._others(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem_response(problem)
        except Exception as error:
            failed = await _on_failure(request, error)
            await failed(scope, receive, send)
            raise
        await response(scope, receive, send)


def _refuse_method(routes: list[Route], request: Request) -> None:
    """Raise 405 when the path is the API's and only the method is not."""
    for route in routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            allowed = ", ".join(sorted(route.methods or ()))
            raise Problem(405, "method_not_allowed", f"allowed here: {allowed}", {"Allow": allowed})


def _endpoint(services: HttpServices, operation: Operation) -> _Endpoint:
    async def answer(request: Request) -> Response:
        try:
            if operation.is_act:
                return await _audited(services, request, operation)
            return await _answered(services, request, operation)
        except DashStreamError as error:
            problem = problem_of(error)
            if problem.status == 500:
                log.exception("request failed", operation=operation.name)
            raise problem from error

    return answer


async def _answered(services: HttpServices, request: Request, operation: Operation) -> Response:
    arguments = await _admitted(services, request, operation)
    return await operation.endpoint(services, request, arguments)


async def _audited(services: HttpServices, request: Request, operation: Operation) -> Response:
    """Answer a request for an operator's act, and keep who asked for what and what came of it."""
    outcome = "internal"
    try:
        response = await _answered(services, request, operation)
    except (DashStreamError, Problem) as error:
        outcome = error.code
        raise
    else:
        outcome = DONE
        return response
    finally:
        if (principal := getattr(request.state, "principal", None)) is not None:
            target = {name: str(value) for name, value in request.path_params.items()}
            place = place_of(request)
            act = Act(principal.name, principal.role, place, operation.name, target, outcome)
            services.audit.note(act)


async def _admitted(services: HttpServices, request: Request, operation: Operation) -> Arguments:
    """Return the checked arguments of a request that its client may make.

    Raises:
        UnauthenticatedError, ForbiddenError, OverloadedError: it may not, or not now.
        NotFoundError: it is about a run that is not there for this client, whether it exists or not.
        Problem: an argument is wrong.
    """
    if operation.least is None:
        return arguments_of(operation, request)
    admission = services.admission
    principal = admission.authenticate(bearer_token(request.headers), place_of(request))
    request.state.principal = principal
    admission.authorise(principal, operation.least, is_of_all=operation.is_of_all)
    arguments = arguments_of(operation, request)
    if principal.tenants is not None and (run_id := arguments.get("run_id")) is not None:
        run = await services.index.run(run_id)
        if run is None or not principal.may_see(tenant_of(run)):
            raise NotFoundError(f"no run {run_id!r}")
    return arguments


async def _on_problem(_: Request, error: Exception) -> Response:
    return problem_response(cast("Problem", error))


async def _on_http_error(_: Request, error: Exception) -> Response:
    http_error = cast("HTTPException", error)
    code = {404: "not_found", 405: "method_not_allowed"}.get(http_error.status_code, "http_error")
    return problem_response(
        Problem(http_error.status_code, code, str(http_error.detail), dict(http_error.headers or {}))
    )


async def _on_failure(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, exc_info=error)
    return problem_response(Problem(500, "internal", "the gateway failed; its log says why"))
