"""Under which address a client is counted, whatever it says itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashstream.app.settings import load_settings
from dashstream.engine.addresses import HEADERS, UNKNOWN, networks, place_of
from dashstream.errors import SettingsError

PROXIES = networks(["10.0.0.0/8", "fd00::/8"])
XFF, FORWARDED = HEADERS


@pytest.mark.parametrize(
    ("peer", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, UNKNOWN),
        ("", UNKNOWN),
        ("socket", UNKNOWN),
    ],
)
def test_an_address_is_one_of_ipv4_or_a_64_of_ipv6(peer: str | None, place: str) -> None:
    assert place_of(peer, [], PROXIES, XFF) == place


@pytest.mark.parametrize(
    ("peer", "forwarded", "place"),
    [
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1, 10.2.3.4"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, "], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8:1:2::9]:4711"], "2001:db8:1:2::/64"),
        ("fd00::1", ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
    ],
)
def test_only_a_trusted_proxy_s_word_counts(peer: str, forwarded: list[str], place: str) -> None:
    assert place_of(peer, forwarded, PROXIES, XFF) == place


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('proto=https;For="[2001:db8:1:2::9]:4711";by=10.0.0.1', "2001:db8:1:2::/64"),
        ("for=203.0.113.9, for=198.51.100.1;proto=http", "198.51.100.1"),
        ("for=_hidden", "10.0.0.1"),
        ("by=198.51.100.1", "10.0.0.1"),
    ],
)
def test_the_standard_s_header_is_read_when_it_is_the_one(value: str, place: str) -> None:
    assert place_of("10.0.0.1", [value], PROXIES, FORWARDED) == place


@given(st.lists(st.text()), st.sampled_from(HEADERS))
def test_nothing_that_is_written_there_raises(values: list[str], header: str) -> None:
    assert place_of("10.0.0.1", values, PROXIES, header)
    assert place_of("192.0.2.7", values, PROXIES, header) == "192.0.2.7"


@pytest.mark.parametrize(
    ("name", "value"), [("TRUSTED_PROXIES", "10.0.0.0/33"), ("TRUSTED_PROXIES", "proxy"), ("PROXY_HEADER", "via")]
)
def test_settings_that_cannot_be_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({"DASHSTREAM_DATA_DIR": "/nowhere", f"DASHSTREAM_ADMISSION_{name}": value})
