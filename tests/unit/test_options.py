"""Settings: flags over environment over defaults, each value checked and named when it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from dashstream.errors import SettingsError
from dashstream.options import load, option, options_of


@dataclass(frozen=True, slots=True)
class Sample:
    size_bytes: int = option(10, "how large", unit="bytes", low=1)
    ratio: float = option(0.5, "how much")
    enabled: bool = option(default=True, doc="whether")
    names: tuple[str, ...] = option((), "which")
    folder: Path | None = option(None, "where")
    token: str | None = option(None, "who", secret=True)


def test_defaults_hold_when_nothing_is_given() -> None:
    assert load(Sample, "ring", {}) == Sample()


def test_environment_is_parsed_by_the_type_of_the_field() -> None:
    env = {
        "DASHSTREAM_RING_SIZE_BYTES": "20",
        "DASHSTREAM_RING_RATIO": "1.5",
        "DASHSTREAM_RING_ENABLED": "off",
        "DASHSTREAM_RING_NAMES": "a, b,",
        "DASHSTREAM_RING_FOLDER": "/x",
    }
    expected = Sample(size_bytes=20, ratio=1.5, enabled=False, names=("a", "b"), folder=Path("/x"))
    assert load(Sample, "ring", env) == expected


def test_an_override_wins_over_the_environment_and_none_is_not_given() -> None:
    env = {"DASHSTREAM_RING_SIZE_BYTES": "20"}
    assert load(Sample, "ring", env, {"size_bytes": "30"}).size_bytes == 30
    assert load(Sample, "ring", env, {"size_bytes": 40}).size_bytes == 40
    assert load(Sample, "ring", env, {"size_bytes": None}).size_bytes == 20


def test_an_empty_text_unsets_a_value_that_may_be_absent() -> None:
    assert load(Sample, "ring", {"DASHSTREAM_RING_TOKEN": ""}).token is None


@pytest.mark.parametrize(
    ("field", "raw"), [("SIZE_BYTES", "many"), ("SIZE_BYTES", "0"), ("ENABLED", "perhaps"), ("RATIO", "")]
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(field: str, raw: str) -> None:
    name = f"DASHSTREAM_RING_{field}"
    with pytest.raises(SettingsError) as caught:
        load(Sample, "ring", {name: raw})
    assert caught.value.name == name


def test_a_declaration_carries_all_that_the_reference_page_and_the_flags_need() -> None:
    size, *_, token = options_of(Sample, "ring")
    assert (size.env, size.flag, size.unit) == ("DASHSTREAM_RING_SIZE_BYTES", "--ring-size-bytes", "bytes")
    assert token.secret
    assert token.nullable


@dataclass(frozen=True, slots=True)
class Bounded:
    timeout_s: float = option(10.0, "how long", unit="s", within=(1.0, 60.0))


@pytest.mark.parametrize(("given", "effective"), [("0", 1.0), ("1", 1.0), ("60", 60.0), ("9999", 60.0), ("inf", 60.0)])
def test_a_bound_that_has_to_hold_is_kept_within_its_ends(given: str, effective: float) -> None:
    assert load(Bounded, "client", {"DASHSTREAM_CLIENT_TIMEOUT_S": given}) == Bounded(effective)


@pytest.mark.parametrize("given", ["x", "nan", ""])
def test_a_bound_that_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(SettingsError):
        load(Bounded, "client", {"DASHSTREAM_CLIENT_TIMEOUT_S": given})
