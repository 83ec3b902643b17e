"""Where a gateway may listen without being told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashstream.app.settings import load_settings
from dashstream.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_permission(tmp_path: Path, host: str) -> None:
    assert load_settings({"DASHSTREAM_DATA_DIR": str(tmp_path), "DASHSTREAM_GATEWAY_HOST": host}).gateway.host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example", "127.1", ""])
def test_an_address_beyond_this_machine_has_to_be_meant(tmp_path: Path, host: str) -> None:
    env = {"DASHSTREAM_DATA_DIR": str(tmp_path), "DASHSTREAM_GATEWAY_HOST": host}
    with pytest.raises(SettingsError, match="allow-remote"):
        load_settings(env)
    assert load_settings({**env, "DASHSTREAM_GATEWAY_ALLOW_REMOTE": "1"}).gateway.host == host
