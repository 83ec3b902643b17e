"""The HTTP API against its own description: requests made from it, right and wrong, to a gateway that has a run.

Every answer is one that the description documents, in status, media type and shape; none is 5xx; what the description
forbids is refused and what it allows is not; a request without the token, or with another one, is refused.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from integration.gateway.serving import TOKEN, serving
from run_builder import RunBuilder

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
OPTIONS = (
    "--phases=coverage,fuzzing,stateful",
    "--max-examples=10",
    "--seed=1",
    "--generation-deterministic",
    "--suppress-health-check=all",
    "--continue-on-failure",
    "--warnings=off",
    "--workers=2",
    "--no-color",
)


async def test_the_api_does_what_its_description_says(tmp_path: Path) -> None:
    run = RunBuilder(run_id="run")
    run.start({"count": 0})
    run.step(1, [])
    run.end()
    async with serving(tmp_path / "gateway", admission={"failed_tokens": 1_000_000}) as served:
        await served.store(run.records)
        await served.indexed(1)
        process = await asyncio.create_subprocess_exec(
            str(SCHEMATHESIS),
            "run",
            f"{served.url}/openapi.json",
            f"--header=Authorization: Bearer {TOKEN}",
            *OPTIONS,
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "conformance.http_hooks", "PYTHONPATH": _tests()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        report = (await process.communicate())[0].decode()
    assert process.returncode == 0, report
    assert "19 selected / 19 total" in report, report


def _tests() -> str:
    return str(Path(__file__).resolve().parents[1])
