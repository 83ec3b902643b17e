"""How commands find a gateway, and their common flags."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import typer

from dashstream.errors import (
    DashStreamError,
    GatewayUnreachableError,
    NotFoundError,
    OverloadedError,
    ProtocolError,
    SettingsError,
    UnauthenticatedError,
)

TIMEOUT_S = 30.0
PIECE_BYTES = 1 << 16

UrlOption = Annotated[
    str | None,
    typer.Option("--url", envvar="DASHSTREAM_CLI_URL", help="Gateway; default: the one of the data directory."),
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="DASHSTREAM_CLI_TOKEN", help="Its token; default: the data directory's."),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Data directory; default: DASHSTREAM_DATA_DIR or the user's."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway's address, and requests to it."""

    url: str
    token: str = field(repr=False)

    @property
    def ws_url(self) -> str:
        """Where its WebSocket is."""
        return "ws" + self.url.removeprefix("http").rstrip("/") + "/ws"

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON at an API path; query values of None are left out.

        Raises:
            GatewayUnreachableError: nothing answers there.
            NotFoundError, UnauthenticatedError, ProtocolError: the gateway's refusal.
        """
        with self.request("GET", _with_query(path, query)) as response:
            return json.loads(response.read())

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        """Send a body and return the JSON answer; raises as :meth:`get` does, and OverloadedError."""
        with self.request("POST", path, body, content_type) as response:
            return json.loads(response.read())

    @contextmanager
    def request(
        self, method: str, target: str, body: bytes | None = None, content_type: str = ""
    ) -> Iterator[http.client.HTTPResponse]:
        """Make one request; the response is open within the block."""
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self.token}"}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            connection.request(method, parts.path.rstrip("/") + target, body, headers)
            response = connection.getresponse()
            if response.status >= 400:
                raise _refusal(response)
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise GatewayUnreachableError(f"no gateway answers at {self.url}: {error}") from error
        finally:
            connection.close()


def find_gateway(url: str | None, token: str | None, data_dir: Path | None) -> Gateway:
    """Return the gateway that the flags name, or the one of the data directory.

    Raises:
        GatewayUnreachableError: no gateway runs on that data directory.
        SettingsError: the address is none.
    """
    from dashstream.app.auth import TOKEN_FILE
    from dashstream.app.data_dir import read_discovery

    folder = data_dir_of(data_dir)
    found = read_discovery(folder)
    if url is None:
        if found is None:
            raise GatewayUnreachableError(
                f"no gateway runs on {folder}; start one with 'dashstream serve', or give --url"
            )
        return Gateway(found.url, token or found.token)
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise SettingsError("--url", f"{url!r} is not an http address")
    if token is None:
        try:
            token = (folder / TOKEN_FILE).read_text().strip()
        except OSError:
            token = ""
    return Gateway(url, token)


def data_dir_of(given: Path | None) -> Path:
    """Return the data directory: the flag, the environment, or the user's."""
    from dashstream.app.settings import default_data_dir

    return given.expanduser() if given else default_data_dir(os.environ)


def run_path(run_id: str, rest: str = "") -> str:
    """Return the API path of a run."""
    return f"/api/v1/runs/{quote(run_id, safe='')}{rest}"


def _with_query(path: str, query: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _refusal(response: http.client.HTTPResponse) -> DashStreamError:
    body = response.read(PIECE_BYTES)
    try:
        problem = json.loads(body)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "http_error", f"HTTP status {response.status}"
    if response.status == 404:
        return NotFoundError(detail)
    if response.status == 401:
        return UnauthenticatedError(f"the gateway refuses the token: {detail}")
    if response.status in {429, 503}:
        wait = response.headers.get("Retry-After", "1")
        return OverloadedError(detail, retry_after_s=float(wait) if wait.isdigit() else 1.0)
    return ProtocolError(code, detail)
