"""Settings of the retained tier's store: refused by name when wrong, and never telling a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashstream.adapters.redis.client import open_client
from dashstream.adapters.redis.options import RedisOptions, address_of
from dashstream.errors import SettingsError
from dashstream.options import load

SECRET = "hunter2-hunter2"


def test_addresses() -> None:
    one = address_of(RedisOptions(url="redis://store.example"))
    assert (one.nodes, one.tls) == ((("store.example", 6379),), False)
    several = address_of(RedisOptions(url="rediss://a:1,[::1]:2", cluster=True))
    assert (several.nodes, several.tls) == ((("a", 1), ("::1", 2)), True)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DASHSTREAM_REDIS_URL", {}),
        ("DASHSTREAM_REDIS_URL", {"url": "http://a"}),
        ("DASHSTREAM_REDIS_URL", {"url": "a:6379"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://a:port"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://a:99999"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://a/3"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://a?db=3"}),
        ("DASHSTREAM_REDIS_URL", {"url": "redis://a,b"}),
        ("DASHSTREAM_REDIS_URL", {"url": f"redis://me:{SECRET}@a"}),
        ("DASHSTREAM_REDIS_DATABASE", {"url": "redis://a", "cluster": True, "database": 1}),
        ("DASHSTREAM_REDIS_CA_FILE", {"url": "redis://a", "ca_file": Path(__file__)}),
        ("DASHSTREAM_REDIS_CERT_FILE", {"url": "rediss://a", "cert_file": Path("nowhere")}),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        open_client(RedisOptions(**given))
    assert caught.value.name == name
    assert SECRET not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    env = {"DASHSTREAM_REDIS_URL": "redis://a", "DASHSTREAM_REDIS_PASSWORD": SECRET}
    options = load(RedisOptions, "redis", env, {})
    assert options.password == SECRET
    assert SECRET not in repr(options)
