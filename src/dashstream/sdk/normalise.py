"""From live Python values to the JSON model, keeping identity.

A part that has not changed comes back as the *same* JSON object as last time: the differ and the hash then skip it
by one pointer comparison, whatever its size. The result shares no container with the program and is never changed
afterwards, so it may wait in a queue while the program runs on.

Two ways to walk. *By identity*: an object seen before is taken as unchanged. *Whole*: every object is compared again,
which also finds what the program changed in place. :class:`StateNormaliser` decides which (``guard_values``,
``guard_share``); see docs/specs/telemetry.md.

Nothing here raises: what cannot be read is replaced by an object with ``$type``. Cycles, depth and size are bounded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from operator import is_
from typing import Any

import orjson

from dashstream.protocol.json_value import dumps
from dashstream.sdk.identity_memo import LONG_LIST, IdentityMemo, ListMemo
from dashstream.sdk.plain_values import Shape, Taker, float_of, int_of, key_of, shape_of, text_of
from dashstream.sdk.redaction import REPLACEMENT, Redactor

_LONG_TEXT = 64
_SLOT_CHARS = 8
_MARK_DEPTH: dict[str, Any] = {"$type": "truncated", "reason": "depth"}
_MARK_SIZE: dict[str, Any] = {"$type": "truncated", "reason": "size"}
_MARK_CYCLE: dict[str, Any] = {"$type": "cycle"}
_INT_SAFE = 2**63
_EXACT = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_VALUE_BYTES = 64
"""Bytes of JSON that count as one value where values are compared as text."""

_SHAPES: dict[type, tuple[Shape, Taker]] = {deque: (Shape.SEQUENCE, list)}


class Normaliser:
    """Makes live values into JSON values, remembering what each object became. Not thread-safe."""

    def __init__(self, redactor: Redactor, *, max_depth: int = 100, max_values: int = 2_000_000) -> None:
        self._redactor = redactor
        self._hidden: dict[str, bool] = {}
        self._memo = IdentityMemo()
        self._lists = ListMemo()
        self._generation = 0
        self._unsure = 0
        self._max_depth = max_depth
        self._max_values = max_values
        self._active: set[int] = set()
        self._is_whole = False
        self._weight = 0
        self.visited = 0
        """Values looked at by the last call; 64 bytes that were compared as text count as one."""
        self.stale = 0
        """Objects that the last whole walk found changed in place."""

    def json(self, value: Any, *, whole: bool = False) -> Any:
        """Return ``value`` as JSON. ``whole`` compares everything again instead of trusting identity."""
        self._is_whole = whole
        self.visited = 0
        self.stale = 0
        self._weight = 0
        self._active.clear()
        result = self._convert(value, 0)
        self._memo.expect(self._weight)
        if self._generation != self._memo.generation:
            self._generation = self._memo.generation
            self._lists.clear()
        return result

    @property
    def new_bytes(self) -> int:
        """Estimated memory that the last call's result does not share with earlier ones."""
        return self._weight * _SLOT_CHARS

    def _convert(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -_INT_SAFE <= value < _INT_SAFE else int_of(value)
        if kind is float:
            return value if value - value == 0.0 else float_of(value)
        try:
            return self._object(value, kind, depth)
        except Exception:  # noqa: BLE001  # whatever a program's object does, the program must not see it
            self._unsure += 1
            return {"$type": f"{kind.__module__}.{kind.__qualname__}", "unreadable": True}

    def _text(self, value: str) -> str:
        if len(value) < _LONG_TEXT:
            return self._redactor.text(value if value.isascii() else text_of(value))
        known: str | None = self._memo.get(value)
        if known is None:
            known = self._redactor.text(text_of(value))
            self._keep(value, known, len(value) // _SLOT_CHARS)
        return known

    def _object(self, value: Any, kind: type, depth: int) -> Any:
        known = self._memo.get(value)
        if known is not None and (not self._is_whole or self._reads_as(value, kind, known)):
            return known
        place = id(value)
        if depth >= self._max_depth or place in self._active or self.visited > self._max_values:
            self._unsure += 1
            return _MARK_DEPTH if depth >= self._max_depth else _MARK_CYCLE if place in self._active else _MARK_SIZE
        self._active.add(place)
        try:
            result = self._taken_apart(value, kind, depth + 1)
        finally:
            self._active.discard(place)
        if known is not None:
            if self._is_same(known, result):
                return known
            self.stale += 1
            self._lists.clear()
        self._keep(value, result, len(result) if isinstance(result, (list, dict)) else 1)
        return result

    def _reads_as(self, value: Any, kind: type, known: Any) -> bool:
        """Tell whether a plain container surely still is what is known of it, at the speed of C.

        A value that only looks the same is not taken for it: what orjson cannot write exactly (``null`` also stands
        for NaN) and what the redactor replaced is walked.
        """
        if kind is not dict and kind is not list:
            return False
        try:
            text = orjson.dumps(value, option=_EXACT)
        except TypeError:
            return False
        if b"null" in text or text != orjson.dumps(known):
            return False
        self.visited += 1 + len(text) // _VALUE_BYTES
        return True

    def _keep(self, value: Any, result: Any, weight: int) -> None:
        self._weight += weight + 8
        self._memo.put(value, result, weight)

    def _taken_apart(self, value: Any, kind: type, depth: int) -> Any:
        if kind is dict:
            return self._mapping(value, depth)
        if kind is list or kind is tuple:
            return self._items(value, depth)
        shape, take = _SHAPES.get(kind) or _learn(kind)
        if shape is Shape.ATOM:
            self.visited += 1
            made = take(value)
            return self._redactor.text(made) if isinstance(made, str) else made
        parts = take(value)
        if shape is Shape.MAPPING or (shape is Shape.FIELDS and isinstance(parts, dict)):
            return self._mapping(parts, depth)
        if shape is Shape.FIELDS and not isinstance(parts, tuple):
            return self._convert(parts, depth)
        return self._items(parts, depth)

    def _mapping(self, value: Any, depth: int) -> dict[str, Any]:
        try:
            items = list(value.items())
        except RuntimeError:  # changed by another thread while it was read
            items = list(dict(value).items())
        self.visited += len(items)
        out: dict[str, Any] = {}
        hidden = self._hidden
        for key, item in items:
            name = key if type(key) is str and key.isascii() else key_of(key)
            is_hidden = hidden.get(name)
            if is_hidden is None:
                is_hidden = self._learn_key(name)
            while name in out:
                name += "'"
            out[name] = REPLACEMENT if is_hidden else self._convert(item, depth)
        return out

    def _items(self, value: Any, depth: int) -> list[Any]:
        items = list(value)
        self.visited += len(items)
        if self._is_whole:
            return [self._convert(item, depth) for item in items]
        if len(items) >= LONG_LIST:
            return self._long_list(items, depth)
        return self._each(items, depth)

    def _long_list(self, items: list[Any], depth: int) -> list[Any]:
        unsure = self._unsure
        like = self._lists.like(items)
        if like is None:
            out = self._each(items, depth)
        else:
            out, changed = like
            for index in changed:
                out[index] = self._convert(items[index], depth)
            out += self._each(items[len(out) :], depth)
        if self._unsure == unsure:  # another walk may say more of what was cut short here
            self._lists.put(items, out)
        return out

    def _each(self, items: list[Any], depth: int) -> list[Any]:
        convert = self._convert
        # Most items of a list that has grown or changed in one place are known: one look for each, no call.
        known = self._memo.get_each(items)
        return [
            result if result is not None else convert(item, depth) for item, result in zip(items, known, strict=True)
        ]

    def _learn_key(self, name: str) -> bool:
        if len(self._hidden) > 10_000:
            self._hidden.clear()
        is_hidden = self._hidden[name] = self._redactor.hides(name)
        return is_hidden

    @staticmethod
    def _is_same(known: Any, result: Any) -> bool:
        if type(known) is not type(result):
            return False
        if isinstance(result, list):
            if len(known) == len(result) and all(map(is_, known, result)):
                return True
        elif isinstance(result, dict):
            if list(known) == list(result) and all(map(is_, known.values(), result.values())):
                return True
        else:
            return bool(known == result)
        return dumps(known) == dumps(result)


def _learn(kind: type) -> tuple[Shape, Taker]:
    found = shape_of(kind)
    if len(_SHAPES) < 4_096:
        _SHAPES[kind] = found
    return found


class StateNormaliser:
    """The states of one run: decides when to walk whole, so that changes in place are found in bounded time.

    Thread-safe; a caller waits at most for one other walk of the same run.
    """

    def __init__(
        self, redactor: Redactor, *, max_depth: int, max_values: int, guard_values: int, guard_share: float
    ) -> None:
        self._normaliser = Normaliser(redactor, max_depth=max_depth, max_values=max_values)
        self._lock = threading.Lock()
        self._guard_values = guard_values
        self._guard_share = guard_share
        self._sizes: dict[str, int] = {}
        self._trusted: set[str] = set()
        self._next_whole_ns = 0
        self._before = (0, 0)
        """Values looked at, and nanoseconds spent on it, before the first state: most of it is made of its input."""

    def state(self, ns: str, value: Any, *, final: bool = False) -> tuple[Any, int, bool]:
        """Return the state as JSON, the estimated bytes that are new in it, and whether parts of it were changed in
        place before without being seen.

        ``final`` walks whole in any case.
        """
        with self._lock:
            size = self._sizes.get(ns)
            is_small = size is not None and size <= self._guard_values
            now = time.perf_counter_ns()
            whole = final or is_small or (size is not None and now >= self._next_whole_ns)
            result = self._normaliser.json(value, whole=whole)
            if whole or size is None:
                values, spent_ns = self._before
                self._before = (0, 0)
                self._sizes[ns] = self._normaliser.visited + values
                self._pace(now, spent_ns)
            was_trusted = ns in self._trusted
            if whole:
                self._trusted.discard(ns)
            else:
                self._trusted.add(ns)
            tripped = whole and was_trusted and self._normaliser.stale > 0
            return result, self._normaliser.new_bytes, tripped

    def is_trusted(self, ns: str) -> bool:
        """Tell whether the last state of this namespace was taken by identity."""
        return ns in self._trusted

    def value(self, value: Any) -> tuple[Any, int]:
        """Return an input, prompt, argument or result as JSON, and the estimated bytes that are new in it."""
        with self._lock:
            now = time.perf_counter_ns()
            result = self._normaliser.json(value)
            if not self._sizes:
                self._before = (self._normaliser.visited, time.perf_counter_ns() - now)
            return result, self._normaliser.new_bytes

    def _pace(self, started_ns: int, spent_ns: int) -> None:
        cost = time.perf_counter_ns() - started_ns + spent_ns
        share = self._guard_share
        self._next_whole_ns = started_ns + (int(cost / share) if share > 0 else 2**62)
