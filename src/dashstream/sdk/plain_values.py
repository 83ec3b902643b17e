"""What a value of an unusual type becomes in JSON. Atoms become strings; the rest says its type in ``$type``."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import math
import pathlib
import uuid
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

MAX_BYTES_SHOWN = 4_096
MAX_ARRAY_SHOWN = 4_096
MAX_REPR = 200

INT_MIN = -(2**63)
INT_MAX = 2**64 - 1


class Shape(enum.Enum):
    """How the walk takes an object apart."""

    MAPPING = enum.auto()
    """Items of a mapping."""
    SEQUENCE = enum.auto()
    """Items in order."""
    FIELDS = enum.auto()
    """Named parts, given by the function that comes with it."""
    ATOM = enum.auto()
    """A JSON value, made by the function that comes with it."""


Taker = Callable[[Any], Any]


def shape_of(kind: type) -> tuple[Shape, Taker]:
    """Return how values of this type are taken apart. Called once per type."""
    for base, shape, taker in _BY_BASE:
        if issubclass(kind, base):
            return shape, taker
    module = kind.__module__.partition(".")[0]
    if module in {"numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy"}:
        return Shape.ATOM, _array
    if _is_message(kind):
        return Shape.FIELDS, message_fields
    if hasattr(kind, "model_fields") or hasattr(kind, "__pydantic_fields__"):
        return Shape.FIELDS, _model_fields
    if dataclasses.is_dataclass(kind):
        return Shape.FIELDS, _dataclass_fields
    return Shape.ATOM, _unknown


def text_of(value: str) -> str:
    """Return ``value`` with code points that UTF-8 cannot carry replaced."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


def float_of(value: float) -> float | str:
    """Return a finite float, or the name of what is not one."""
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def int_of(value: int) -> int | str:
    """Return an integer that JSON here can carry, or its digits."""
    if INT_MIN <= value <= INT_MAX:
        return int(value)
    return str(value) if value.bit_length() <= 4096 else f"{hex(value)[:64]}…"


def key_of(key: Any) -> str:
    """Return the name that a mapping's key has in JSON."""
    if isinstance(key, enum.Enum):
        key = key.value
    if isinstance(key, str):
        return text_of(str(key))
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, (int, float)):
        return str(key)
    return text_of(_bounded_repr(key))


def message_fields(message: Any) -> dict[str, Any]:
    """Return the parts of a chat message that say something: its type, its content and what is not empty."""
    fields: dict[str, Any] = {"type": message.type, "content": message.content}
    for name, value in message.__dict__.items():
        if name in fields or value is None or name == "example":
            continue
        if value or isinstance(value, (int, float)):
            fields[name] = value
    return fields


def _is_message(kind: type) -> bool:
    return any(base.__name__ == "BaseMessage" and "langchain" in base.__module__ for base in kind.__mro__)


def _model_fields(model: Any) -> dict[str, Any]:
    fields = dict(model.__dict__)
    extra = getattr(model, "__pydantic_extra__", None)
    if extra:
        fields.update(extra)
    return fields


def _dataclass_fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if hasattr(value, field.name)}


def _named_tuple(value: Any) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else value


def _bytes(value: bytes | bytearray | memoryview) -> dict[str, Any]:
    data = bytes(value[:MAX_BYTES_SHOWN])
    out: dict[str, Any] = {"$type": "bytes", "length": len(value), "base64": base64.b64encode(data).decode()}
    if len(value) > MAX_BYTES_SHOWN:
        out["truncated"] = True
    return out


def _set(value: AbstractSet[Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=lambda item: (type(item).__qualname__, _bounded_repr(item)))


def _exception(value: BaseException) -> dict[str, Any]:
    return {"$type": type_name(type(value)), "message": text_of(str(value)[:MAX_BYTES_SHOWN])}


def _array(value: Any) -> Any:
    shape = tuple(getattr(value, "shape", ()))
    size = math.prod(int(length) for length in shape)
    if hasattr(value, "tolist") and size <= MAX_ARRAY_SHOWN:
        return _finite(value.tolist())
    return {
        "$type": type_name(type(value)),
        "shape": [int(length) for length in shape],
        "dtype": str(getattr(value, "dtype", "")),
    }


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float_of(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int_of(value)
    return value if isinstance(value, (str, bool, type(None))) else text_of(_bounded_repr(value))


def _unknown(value: Any) -> dict[str, Any]:
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__qualname__", "") or type_name(type(value))
        return {"$type": "callable", "name": f"{getattr(value, '__module__', '')}.{name}"}
    return {"$type": type_name(type(value)), "repr": text_of(_bounded_repr(value))}


def type_name(kind: type) -> str:
    """Return the full name of a type."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _bounded_repr(value: Any) -> str:
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001  # a broken repr belongs to the program, not to us
        return f"<{type_name(type(value))}>"
    return shown if len(shown) <= MAX_REPR else shown[:MAX_REPR] + "…"


_BY_BASE: tuple[tuple[type, Shape, Taker], ...] = (
    (enum.Enum, Shape.FIELDS, lambda value: value.value),
    (bool, Shape.ATOM, bool),
    (str, Shape.ATOM, lambda value: text_of(str.__str__(value))),
    (int, Shape.ATOM, lambda value: int_of(int(value))),
    (float, Shape.ATOM, lambda value: float_of(float(value))),
    (bytes, Shape.ATOM, _bytes),
    (bytearray, Shape.ATOM, _bytes),
    (memoryview, Shape.ATOM, lambda value: _bytes(bytes(value))),
    (dt.datetime, Shape.ATOM, dt.datetime.isoformat),
    (dt.date, Shape.ATOM, dt.date.isoformat),
    (dt.time, Shape.ATOM, dt.time.isoformat),
    (dt.timedelta, Shape.ATOM, str),
    (decimal.Decimal, Shape.ATOM, str),
    (complex, Shape.ATOM, str),
    (uuid.UUID, Shape.ATOM, str),
    (pathlib.PurePath, Shape.ATOM, lambda value: text_of(str(value))),
    (BaseException, Shape.ATOM, _exception),
    (Mapping, Shape.MAPPING, lambda value: value),
    (tuple, Shape.FIELDS, _named_tuple),
    (list, Shape.SEQUENCE, lambda value: value),
    (AbstractSet, Shape.SEQUENCE, _set),
)
