"""Settings as frozen values: declared once, parsed once, documented from the same declaration.

A group of settings is a frozen dataclass whose fields are made by :func:`option`. ``load`` builds one from
overrides (command-line flags) over the environment over defaults; the name of a field in the environment is
``DASHSTREAM_<SECTION>_<FIELD>``. Nothing else in the package reads the environment.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dashstream.errors import SettingsError

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def option(
    default: Any,
    doc: str,
    *,
    unit: str = "",
    low: float | None = None,
    within: tuple[float, float] | None = None,
    secret: bool = False,
) -> Any:
    """Declare one setting: its default, what it means, its unit, the lowest value allowed.

    ``within`` is for a bound that has to hold whatever is given: a value outside becomes the nearer end. A secret is
    left out of its group's ``repr``.
    """
    metadata = {"doc": doc, "unit": unit, "low": low, "within": within, "secret": secret}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Option:
    """One declared setting, for parsing, command-line flags and the reference page."""

    section: str
    field: str
    type: type
    default: Any
    doc: str
    unit: str
    low: float | None
    within: tuple[float, float] | None
    secret: bool
    nullable: bool

    @property
    def env(self) -> str:
        return f"DASHSTREAM_{self.section}_{self.field}".upper()

    @property
    def flag(self) -> str:
        return f"--{self.section}-{self.field}".lower().replace("_", "-")


def options_of(cls: type, section: str) -> Iterator[Option]:
    """Yield the settings declared by a group, in order."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if "doc" not in field.metadata:
            continue
        kind, nullable = _base_type(hints[field.name])
        yield Option(
            section=section,
            field=field.name,
            type=kind,
            default=field.default,
            nullable=nullable,
            doc=field.metadata["doc"],
            unit=field.metadata["unit"],
            low=field.metadata["low"],
            within=field.metadata["within"],
            secret=field.metadata["secret"],
        )


def load(cls: type[T], section: str, env: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> T:
    """Build a group of settings: overrides win over the environment, the environment over defaults.

    ``overrides`` maps field names to strings or values of the field's type; a None means "not given".

    Raises:
        SettingsError: a value cannot be parsed or is below its lowest value; it names the setting.
    """
    overrides = overrides or {}
    values: dict[str, Any] = {}
    for opt in options_of(cls, section):
        raw = overrides.get(opt.field)
        if raw is None:
            raw = env.get(opt.env)
        if raw is not None:
            values[opt.field] = _checked(opt, _parse(opt, raw))
    return cls(**values)


def _base_type(hint: Any) -> tuple[type, bool]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        inner = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
        return _base_type(inner[0])[0], True
    origin = typing.get_origin(hint)
    return (origin if origin is not None else hint), False


def _parse(opt: Option, raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    if raw == "" and opt.nullable:
        return None
    try:
        return _parse_text(opt.type, raw)
    except ValueError as error:
        raise SettingsError(opt.env, f"{raw!r} is not a valid {opt.type.__name__}") from error


def _parse_text(kind: type, raw: str) -> Any:
    if kind is bool:
        if raw.lower() in _TRUE | _FALSE:
            return raw.lower() in _TRUE
        raise ValueError(raw)
    if kind is tuple:
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if kind is float and math.isnan(float(raw)):
        raise ValueError(raw)
    if kind is Path:
        return Path(raw).expanduser()
    return kind(raw)


def _checked(opt: Option, value: Any) -> Any:
    if opt.low is not None and value is not None and value < opt.low:
        raise SettingsError(opt.env, f"{value} is below the lowest value {opt.low}")
    if opt.within is not None:
        lowest, highest = opt.within
        return min(max(value, lowest), highest)
    return value
