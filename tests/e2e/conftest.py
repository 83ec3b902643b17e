"""A real Chromium for these tests, and an end for every program that they start."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from browser_fixtures import browser, chromium, page
from e2e.watching import end_programs

__all__ = ["browser", "chromium", "page", "programs_end"]


@pytest.fixture(autouse=True)
async def programs_end() -> AsyncIterator[None]:
    yield
    await end_programs()
