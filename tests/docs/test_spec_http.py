"""docs/specs/http.md is true: each exchange against a real gateway, and each table against the code."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import GatewayProcess
from dashstream.adapters.http.app import OPERATIONS
from dashstream.adapters.http.problems import STATUS_OF_CODE
from dashstream.engine.run_state import Doubt
from dashstream.engine.runs import RunStatus
from dashstream.protocol.patch import Op
from dashstream.protocol.proto_codec import decode
from dashstream.protocol.run_file import RunFileReader
from data_dirs import fill
from run_builder import RunBuilder
from spec_pages import SPECS, examples

PAGE = SPECS / "http.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXCHANGES = examples(PAGE, "exchange")
HEALTH = [one for one in EXCHANGES if one["request"] == "GET /api/v1/health"]
OTHERS = [one for one in EXCHANGES if one not in HEALTH]
TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with the run that the page talks about, for all tests of this module: they only ask."""
    folder = tmp_path_factory.mktemp("http")
    gateway = GatewayProcess(folder / "data")
    with asyncio.Runner() as runner:
        runner.run(fill(gateway.data_dir, _run()))
        runner.run(gateway.start())
        yield gateway
        runner.run(gateway.stop())


def _run() -> list[bytes]:
    run = RunBuilder(run_id="run-1", thread_id="thread-1")
    run.start({"steps": [], "text": "a text"})
    for step in (1, 2):
        run.step(step, [Op("add", ("steps", "-"), {"step": step, "text": f"{step}"})])
    run.end()
    return run.records


def ask(
    gateway: GatewayProcess, exchange: dict[str, Any], **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    method, target = exchange["request"].split()
    token = exchange.get("token", gateway.token)
    sent = {"Content-Type": exchange["type_sent"]} if "type_sent" in exchange else {}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=TIMEOUT_S)
    body = bytes.fromhex(exchange["body_hex"]) if "body_hex" in exchange else None
    connection.request(method, target, body, {**sent, **headers})
    response = connection.getresponse()
    found = response.status, response.headers, response.read()
    connection.close()
    return found


def differences(shown: Any, real: Any, at: str = "") -> Iterator[str]:
    """Yield where an answer is not what is shown; "..." stands for anything."""
    if shown == "...":
        return
    if isinstance(shown, dict) and isinstance(real, dict):
        for name, value in shown.items():
            if name in real:
                yield from differences(value, real[name], f"{at}/{name}")
            else:
                yield f"{at}/{name}: not there"
    elif isinstance(shown, list) and isinstance(real, list) and len(shown) == len(real):
        for index, value in enumerate(shown):
            yield from differences(value, real[index], f"{at}/{index}")
    elif shown != real:
        yield f"{at}: {real!r}"


@pytest.mark.parametrize("exchange", OTHERS, ids=[f"{one['request']} {one['status']}" for one in OTHERS])
def test_exchange(served: GatewayProcess, exchange: dict[str, Any]) -> None:
    hold(served, exchange)


async def test_health_of_a_gateway_that_nobody_used(gateway: GatewayProcess) -> None:
    """Others' rejected records would count."""
    (exchange,) = HEALTH
    hold(gateway, exchange)


def hold(gateway: GatewayProcess, exchange: dict[str, Any]) -> None:
    """Make an exchange; the answer has to be the one that is shown."""
    status, headers, body = ask(gateway, exchange)
    assert status == exchange["status"], body
    if "type" in exchange:
        assert headers["Content-Type"] == exchange["type"]
    if "answer" in exchange:
        assert list(differences(exchange["answer"], json.loads(body))) == []
    if status >= 400:
        assert headers["Content-Type"] == "application/problem+json"
    if "dsrun_records" in exchange:
        reader = RunFileReader(1 << 20)
        values = list(reader.feed(body))
        reader.end()
        assert len(values) == exchange["dsrun_records"]
        assert {decode(value).header.run_id for value in values} == {"run-1"}


def test_what_no_exchange_shows(served: GatewayProcess) -> None:
    etag, status = "", 200
    while status != 304:  # a record of another test may be folded between two requests
        status, headers, _ = ask(served, {"request": "GET /api/v1/runs"}, **{"If-None-Match": etag})
        assert headers["ETag"] == etag or status == 200
        etag = headers["ETag"]
    status, _, body = ask(served, {"request": "GET /api/v1/runs"}, Host="rebound.example")
    assert (status, json.loads(body)["code"]) == (421, "wrong_host")
    status, headers, _ = ask(served, {"request": "GET /"})
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    post = next(one for one in EXCHANGES if one["request"] == "POST /v1/records" and one["status"] == 200)
    assert json.loads(ask(served, post)[2])["accepted"] == 1
    assert json.loads(ask(served, post)[2])["accepted"] == 1, "without a producer_id nothing is a duplicate"


def test_every_route_is_described() -> None:
    assert [one.path for one in OPERATIONS if one.path not in TEXT] == []


def test_every_code_and_word_is_explained() -> None:
    source = Path(__file__).resolve().parents[2] / "src" / "dashstream" / "adapters" / "http"
    raised = {code for path in source.glob("*.py") for code in re.findall(r'Problem\(\d+, "(\w+)"', path.read_text())}
    assert len(raised) > 5
    of_records = {"record_too_large"}
    words = raised | (set(STATUS_OF_CODE) - of_records) | set(Doubt) | set(RunStatus)
    assert sorted(word for word in words if f"`{word}`" not in TEXT) == []
