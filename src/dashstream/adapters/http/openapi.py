"""The OpenAPI 3.1 document, made from the same declarations as the routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dashstream.adapters.http.operations import Operation
from dashstream.adapters.http.problems import MEDIA_TYPE
from dashstream.adapters.http.schemas import PROBLEM


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """Return the description of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DashStream gateway",
            "version": version,
            "description": "Runs, states and telemetry of agent graphs. 64-bit integers are decimal strings.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "description": operation.doc,
        "x-role": operation.least,
        "x-tenants": operation.least is not None and not operation.is_of_all,
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "description": parameter.doc,
                "schema": dict(parameter.schema),
            }
            for parameter in operation.parameters
        ],
        "responses": _responses(operation),
        "security": [{"token": []}] if operation.least else [],
    }
    if operation.body_type:
        described["requestBody"] = {
            "required": True,
            "content": {operation.body_type: {"schema": {"type": "string", "format": "binary"}}},
        }
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, reply in operation.replies.items():
        responses[str(status)] = {"description": reply.doc}
        if status != 304:
            schema = dict(reply.schema) if reply.schema else {"type": "string"}
            responses[str(status)]["content"] = {reply.media_type: {"schema": schema}}
    problems = {400, *operation.problems} | ({401, 403, 429} if operation.least else set())
    for status in sorted(problems):
        responses[str(status)] = {
            "description": "A problem document.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses
