"""Who may do what: every request against every role, and tenants that are not there for each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from dashstream.adapters.http.app import OPERATIONS
from dashstream.engine.access import Principal, Role
from dashstream.errors import UnauthenticatedError
from dashstream.protocol.framing import frame, unframe
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from integration.gateway.serving import Served, records, serving
from integration.gateway.talking import hear, hear_until, say, stranger
from run_builder import RunBuilder

LEAST: dict[str, Role | None] = {
    "getAlive": None,
    "getReady": None,
    "getHealth": Role.VIEWER,
    "getVersion": Role.VIEWER,
    "getAccess": Role.VIEWER,
    "getMetrics": Role.VIEWER,
    "getOpenApi": Role.VIEWER,
    "listRuns": Role.VIEWER,
    "getRun": Role.VIEWER,
    "listEvents": Role.VIEWER,
    "getState": Role.VIEWER,
    "getDiff": Role.VIEWER,
    "exportRun": Role.VIEWER,
    "listSchemas": Role.VIEWER,
    "listPartitions": Role.VIEWER,
    "listDeadLetters": Role.VIEWER,
    "getDeadLetter": Role.VIEWER,
    "postRecords": Role.OPERATOR,
    "resumePartition": Role.OPERATOR,
    "redriveDeadLetter": Role.OPERATOR,
}
"""What is decided. A route that is not here fails the test below, as does one that takes another role."""
FOR_TENANTS = {
    "getHealth",
    "getVersion",
    "getAccess",
    "getOpenApi",
    "listRuns",
    "getRun",
    "listEvents",
    "getState",
    "getDiff",
    "exportRun",
    "postRecords",
}
ARGUMENTS = {"{run_id}": "of-blue", "{partition}": "0", "{id}": "epoch.0.0"}
TOKENS = {
    **{role.value: Principal(role.value, role) for role in Role},
    **{f"{role.value} of red": Principal("r", role, frozenset({"red"})) for role in Role},
    "viewer of blue": Principal("b", Role.VIEWER, frozenset({"blue"})),
}


class Known:
    """Knows a token for each role, and for some tenants."""

    def authenticate(self, token: str | None) -> Principal:
        if token not in TOKENS:
            raise UnauthenticatedError("not known")
        return TOKENS[token]


def of_tenant(tenant: str) -> list[bytes]:
    """A whole run of a tenant, named after it."""
    run = RunBuilder(run_id=f"of-{tenant}", thread_id=f"thread-{tenant}")
    run.start({"secret": tenant})
    run.step(1, [])
    run.end()
    return [with_tenant(value, tenant) for value in run.records]


def with_tenant(value: bytes, tenant: str) -> bytes:
    message = pb.DashStreamMessage.FromString(unframe(value, max_record_bytes=1 << 20))
    getattr(message, message.WhichOneof("message")).header.tenant_id = tenant
    return frame(message.SerializeToString())


@asynccontextmanager
async def two_tenants(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A gateway with a run of each of two tenants."""
    monkeypatch.setattr("dashstream.app.auth_wiring.StaticTokenAuth", lambda _: Known())
    async with serving(folder) as served:
        served.http.headers["Authorization"] = "Bearer admin"
        await served.store([*of_tenant("red"), *of_tenant("blue")])
        await served.indexed(2)
        yield served


async def ask(served: Served, name: str, token: str | None) -> httpx.Response:
    operation = next(operation for operation in OPERATIONS if operation.name == name)
    path = operation.path
    for part, value in ARGUMENTS.items():
        path = path.replace(part, value)
    headers = {"Authorization": f"Bearer {token}" if token else ""}
    return await served.http.request(operation.method, path, headers=headers)


def test_every_request_has_a_decided_role() -> None:
    assert {operation.name: operation.least for operation in OPERATIONS} == LEAST
    assert {operation.name for operation in OPERATIONS if operation.least and not operation.is_of_all} == FOR_TENANTS


async def test_every_request_is_refused_below_its_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        for name, least in LEAST.items():
            anonymous = (await ask(served, name, None)).status_code
            assert (anonymous == 401) is (least is not None), name
            for role in Role:
                answer = await ask(served, name, role.value)
                allowed = least is None or role.covers(least)
                assert (answer.status_code == 403) is not allowed, (name, role)
                assert answer.status_code != 401, (name, role)


