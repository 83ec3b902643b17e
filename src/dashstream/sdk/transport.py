"""Sending batches of records to a gateway: one kept-alive HTTP connection, one request at a time.

The outcome of a request is a value, never an exception: the publisher decides by :class:`Outcome` alone. The address
is looked up again for each connection, so a gateway that comes back on another port is found.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

CONTENT_TYPE = "application/vnd.dashstream.records"
MAX_REPLY_BYTES = 1024 * 1024
MAX_RETRY_AFTER_S = 30.0
CONNECT_TIMEOUT_S = 1.0
_STALE = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError")


class Verdict(StrEnum):
    """What became of a batch."""

    DELIVERED = "delivered"
    """Durable at the gateway, apart from the records listed as rejected."""
    RETRY = "retry"
    """Not known to be delivered; sending the same bytes again is safe."""
    ABSENT = "absent"
    """No gateway is known or none answers; nothing of the batch left this process."""
    REFUSED = "refused"
    """The gateway will never take this batch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Verdict on one batch; ``rejected`` are indexes of single records that the gateway refused for good."""

    verdict: Verdict
    rejected: tuple[int, ...] = ()
    retry_after_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a gateway listens and the token that it wants."""

    url: str
    token: str = field(repr=False)


class Transport(Protocol):
    """What the publisher needs of the way to a gateway, or to what takes its place."""

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome: ...

    def abort(self) -> None:
        """End a request that another thread waits for, at once."""

    def tend(self) -> None:
        """Do what has to be done from time to time, also when there is nothing to send; returns at once."""

    def close(self) -> None: ...

    def forget(self) -> None:
        """Drop what a forked child inherited, without touching the parent's connection."""


class Discovery:
    """Find the gateway: the address that was set, else the one that the data directory names."""

    def __init__(self, url: str | None, token: str | None, data_dir: Path) -> None:
        self._url = url
        self._token = token
        self._data_dir = data_dir

    def find(self) -> Endpoint | None:
        """Return the endpoint as it is now, or None when no gateway is known. Never raises."""
        if self._url:
            return Endpoint(self._url, self._token or self._saved_token())
        try:
            entry = json.loads((self._data_dir / "gateway.json").read_bytes())
            return Endpoint(str(entry["url"]), self._token or str(entry.get("token", "")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _saved_token(self) -> str:
        try:
            return (self._data_dir / "token").read_text().strip()
        except OSError:
            return ""


class HttpTransport:
    """``POST /v1/records`` over a kept-alive connection. One thread sends; another may abort."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery
        self._connection: http.client.HTTPConnection | None = None
        self._endpoint: Endpoint | None = None
        self._is_aborted = False

    def send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        """Send one batch and wait for the verdict for at most about ``timeout_s`` per step of the request.

        A kept-alive connection that the gateway closed meanwhile is replaced once; the gateway drops duplicates.
        """
        self._is_aborted = False
        reused = self._connection is not None
        outcome = self._send(values, timeout_s)
        if reused and not self._is_aborted and outcome.verdict is Verdict.RETRY and outcome.reason.startswith(_STALE):
            outcome = self._send(values, timeout_s)
        return outcome

    def _send(self, values: Sequence[bytes], timeout_s: float) -> Outcome:
        try:
            connection = self._connect(timeout_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return Outcome(Verdict.ABSENT, reason=f"{type(error).__name__}: {error}")
        if connection is None or self._endpoint is None:
            return Outcome(Verdict.ABSENT, reason="no gateway is known")
        body = b"".join(struct.pack(">I", len(value)) + value for value in values)
        headers = {"Content-Type": CONTENT_TYPE, "Authorization": f"Bearer {self._endpoint.token}"}
        try:
            connection.request("POST", "/v1/records", body=body, headers=headers)
            response = connection.getresponse()
            reply = response.read(MAX_REPLY_BYTES)
            if response.will_close or not response.isclosed():
                self.close()
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            self.close()
            return Outcome(Verdict.RETRY, reason=f"{type(error).__name__}: {error}")
        outcome = judge(response.status, response.headers.get("Retry-After"), reply, len(values))
        if outcome.verdict is not Verdict.DELIVERED:
            self.close()
        return outcome

    def abort(self) -> None:
        self._is_aborted = True
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def tend(self) -> None:
        """See ``Transport.tend``; a connection of HTTP wants nothing."""

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def forget(self) -> None:
        self.close()

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection | None:
        endpoint = self._discovery.find() if self._connection is None else self._endpoint
        if endpoint is None:
            return None
        if self._connection is None:
            self._endpoint = endpoint
            self._connection = _connection_to(endpoint, min(timeout_s, CONNECT_TIMEOUT_S))
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sock.settimeout(timeout_s)
        return self._connection


def _connection_to(endpoint: Endpoint, timeout_s: float) -> http.client.HTTPConnection:
    parts = urlsplit(endpoint.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not an http address: {endpoint.url!r}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=timeout_s)


def judge(status: int, retry_after: str | None, reply: bytes, sent: int) -> Outcome:
    """Turn an HTTP answer into an outcome; an answer that is not ours counts as no answer."""
    if status in {200, 202}:
        return _accepted(reply, sent)
    if status in {400, 413, 415, 422}:
        return Outcome(Verdict.REFUSED, reason=f"status {status}")
    return Outcome(Verdict.RETRY, retry_after_s=_seconds(retry_after), reason=f"status {status}")


def _accepted(reply: bytes, sent: int) -> Outcome:
    try:
        answer: dict[str, Any] = json.loads(reply)
        rejected = tuple(int(item["index"]) for item in answer.get("rejected", ()))
        known = int(answer["accepted"]) + int(answer.get("duplicates", 0)) + len(rejected)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Outcome(Verdict.RETRY, reason="the answer is not a gateway's")
    if known != sent or any(not 0 <= index < sent for index in rejected):
        return Outcome(Verdict.RETRY, reason=f"the answer accounts for {known} of {sent} records")
    return Outcome(Verdict.DELIVERED, rejected=rejected)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return min(max(float(retry_after or ""), 0.0), MAX_RETRY_AFTER_S)
    except ValueError:
        return None
