"""Routes as declarations: from one ``Operation`` come the route, the check of its parameters, and its
OpenAPI.

Parameters are closed: an unknown or repeated one is refused, because a filter that is silently ignored shows
the wrong thing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dashstream.adapters.http.problems import Problem
from dashstream.adapters.http.services import HttpServices
from dashstream.engine.access import Role
from dashstream.protocol.json_value import dumps

MAX_INTEGER = (1 << 63) - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_NO_NUL = "^[^\\u0000]*$"

Arguments = Mapping[str, Any]
Endpoint = Callable[[HttpServices, Request, Arguments], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One path or query parameter; ``parse`` turns its text into a value or raises ValueError with the
    reason.
    """

    name: str
    doc: str
    schema: Mapping[str, Any]
    parse: Callable[[str], Any]
    where: str = "query"
    default: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One documented response."""

    doc: str
    media_type: str = "application/json"
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API."""

    method: str
    path: str
    name: str
    doc: str
    endpoint: Endpoint
    replies: Mapping[int, Reply]
    parameters: tuple[Parameter, ...] = ()
    body_type: str | None = None
    problems: tuple[int, ...] = ()
    least: Role | None = field(kw_only=True)
    """The role that it takes; None: open to everybody. There is no default, so nothing is open by oversight."""
    is_of_all: bool = True
    """Whether it is about the gateway as a whole, so that who is bound to tenants may not use it."""
    is_act: bool = False
    """Whether it is an operator's act, which the audit log keeps."""

    @property
    def is_named(self) -> bool:
        """Whether its path is always the same."""
        return "{" not in self.path

    @property
    def route_path(self) -> str:
        """The path as the router wants it: a run's id may contain slashes."""
        return self.path.replace("{run_id}", "{run_id:path}")


def sequence(name: str, doc: str) -> Parameter:
    """A 64-bit sequence in canonical decimal."""
    return Parameter(name, doc, {"type": "string", "pattern": f"^{up_to(MAX_INTEGER)}$"}, parse_integer)


def limit(default: int, most: int) -> Parameter:
    """How many entries a page may have."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}

    def parse(raw: str) -> int:
        value = parse_integer(raw)
        if not 1 <= value <= most:
            raise ValueError(f"must be from 1 to {most}")
        return value

    return Parameter("limit", "Most entries of the page.", schema, parse, default=default)


def text(name: str, doc: str, *, most: int = 512, where: str = "query", default: Any = None) -> Parameter:
    """A text of bounded length."""

    def parse(raw: str) -> str:
        if len(raw) > most:
            raise ValueError(f"is longer than {most} characters")
        if "\x00" in raw:
            raise ValueError("contains a NUL character")
        return raw

    return Parameter(name, doc, {"type": "string", "maxLength": most, "pattern": _NO_NUL}, parse, where, default)


def choice(name: str, doc: str, allowed: tuple[str, ...]) -> Parameter:
    """One of a closed set."""

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return raw

    return Parameter(name, doc, {"type": "string", "enum": list(allowed)}, parse)


def choices(name: str, doc: str, allowed: tuple[str, ...]) -> Parameter:
    """Some of a closed set, joined by commas."""

    def parse(raw: str) -> frozenset[str]:
        wanted = frozenset(raw.split(","))
        if unknown := wanted - set(allowed):
            raise ValueError(f"{min(unknown)!r} is none of {', '.join(allowed)}")
        return wanted

    some = "|".join(allowed)
    return Parameter(name, doc, {"type": "string", "pattern": f"^({some})(,({some}))*$"}, parse)


def up_to(most: int) -> str:
    """Return a regular expression for the canonical decimals from 0 to ``most``, which has several digits."""
    digits = str(most)
    ways = ["0", f"[1-9][0-9]{{0,{len(digits) - 2}}}"]
    for at, digit in enumerate(map(int, digits)):
        lowest = 0 if at else 1
        if digit > lowest:
            ways.append(f"{digits[:at]}[{lowest}-{digit - 1}][0-9]{{{len(digits) - at - 1}}}")
    return f"({'|'.join([*ways, digits])})"


def parse_integer(raw: str) -> int:
    """Parse a canonical decimal from 0 to 2^63-1.

    Raises:
        ValueError: anything else, such as a sign, a leading zero or a space.
    """
    if not _DECIMAL.fullmatch(raw) or int(raw) > MAX_INTEGER:
        raise ValueError("must be a decimal integer from 0 to 2^63-1")
    return int(raw)


def arguments_of(operation: Operation, request: Request) -> dict[str, Any]:
    """Return the checked arguments of a request.

    Raises:
        Problem: 400, naming the parameter that is unknown, repeated or wrong.
    """
    if not request.scope["query_string"] and not operation.parameters:
        return {}
    known = {parameter.name: parameter for parameter in operation.parameters}
    values = {parameter.name: parameter.default for parameter in operation.parameters}
    given = [(name, raw, "query") for name, raw in request.query_params.multi_items()]
    given += [(name, raw, "path") for name, raw in request.path_params.items()]
    seen: set[str] = set()
    for name, raw, where in given:
        parameter = known.get(name)
        if parameter is None or parameter.where != where:
            raise Problem(400, "unknown_parameter", f"no parameter {name[:64]!r} here")
        if name in seen:
            raise Problem(400, "invalid_parameter", f"{name}: given more than once")
        seen.add(name)
        try:
            values[name] = parameter.parse(raw)
        except ValueError as error:
            raise Problem(400, "invalid_parameter", f"{name}: {error}") from error
    return values


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response that no cache keeps."""
    return Response(dumps(value), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")
