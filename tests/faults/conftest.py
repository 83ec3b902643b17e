"""A real Chromium for these tests."""

from __future__ import annotations

from browser_fixtures import browser, chromium, page

__all__ = ["browser", "chromium", "page"]
