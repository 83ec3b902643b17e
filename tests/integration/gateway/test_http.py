"""Every route of the HTTP API on a real socket: what it answers, what it refuses, and how it says so."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashstream.adapters.sqlite.run_index import SqliteRunIndex
from dashstream.protocol.proto_codec import decode
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from dashstream.protocol.run_file import RunFileReader
from integration.gateway.serving import Served, record, records, serving
from run_builder import RunBuilder

RUN = "run/with slash"
ROUTES = [
    "/api/v1/health",
    "/api/v1/version",
    "/metrics",
    "/openapi.json",
    "/api/v1/runs",
    "/api/v1/runs/{run}",
    "/api/v1/runs/{run}/events",
    "/api/v1/runs/{run}/state",
    "/api/v1/runs/{run}/diff",
    "/api/v1/runs/{run}/export",
    "/api/v1/schemas",
]


def built() -> list[bytes]:
    run = RunBuilder(run_id=RUN, thread_id="thread")
    run.start({"count": 0})
    for number in range(1, 4):
        run.step(number, [])
    run.end()
    return run.records


@asynccontextmanager
async def with_run(folder: Path, **sections: Any) -> AsyncIterator[Served]:
    async with serving(folder, **sections) as served:
        await served.store(built())
        await served.indexed(1)
        yield served


def of_run(route: str, run: str = "run%2Fwith%20slash") -> str:
    return route.replace("{run}", run)


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    if code is not None:
        assert problem["code"] == code


async def test_every_route_answers_with_the_token_and_refuses_without(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        for route in ROUTES:
            answer = await served.http.get(of_run(route))
            assert answer.status_code == 200, (route, answer.text)
            assert answer.headers["x-content-type-options"] == "nosniff"
            for token in ("", "Bearer", "Bearer wrong", "Basic eDp5"):
                assert_problem(await served.http.get(of_run(route), headers={"Authorization": token}), 401)
        refused = await served.http.get("/api/v1/runs", headers={"Authorization": ""})
        assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_alive_and_ready_need_no_token(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for route in ("/healthz", "/readyz"):
            assert (await served.http.get(route, headers={"Authorization": ""})).status_code == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if "{run}" in route])
async def test_a_run_that_is_not_there(tmp_path: Path, route: str) -> None:
    async with with_run(tmp_path) as served:
        for run in ("nothing", "a%2Fb", "..%2F..", "%F0%9F%8C%8A"):
            assert_problem(await served.http.get(of_run(route, run)), 404)


BAD = [
    ("/api/v1/runs", {"limit": "0"}),
    ("/api/v1/runs", {"limit": "-1"}),
    ("/api/v1/runs", {"limit": "x"}),
    ("/api/v1/runs", {"limit": "100000"}),
    ("/api/v1/runs", {"status": "splendid"}),
    ("/api/v1/runs", {"before": "yesterday"}),
    ("/api/v1/runs", {"surprise": "1"}),
    ("/api/v1/runs/{run}/events", {"from_seq": "-1"}),
    ("/api/v1/runs/{run}/events", {"from_seq": "1.2"}),
    ("/api/v1/runs/{run}/events", {"from_seq": str(2**63)}),
    ("/api/v1/runs/{run}/events", {"kinds": "event,nonsense"}),
    ("/api/v1/runs/{run}/events", {"limit": "1001"}),
    ("/api/v1/runs/{run}/state", {"seq": "1.5"}),
    ("/api/v1/runs/{run}/state", {"seq": str(2**64)}),
    ("/api/v1/runs/{run}/diff", {"from": "x"}),
]


async def test_bad_parameters_are_named(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        for route, query in BAD:
            answer = await served.http.get(of_run(route), params=query)
            assert_problem(answer, 400)
            assert next(iter(query)) in answer.json()["detail"], (route, query)
        assert_problem(await served.http.get("/api/v1/runs?limit=1&limit=2"), 400)
        for route in ROUTES:
            if "{run}" in route:
                assert_problem(await served.http.get(of_run(route, "%00")), 400)


async def test_other_methods_and_addresses(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for method in ("PUT", "DELETE", "PATCH", "POST"):
            answer = await served.http.request(method, "/api/v1/runs")
            assert_problem(answer, 405)
            assert "GET" in answer.headers["allow"]
        assert_problem(await served.http.get("/v1/records"), 405)
        for path in ("/api/v1/nothing", "/api", "/v1", "/metrics/x", "/api/v1/runs/"):
            assert_problem(await served.http.get(path), 404)


async def test_a_failure_of_the_gateway_says_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("of nobody's concern")

    async with serving(tmp_path) as served:
        monkeypatch.setattr(SqliteRunIndex, "_ask", fail)
        for path in ("/api/v1/runs", "/api/v1/runs/r"):
            answer = await served.http.get(path)
            assert_problem(answer, 500, "internal")
            assert "concern" not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_run_as_the_api_shows_it(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        page = (await served.http.get("/api/v1/runs")).json()
        (listed,) = page["runs"]
        one = (await served.http.get(of_run("/api/v1/runs/{run}"))).json()
        assert listed.items() <= one.items()
        assert (one["run_id"], one["status"], one["supersteps"], one["records"]) == (RUN, "ok", 3, len(built()))
        assert one["schema"]["graph_id"] == one["graph_id"] == "built"
        state = (await served.http.get(of_run("/api/v1/runs/{run}/state"))).json()
        assert (state["state"], state["verified"], state["doubt"]) == ({"count": 0}, True, None)
        diff = (await served.http.get(of_run("/api/v1/runs/{run}/diff"))).json()
        assert (diff["operations"], diff["verified"]) == ([], True)


async def test_events_come_page_by_page(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        sequences: list[int] = []
        query = {"limit": "4"}
        while True:
            page = (await served.http.get(of_run("/api/v1/runs/{run}/events"), params=query)).json()
            sequences += [int(event["sequence"]) for event in page["events"]]
            if page["next"] is None:
                break
            query["from_seq"] = page["next"]
        assert sequences == list(range(1, len(built()) + 1))
        only = {"kinds": "event", "node": "work"}
        found = (await served.http.get(of_run("/api/v1/runs/{run}/events"), params=only)).json()["events"]
        assert {event["kind"] for event in found} == {"event"}
        assert {event["node_id"] for event in found} == {"work"}


async def test_runs_come_page_by_page_newest_first(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        for number in range(7):
            await served.store(records(1, thread=f"thread {number}", run=f"run {number}", first=number + 1))
        await served.indexed(7)
        seen: list[str] = []
        query = {"limit": "3"}
        while True:
            page = (await served.http.get("/api/v1/runs", params=query)).json()
            seen += [run["run_id"] for run in page["runs"]]
            if page["next"] is None:
                break
            query["before"] = page["next"]
        assert len(seen) == len(set(seen)) == 7
        found = (await served.http.get("/api/v1/runs", params={"q": "run 3"})).json()["runs"]
        assert [run["run_id"] for run in found] == ["run 3"]
        for text in ("%", "_", "'", '"', "\\", "*"):
            assert (await served.http.get("/api/v1/runs", params={"q": text})).json()["runs"] == []


async def test_the_list_is_not_sent_again_unchanged(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        first = await served.http.get("/api/v1/runs")
        again = await served.http.get("/api/v1/runs", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await served.store(records(1, thread="more", run="more"))
        await served.indexed(2)
        changed = await served.http.get("/api/v1/runs", headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200


async def test_a_run_is_exported_and_taken_in_again(tmp_path: Path) -> None:
    async with with_run(tmp_path / "one") as served:
        answer = await served.http.get(of_run("/api/v1/runs/{run}/export"))
        assert "run_with_slash.dsrun" in answer.headers["content-disposition"]
        reader = RunFileReader(1 << 20)
        values = [*reader.feed(answer.content)]
        reader.end()
    assert [decode(value).kind for value in values] == [decode(value).kind for value in built()]
    async with serving(tmp_path / "two") as other:
        await other.store(values)


async def test_records_are_idempotent_and_bad_ones_hold_up_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        batch = [record(1), b"", b"\x00\xff", record(2), b"\x07nonsense", record(3)]
        answer = (await served.post(batch)).json()
        assert (answer["accepted"], answer["duplicates"]) == (3, 0)
        assert [item["index"] for item in answer["rejected"]] == [1, 2, 4]
        assert all(item["code"] and item["message"] for item in answer["rejected"])
        again = (await served.post(batch)).json()
        assert (again["accepted"], again["duplicates"]) == (0, 3)
        assert sum((await served.heads()).values()) >= 3


async def test_the_largest_numbers_of_a_header_are_taken(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        most = 2**63 - 1
        batch = [
            record(1, thread="plain"),
            record(most, epoch=most, run="largest"),
            record(most + 1),
            record(1, epoch=2**64 - 1),
        ]
        answer = (await served.post(batch)).json()
        assert answer["accepted"] == 2
        assert [(item["index"], item["code"]) for item in answer["rejected"]] == [
            (2, "decode_failed"),
            (3, "decode_failed"),
        ], "one odd record holds up nobody"
        await served.indexed(2)
        run = (await served.http.get("/api/v1/runs/largest")).json()
        assert (run["last_sequence"], run["producer_epoch"]) == (str(most), str(most))


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {"Content-Type": "application/json"}, 415),
        (b"", {"Content-Type": CONTENT_TYPE, "Content-Encoding": "gzip"}, 415),
        (b"\x00", {"Content-Type": CONTENT_TYPE}, 400),
        (b"\xff\xff\xff\xffx", {"Content-Type": CONTENT_TYPE}, 400),
        (b"x" * 5_000, {"Content-Type": CONTENT_TYPE}, 413),
        (pack_records([b"x"] * 11), {"Content-Type": CONTENT_TYPE}, 400),
    ],
)
async def test_bodies_that_are_refused_as_a_whole(
    tmp_path: Path, content: bytes, headers: dict[str, str], status: int
) -> None:
    limits = {"max_batch_bytes": 4_096, "max_batch_records": 10}
    async with serving(tmp_path, ingest=limits) as served:
        assert_problem(await served.http.post("/v1/records", content=content, headers=headers), status)
        assert_problem(await served.http.post("/v1/records", headers={"Authorization": ""}), 401)
        assert (await served.http.get("/healthz")).status_code == 200


async def test_a_body_without_a_length_is_bounded_as_well(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000

    async with serving(tmp_path, ingest={"max_batch_bytes": 4_096}) as served:
        try:
            answer = await served.http.post("/v1/records", content=endless(), headers={"Content-Type": CONTENT_TYPE})
        except httpx.TransportError:  # the gateway may have closed while the body was still being sent
            return
        assert_problem(answer, 413)


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with serving(tmp_path, http={"body_timeout_s": 0.1}) as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = {
            "Host": host,
            "Content-Length": "100",
            "Content-Type": CONTENT_TYPE,
            "Authorization": served.http.headers["Authorization"],
        }
        writer.write(b"POST /v1/records HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items()))
        writer.write(b"\r\nabc")
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.startswith(b"HTTP/1.1 408")
        writer.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("10.0.0.1:9", 200),
        ("DASH.example:443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:1; script-src *", 421),
        ("127.0.0.1:x", 421),
        ("[::1]x", 421),
        ("[::1", 421),
        ("[fe80::1%;script-src *]", 421),
        ("", 421),
    ],
)
async def test_only_own_names_are_answered(tmp_path: Path, host: str, status: int) -> None:
    async with serving(tmp_path, http={"allowed_hosts": ("dash.example",)}) as served:
        for path in ("/healthz", "/", "/api/v1/runs"):
            answer = await served.http.get(path, headers={"Host": host})
            assert answer.status_code == status, answer.text
            if status == 421:
                assert_problem(answer, 421, "wrong_host")


async def test_the_page_comes_with_its_policy(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        answer = await served.http.get("/", headers={"Authorization": ""})
        assert answer.status_code == 200
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
        assert answer.headers["x-frame-options"] == "DENY"
        assert (await served.http.get("/runs/anything")).status_code == 200, "a deep link is the page's"
        for path in (
            "/nothing.js",
            "/../pyproject.toml",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/assets/..%2f..%2fx.py",
            "/.env",
        ):
            answer = await served.http.get(path)
            assert answer.status_code == 404 or answer.headers["content-type"].startswith("text/html"), path
            assert b"root:" not in answer.content
        assert_problem(await served.http.post("/"), 405)


@pytest.mark.parametrize(("host", "listens"), [("127.0.0.1", "loopback"), ("127.1", "remote")])
async def test_health_says_when_others_can_reach_the_gateway(tmp_path: Path, host: str, listens: str) -> None:
    """A spelling that is not known to be the loopback counts as remote, although the test binds nothing else."""
    async with serving(tmp_path, gateway={"host": host, "allow_remote": True}) as served:
        assert (await served.http.get("/api/v1/health")).json()["listens"] == listens


async def test_health_counts_what_comes_in_and_who_looks(tmp_path: Path) -> None:
    async with with_run(tmp_path) as served:
        health = (await served.http.get("/api/v1/health")).json()
        stored = len(built())
        assert health["producers"] == {"accepted_recently": stored, "rejected_recently": 0, "overloaded_recently": 0}
        assert health["viewers"] == {"connected": 0, "slow": 0, "apply_lag_s": 0.0}
        assert health["index_lag"] == 0


async def test_no_other_site_may_read_answers(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        answer = await served.http.get("/api/v1/runs", headers={"Origin": "http://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_the_description_is_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        document = (await served.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1.")
    text = json.dumps(document)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', text):
        place: Any = document
        for step in reference.split("/"):
            place = place[step]
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.add(operation["operationId"])
            declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path)), (method, path)
            assert "200" in operation["responses"]
            assert operation.get("summary") or operation["description"]
    assert len(names) == sum(map(len, document["paths"].values()))
    assert {route.replace("{run}", "{run_id}") for route in ROUTES} <= set(document["paths"])
