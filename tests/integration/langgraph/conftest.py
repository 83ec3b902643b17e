"""Something to watch runs with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.langgraph.observing import Watch


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Observes what is run inside ``watch.here()``; closed at the end."""
    watch = Watch(tmp_path)
    yield watch
    watch.close()
