"""Finding a small patch between two states.

Objects that are the same object on both sides are skipped without a look, at every level, so the cost follows the
change when states share what they have in common. Arrays are matched by common beginning and end, then by shift (a
window that moved), else element by element. Long texts that share beginning or end become a splice. Where the
operations would cost more than the new value, the value replaces the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_

from dashstream.protocol.json_value import JSON, json_equal, size_of
from dashstream.protocol.patch import Op, OpKind, Pointer

MIN_SPLICE_TEXT = 64
"""Texts shorter than this are replaced: a splice would not be smaller."""

WORTH_WEIGHING = 16
"""Operations in one container before their cost is compared with that of the whole value."""

SHIFT_TRIES = 64
_OP_BYTES = 16


class Differ:
    """One diff; holds nothing between calls."""

    def diff(self, before: JSON, after: JSON) -> list[Op]:
        """Return operations that make ``after`` of ``before``; ``apply`` of them is the proof."""
        ops: list[Op] = []
        self._value((), before, after, ops)
        return ops

    def _value(self, path: Pointer, before: JSON, after: JSON, ops: list[Op]) -> None:
        if before is after:
            return
        first = len(ops)
        if isinstance(before, dict) and isinstance(after, dict):
            self._object(path, before, after, ops)
        elif isinstance(before, list) and isinstance(after, list):
            self._array(path, before, after, ops)
        else:
            self._scalar(path, before, after, ops)
            return
        self._replace_if_cheaper(path, after, ops, first)

    def _scalar(self, path: Pointer, before: JSON, after: JSON, ops: list[Op]) -> None:
        if json_equal(before, after):
            return
        if isinstance(before, str) and isinstance(after, str) and min(len(before), len(after)) >= MIN_SPLICE_TEXT:
            splice = text_splice(before, after)
            if len(splice[2]) + _OP_BYTES < len(after):
                ops.append(Op(OpKind.TEXT_SPLICE, path, list(splice)))
                return
        ops.append(Op(OpKind.REPLACE, path, after))

    def _object(self, path: Pointer, before: dict[str, JSON], after: dict[str, JSON], ops: list[Op]) -> None:
        ops.extend(Op(OpKind.REMOVE, (*path, key)) for key in before if key not in after)
        for key, value in after.items():
            if key not in before:
                ops.append(Op(OpKind.ADD, (*path, key), value))
            elif before[key] is not value:
                self._value((*path, key), before[key], value, ops)

    def _array(self, path: Pointer, before: list[JSON], after: list[JSON], ops: list[Op]) -> None:
        start = common_start(before, after)
        end = common_end(before, after, start)
        old, new = before[start : len(before) - end], after[start : len(after) - end]
        shift = find_shift(old, new) if old and new and len(old) != 1 else 0
        if shift > 0:
            self._remove(path, start, shift, ops)
            self._aligned(path, start, old[shift:], new, ops)
        elif shift < 0:
            self._insert(path, start, new[:-shift], ops)
            self._aligned(path, start - shift, old, new[-shift:], ops)
        else:
            self._aligned(path, start, old, new, ops)

    def _aligned(self, path: Pointer, at: int, old: list[JSON], new: list[JSON], ops: list[Op]) -> None:
        """Compare element by element; what one side has more of is removed or inserted at the end."""
        both = min(len(old), len(new))
        for index in range(both):
            self._value((*path, str(at + index)), old[index], new[index], ops)
        if len(old) > both:
            self._remove(path, at + both, len(old) - both, ops)
        self._insert(path, at + both, new[both:], ops)

    @staticmethod
    def _remove(path: Pointer, at: int, count: int, ops: list[Op]) -> None:
        ops.extend([Op(OpKind.REMOVE, (*path, str(at)))] * count)

    @staticmethod
    def _insert(path: Pointer, at: int, values: list[JSON], ops: list[Op]) -> None:
        ops.extend(Op(OpKind.ADD, (*path, str(at + index)), value) for index, value in enumerate(values))

    @staticmethod
    def _replace_if_cheaper(path: Pointer, after: JSON, ops: list[Op], first: int) -> None:
        if len(ops) - first < WORTH_WEIGHING:
            return
        if _cost(ops[first:]) > size_of(after):
            ops[first:] = [Op(OpKind.REPLACE, path, after)]


def _cost(ops: list[Op]) -> int:
    """Return about how many bytes the operations take, their pointers and values exactly."""
    parts = [part for op in ops for part in op.path]
    names = "".join(parts)
    pointers = len(names) + len(parts) + names.count("~") + names.count("/")
    values: list[JSON] = [op.value for op in ops if op.value is not None]
    commas_and_brackets = max(2, len(values) + 1)
    return _OP_BYTES * len(ops) + pointers + size_of(values) - commas_and_brackets


def common_start(before: list[JSON], after: list[JSON]) -> int:
    """Return how many elements both arrays begin with."""
    return _run_of_equals(before, after, list(map(is_, before, after)))


def common_end(before: list[JSON], after: list[JSON], start: int) -> int:
    """Return how many elements both arrays end with, after their common beginning."""
    left, right = before[start:][::-1], after[start:][::-1]
    return _run_of_equals(left, right, list(map(is_, left, right)))


def _run_of_equals(left: list[JSON], right: list[JSON], same: list[bool]) -> int:
    """Return the length of the common beginning; ``same`` says, at C speed, which elements need no look."""
    count = 0
    while (count := _first_false(same, count)) < len(same) and json_equal(left[count], right[count]):
        count += 1
    return count


def _first_false(flags: list[bool], start: int) -> int:
    try:
        return flags.index(False, start)
    except ValueError:
        return len(flags)


def find_shift(old: list[JSON], new: list[JSON]) -> int:
    """Return by how many places a window moved: positive when elements left at the front, negative when they came.

    Only a move that explains the whole overlap counts; 0 means none was found.
    """
    for places in range(1, min(len(old), SHIFT_TRIES + 1)):
        if _overlaps(old, places, new):
            return places
    for places in range(1, min(len(new), SHIFT_TRIES + 1)):
        if _overlaps(new, places, old):
            return -places
    return 0


def _overlaps(longer: list[JSON], places: int, other: list[JSON]) -> bool:
    overlap = min(len(longer) - places, len(other))
    return overlap > 0 and all(json_equal(longer[places + index], other[index]) for index in range(overlap))


def text_splice(before: str, after: str) -> tuple[int, int, str]:
    """Return ``(start, delete_count, inserted)`` between two texts, in code points."""
    most = min(len(before), len(after))
    start = _same(most, lambda count: before[:count] == after[:count])
    end = _same(most - start, lambda count: before[len(before) - count :] == after[len(after) - count :])
    return start, len(before) - start - end, after[start : len(after) - end]


def _same(most: int, equal: Callable[[int], bool]) -> int:
    """Return the largest count up to ``most`` for which ``equal`` holds, by bisection."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if equal(middle):
            low = middle
        else:
            high = middle - 1
    return low
