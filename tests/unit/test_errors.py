"""The error tree: drawn in the docstring as it is, and every code stable and unique."""

from __future__ import annotations

from collections.abc import Iterator

from dashstream import errors


def subclasses(cls: type[errors.DashStreamError], depth: int = 0) -> Iterator[tuple[int, type]]:
    yield depth, cls
    for child in cls.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from subclasses(child, depth + 1)


def drawn() -> list[tuple[int, str]]:
    assert errors.__doc__
    rows = []
    for line in errors.__doc__.splitlines():
        name = next((word for word in line.split() if word.endswith("Error")), None)
        if name and line.startswith("    "):
            rows.append((line.index(name) // 4 - 1, name))
    return rows


def test_the_drawing_shows_the_tree() -> None:
    real = [(depth, cls.__name__) for depth, cls in subclasses(errors.DashStreamError)]
    assert sorted(drawn()) == sorted(real)


def test_codes_are_unique() -> None:
    codes = [cls.code for _, cls in subclasses(errors.DashStreamError)]
    assert len(codes) == len(set(codes))


def test_messages_are_computed_from_attributes() -> None:
    error = errors.OffsetOutOfRangeError(partition=1, offset=5, low=9)
    assert (error.partition, error.offset, error.low) == (1, 5, 9)
    assert "below the low watermark 9" in str(error)
    assert errors.RecordTooLargeError(size=None, limit=7).size is None
