"""The audit log: what operators did and tried, and nothing that it must not hold."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from dashstream.adapters.audit import AUDIT_FILE, AuditFile, AuditLimits
from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.adapters.system_clock import SystemClock
from dashstream.engine.access import Principal, Role
from dashstream.engine.audit import Act
from dashstream.engine.ports import NoMetrics
from dashstream.errors import UnauthenticatedError
from integration.gateway.serving import TOKEN, serving

ACT = Act("ann", "operator", "192.0.2.1", "resumePartition", {"partition": "1"}, "done")


class Roles:
    """Tokens that are the names of roles."""

    def authenticate(self, token: str | None) -> Principal:
        if token not in list(Role):
            raise UnauthenticatedError("not known")
        return Principal(f"a {token}", Role(token))


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / AUDIT_FILE).read_text().splitlines()]


async def test_each_act_is_kept_with_who_and_what_came_of_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        served.gateway.connections.admission.auth = Roles()
        path = "/api/v1/partitions/3/resume"
        for token, status in (("operator", 409), ("viewer", 403), ("wrong", 401)):
            answer = await served.http.post(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, answer.text
        await served.http.get("/api/v1/partitions", headers={"Authorization": "Bearer operator"})
    acts = kept(tmp_path)
    assert [(act["who"], act["role"], act["outcome"]) for act in acts] == [
        ("a operator", "operator", "conflict"),
        ("a viewer", "viewer", "forbidden"),
    ]
    assert all(act["act"] == "resumePartition" and act["target"] == {"partition": "3"} for act in acts)
    assert all(act["address"] == "127.0.0.1" and act["time"].endswith("+00:00") for act in acts)
    assert TOKEN not in (tmp_path / AUDIT_FILE).read_text()
    assert stat.S_IMODE((tmp_path / AUDIT_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("older", [0, 1, 2])
def test_the_audit_log_is_bounded(tmp_path: Path, older: int) -> None:
    audit = AuditFile(tmp_path, AuditLimits(max_bytes=1_024, older_files=older), SystemClock(), NoMetrics())
    for number in range(100):
        audit.note(Act("ann", "operator", "192.0.2.1", "redriveDeadLetter", {"id": str(number) * 10_000}, "done"))
    files = sorted(tmp_path.iterdir())
    assert len(files) == older + 1
    assert all(file.stat().st_size <= 1_024 for file in files)
    assert kept(tmp_path)[-1]["target"]["id"].startswith("99")


def test_what_cannot_be_kept_is_counted_and_harms_nobody(tmp_path: Path) -> None:
    metrics = PrometheusMetrics()
    AuditFile(tmp_path / "absent", AuditLimits(), SystemClock(), metrics).note(ACT)
    assert 'dashstream_audit_records_total{outcome="failed"} 1.0' in metrics.render().decode()