async def test_what_is_of_all_tenants_is_refused_to_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        for name, least in LEAST.items():
            refused = (await ask(served, name, "admin of red")).status_code == 403
            assert refused is (least is not None and name not in FOR_TENANTS), name


async def test_a_token_is_told_what_it_may_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        bound = (await ask(served, "getAccess", "viewer of red")).json()
        assert bound == {"name": "r", "role": "viewer", "tenants": ["red"]}
        assert (await ask(served, "getAccess", "admin")).json()["tenants"] is None


async def test_a_run_of_another_tenant_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        for name in ("getRun", "listEvents", "getState", "getDiff", "exportRun"):
            hidden = await ask(served, name, "viewer of red")
            assert hidden.status_code == 404, name
            assert hidden.json()["detail"] == "no run 'of-blue'"
            assert (await ask(served, name, "viewer of blue")).status_code == 200, name
        seen = await ask(served, "listRuns", "viewer of red")
        assert [run["run_id"] for run in seen.json()["runs"]] == ["of-red"]
        assert len((await ask(served, "listRuns", "viewer")).json()["runs"]) == 2


async def test_a_tenant_s_token_writes_for_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        theirs, foreign, default = of_tenant("red")[0], of_tenant("blue")[0], records(1)[0]
        batch = pb.DashStreamMessage()
        for tenant in ("red", "blue"):
            batch.event_batch.events.add().header.tenant_id = tenant
        batch.event_batch.header.tenant_id = "red"
        mixed = frame(batch.SerializeToString())
        answer = await served.http.post(
            "/v1/records",
            content=pack_records([theirs, foreign, default, mixed]),
            headers={"Authorization": "Bearer operator of red", "Content-Type": CONTENT_TYPE},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == 1
        assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [
            (1, "forbidden"),
            (2, "forbidden"),
            (3, "forbidden"),
        ]


async def test_another_tenant_cannot_add_to_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        before = (await ask(served, "getRun", "viewer of blue")).json()["records"]
        (intruder,) = records(1, thread="thread-blue", run="of-blue")
        await served.store([with_tenant(intruder, "red"), *records(1, thread="thread-blue", run="later", first=2)])
        await served.indexed(3)
        assert (await ask(served, "getRun", "viewer of blue")).json()["records"] == before


async def test_a_subscription_brings_the_own_tenant_s_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_tenants(tmp_path, monkeypatch) as served:
        mixed = pb.DashStreamMessage()
        for tenant in ("red", "blue"):
            event = mixed.event_batch.events.add()
            event.header.tenant_id, event.node_id = tenant, f"node of {tenant}"
        await served.store([frame(mixed.SerializeToString())])
        async with stranger(served, hello=False) as socket:
            await say(socket, HELLO_OF_RED)
            assert (await hear(socket))["type"] == "welcome"
            await say(socket, {"type": "subscribe", "id": 1, "start": {"from": "earliest"}})
            heard = await hear_until(socket, "replay_complete")
            assert int(heard[-1]["delivered"]) == len(of_tenant("red"))
            data = b"".join(each for each in heard if isinstance(each, bytes))
            assert b"red" in data
            assert b"blue" not in data
            wanted = {"type": "subscribe", "id": 2, "start": {"from": "latest"}, "filter": {"tenants": ["blue"]}}
            await say(socket, wanted)
            assert (await hear_until(socket, "error"))[-1]["code"] == "forbidden"
            cursor = {"from": "cursor", "epoch": served.gateway.epoch, "positions": {}}
            await say(socket, {"type": "subscribe", "id": 3, "filter": {"tenants": ["blue"]}, "start": cursor})
            refused = (await hear_until(socket, "error"))[-1]
            assert (refused["id"], refused["code"]) == (3, "forbidden")


HELLO_OF_RED = {
    "type": "hello",
    "protocol": "dashstream.v2",
    "client": {"name": "stranger", "version": "0"},
    "token": "viewer of red",
}
