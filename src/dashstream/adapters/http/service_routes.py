"""Routes about the gateway itself: alive, ready, health, version, access, metrics, and this API's description."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from dashstream.adapters.http import schemas
from dashstream.adapters.http.operations import Arguments, Operation, Reply, json_response
from dashstream.adapters.http.problems import Problem
from dashstream.adapters.http.security import principal_of
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.engine.health import WINDOW_S, Facts
from dashstream.protocol.proto_codec import SCHEMA_VERSION

RETAINED = {None: "none", False: "working", True: "failing"}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def get_alive(_: HttpServices, __: Request, ___: Arguments) -> Response:
    return json_response({"status": "alive"})


async def get_ready(services: HttpServices, _: Request, __: Arguments) -> Response:
    if not services.is_ready():
        raise Problem(503, "not_ready", "the gateway is starting or stopping", {"Retry-After": "1"})
    return json_response({"status": "ready"})


async def get_health(services: HttpServices, request: Request, _: Arguments) -> Response:
    health = await services.health()
    is_of_all = principal_of(request).tenants is None
    body = {
        "level": health.level.value,
        "reasons": [
            {"check": reason.check, "level": reason.level.value, "message": reason.message} for reason in health.reasons
        ],
        "unknown": list(health.unknown),
        "listens": "remote" if services.is_remote else "loopback",
        "retained": RETAINED[health.facts.retained_failing],
        "dead_letters": {
            "written": health.facts.dead_letters_written,
            "waiting": health.facts.dead_letters_waiting,
            "lost_recently": health.facts.dead_letters_lost,
        },
        "sends": {
            "failed": health.facts.sends_failed,
            "failed_recently": health.facts.sends_failed_recently,
            "timed_out": health.facts.sends_timed_out,
            "timed_out_recently": health.facts.sends_timed_out_recently,
        },
        "producers": _producers(health.facts) if is_of_all else None,
        "viewers": _viewers(health.facts) if is_of_all else None,
        "index_lag": health.facts.index_lag,
        "window_s": WINDOW_S,
    }
    return json_response(body)


def _producers(facts: Facts) -> Mapping[str, int | None]:
    return {
        "accepted_recently": facts.records_accepted,
        "rejected_recently": facts.records_rejected,
        "overloaded_recently": facts.requests_overloaded,
    }


def _viewers(facts: Facts) -> Mapping[str, float | None]:
    return {"connected": facts.clients, "slow": facts.slow_clients, "apply_lag_s": facts.apply_lag_s}


async def get_version(services: HttpServices, _: Request, __: Arguments) -> Response:
    body = {
        "version": services.version,
        "instance": services.instance,
        "schema_version": SCHEMA_VERSION,
        "topic": services.log.topic,
        "epoch": services.log.epoch,
        "partitions": services.log.partition_count,
        "max_record_bytes": services.max_record_bytes,
        "max_body_bytes": services.max_body_bytes,
        "send_timeout_s": services.send_timeout_s,
    }
    return json_response(body)


async def get_access(_: HttpServices, request: Request, __: Arguments) -> Response:
    principal = principal_of(request)
    tenants = principal.tenants
    body = {
        "name": principal.name,
        "role": principal.role.value,
        "tenants": None if tenants is None else sorted(tenants),
    }
    return json_response(body)


async def get_metrics(services: HttpServices, _: Request, __: Arguments) -> Response:
    await services.health()  # so that gauges derived from facts are of now
    return Response(services.metrics(), 200, {"Cache-Control": "no-store"}, METRICS_TYPE)


OPERATIONS = (
    Operation(
        "GET",
        "/healthz",
        "getAlive",
        "The process is alive.",
        get_alive,
        {200: Reply("Alive.", schema=schemas.record({"status": schemas.TEXT}))},
        least=None,
    ),
    Operation(
        "GET",
        "/readyz",
        "getReady",
        "The log is open and being read, and where new data begins is known, or was asked for within its budget.",
        get_ready,
        {200: Reply("Ready.", schema=schemas.record({"status": schemas.TEXT}))},
        least=None,
        problems=(503,),
    ),
    Operation(
        "GET",
        "/api/v1/health",
        "getHealth",
        "How well the gateway does its work, with reasons over the recent window. "
        "What is not known is listed in `unknown`, never counted as zero; `producers` and `viewers` are null for "
        "a token of some tenants.",
        get_health,
        {200: Reply("The verdict.", schema=schemas.HEALTH)},
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/version",
        "getVersion",
        "Versions, identities and limits that a client has to agree on.",
        get_version,
        {200: Reply("Facts about this gateway.", schema=schemas.VERSION)},
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/api/v1/access",
        "getAccess",
        "What the request's own token may do, so that a client need not offer more.",
        get_access,
        {200: Reply("Name, role and tenants; null: all of them.", schema=schemas.ACCESS)},
        least=Role.VIEWER,
        is_of_all=False,
    ),
    Operation(
        "GET",
        "/metrics",
        "getMetrics",
        "Metrics in Prometheus' text format.",
        get_metrics,
        {200: Reply("Metrics.", METRICS_TYPE)},
        least=Role.VIEWER,
    ),
)
