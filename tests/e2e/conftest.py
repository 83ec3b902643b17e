"""A real Chromium for these tests, and an end for every program that they start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from browser_fixtures import browser, chromium, page
from conftest import GatewayProcess
from e2e.watching import end_programs

__all__ = ["browser", "chromium", "page", "programs_end"]


@pytest.fixture(autouse=True)
async def programs_end() -> AsyncIterator[None]:
    yield
    await end_programs()


@pytest.fixture
async def large_gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway that lets in records of as much as the page takes apart."""
    async for running in _allowing(tmp_path, 16 * 1024 * 1024):
        yield running


@pytest.fixture
async def huge_gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway that lets in larger records than the page takes apart."""
    async for running in _allowing(tmp_path, 20_000_000):
        yield running


async def _allowing(tmp_path: Path, max_record_bytes: int) -> AsyncIterator[GatewayProcess]:
    env = {"DASHSTREAM_INGEST_MAX_RECORD_BYTES": str(max_record_bytes)}
    running = GatewayProcess(tmp_path / "gateway", env=env)
    await running.start()
    yield running
    await running.stop()
