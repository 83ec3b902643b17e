"""The state hash TREE_1 (docs/specs/state.md): equal for equal JSON values in any language, at the cost of change.

A leaf is hashed by its value. An object's digest is made of the *sum* of its members' digests, so neither key order
nor width matters to an update. An array's is made of a *polynomial* in its elements' digests, so appending,
replacing and removing at either end is constant work, and an edit in the middle costs the shorter side.

:class:`HashedState` keeps one accumulator per container, by identity, and follows every edit of a patch. Leaves keep
nothing: the digest of an old leaf is computed again when it is replaced.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from dashstream.errors import StateValueError
from dashstream.protocol.json_value import JSON, MAX_DEPTH
from dashstream.protocol.patch import Editor, Op, Pointer

DIGEST_BYTES = 16
PRIME = (1 << 127) - 1
BASE = 0x3C6EF372FE94F82BA54FF53A5F1D36F1 % PRIME
INVERSE = pow(BASE, -1, PRIME)
_MASK = (1 << 128) - 1
_LOWEST, _HIGHEST = -(1 << 63), (1 << 64) - 1
_DOUBLE = struct.Struct(">d")

Accumulators = dict[int, tuple[Any, int]]
"""Container identity -> (container, accumulator). Holding the container keeps its identity from being reused."""


def state_hash(value: JSON) -> bytes:
    """Return the 16-byte hash of a state.

    Raises:
        StateValueError: the value is outside the JSON model.
    """
    return sha256(_encode(value, {}, {}, 0)).digest()[:DIGEST_BYTES]


class HashedState:
    """A state with its hash, changed by patches.

    ``value`` is never changed in place: after ``apply`` it is a new root that shares what did not change, and roots
    taken before stay what they were. Not thread-safe.
    """

    __slots__ = ("_accumulators", "_hash", "_value")

    def __init__(self, value: JSON = None) -> None:
        self.reset(value)

    @property
    def value(self) -> JSON:
        return self._value

    @property
    def hash(self) -> bytes:
        return self._hash

    def reset(self, value: JSON) -> None:
        """Take another state; costs the size of it."""
        accumulators: Accumulators = {}
        digest = sha256(_encode(value, accumulators, accumulators, 0)).digest()[:DIGEST_BYTES]
        self._value, self._accumulators, self._hash = value, accumulators, digest

    def apply(self, ops: Iterable[Op]) -> None:
        """Apply a patch; the hash costs the change, not the state.

        Raises:
            PatchError: an operation does not fit.
            StateValueError: a new value is outside the JSON model. In both cases nothing has changed.
        """
        editor = _HashingEditor(self._value, self._accumulators)
        for op in ops:
            editor.edit(op)
        digest = sha256(editor.encoded(editor.root)).digest()[:DIGEST_BYTES]
        editor.commit()
        self._value, self._hash = editor.root, digest


class _HashingEditor(Editor):
    """Follows each edit with the accumulators of the containers on its way; nothing is kept before ``commit``."""

    def __init__(self, root: JSON, kept: Accumulators) -> None:
        super().__init__(root)
        self._fresh: Accumulators = {}
        self._kept = kept
        self._copied_from: list[Any] = []
        self._removed: list[JSON] = []

    def encoded(self, value: JSON, depth: int = 0) -> bytes:
        """Return the value's encoding, with the digest of a container in place of its content."""
        return _encode(value, self._fresh, self._kept, depth)

    def commit(self) -> None:
        """Keep the new accumulators and forget those of containers that are no longer in the state.

        One that still is in it, at another place, is accumulated again when it is next needed.
        """
        for container in self._copied_from:
            self._kept.pop(id(container), None)
        for value in self._removed:
            _forget(value, self._kept)
        self._kept.update(self._fresh)

    def _copied(self, old: Any, fresh: Any) -> None:
        self._fresh[id(fresh)] = (fresh, _accumulator(old, self._fresh, self._kept, 0))
        self._copied_from.append(old)

    def _set_root(self, value: JSON) -> None:
        self._removed.append(self.root)
        super()._set_root(value)

    def _set(self, trail: list[Any], path: Pointer, key: Any, value: JSON) -> None:
        before = self._before(trail)
        parent = trail[-1]
        total = self._fresh[id(parent)][1]
        new = self.encoded(value, len(path))
        if isinstance(parent, dict):
            if key in parent:
                total -= _member(key, self.encoded(parent[key]))
                self._removed.append(parent[key])
            total = (total + _member(key, new)) & _MASK
        else:
            old = self.encoded(parent[key])
            self._removed.append(parent[key])
            total = (total + (_element(new) - _element(old)) * pow(BASE, len(parent) - 1 - key, PRIME)) % PRIME
        parent[key] = value
        self._settle(trail, path, before, total)

    def _insert(self, trail: list[Any], path: Pointer, index: int, value: JSON) -> None:
        before = self._before(trail)
        parent = trail[-1]
        element = _element(self.encoded(value, len(path)))
        if index == len(parent):
            total = (self._fresh[id(parent)][1] * BASE + element) % PRIME
        else:
            head, tail = self._split(parent, index, index)
            total = (head * BASE + element * pow(BASE, len(parent) - index, PRIME) + tail) % PRIME
        parent.insert(index, value)
        self._settle(trail, path, before, total)

    def _remove(self, trail: list[Any], path: Pointer, key: Any) -> None:
        before = self._before(trail)
        parent = trail[-1]
        old = parent[key]
        if isinstance(parent, dict):
            total = (self._fresh[id(parent)][1] - _member(key, self.encoded(old))) & _MASK
        else:
            head, tail = self._split(parent, key, key + 1)
            total = (head * INVERSE + tail) % PRIME
        self._removed.append(old)
        del parent[key]
        self._settle(trail, path, before, total)

    def _split(self, array: list[JSON], head_end: int, tail_start: int) -> tuple[int, int]:
        """Return the shares of ``array[:head_end]`` and ``array[tail_start:]`` in the array's accumulator."""
        whole = self._fresh[id(array)][1]
        size = len(array)
        between = sum(self._share_of(array, index) for index in range(head_end, tail_start))
        if head_end <= size - tail_start:
            head = sum(self._share_of(array, index) for index in range(head_end)) % PRIME
            return head, (whole - head - between) % PRIME
        tail = sum(self._share_of(array, index) for index in range(tail_start, size)) % PRIME
        return (whole - tail - between) % PRIME, tail

    def _share_of(self, array: list[JSON], index: int) -> int:
        return _element(self.encoded(array[index])) * pow(BASE, len(array) - 1 - index, PRIME) % PRIME

    def _before(self, trail: list[Any]) -> list[bytes]:
        """Return what the containers below the root are encoded as; nothing is made of the root's own."""
        return [b"", *[self.encoded(container) for container in trail[1:]]]

    def _settle(self, trail: list[Any], path: Pointer, before: list[bytes], total: int) -> None:
        """Store the parent's new accumulator and carry the change up to the root."""
        parent = trail[-1]
        self._fresh[id(parent)] = (parent, total)
        for level in range(len(trail) - 2, -1, -1):
            container, inner = trail[level], trail[level + 1]
            total = self._fresh[id(container)][1]
            after = self.encoded(inner)
            if isinstance(container, dict):
                key = path[level]
                total = (total - _member(key, before[level + 1]) + _member(key, after)) & _MASK
            else:
                power = pow(BASE, len(container) - 1 - int(path[level]), PRIME)
                total = (total + (_element(after) - _element(before[level + 1])) * power) % PRIME
            self._fresh[id(container)] = (container, total)


def _encode(value: JSON, fresh: Accumulators, kept: Accumulators, depth: int) -> bytes:
    """Return a value's encoding; accumulators that are missing are computed into ``fresh``."""
    if isinstance(value, str):
        try:
            return b"s" + value.encode()
        except UnicodeEncodeError as error:
            raise StateValueError("a string holds a lone surrogate") from error
    if isinstance(value, dict):
        total = _accumulator(value, fresh, kept, depth)
        return b"o" + sha256(b"O%b%b" % (len(value).to_bytes(8), total.to_bytes(16))).digest()[:16]
    if isinstance(value, list):
        total = _accumulator(value, fresh, kept, depth)
        return b"a" + sha256(b"A%b%b" % (len(value).to_bytes(8), total.to_bytes(16))).digest()[:16]
    if value is None:
        return b"z"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    return _number(value)


def _number(value: float) -> bytes:
    if isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            raise StateValueError("an integer is outside [-2**63, 2**64-1]")
        return b"i%d" % value
    if not isinstance(value, float):
        raise StateValueError(f"{type(value).__name__} is not a JSON value")
    if not math.isfinite(value):
        raise StateValueError("a number is not finite")
    return b"i%d" % int(value) if value.is_integer() else b"d" + _DOUBLE.pack(value)


def _accumulator(container: Any, fresh: Accumulators, kept: Accumulators, depth: int) -> int:
    entry = fresh.get(id(container)) or kept.get(id(container))
    if entry is not None and entry[0] is container:
        return entry[1]
    if depth >= MAX_DEPTH:
        raise StateValueError(f"nested deeper than {MAX_DEPTH}")
    total = 0
    if isinstance(container, dict):
        for key, value in container.items():
            total += _member(key, _encode(value, fresh, kept, depth + 1))
        total &= _MASK
    else:
        for value in container:
            total = (total * BASE + _element(_encode(value, fresh, kept, depth + 1))) % PRIME
    fresh[id(container)] = (container, total)
    return total


def _member(key: str, encoded: bytes) -> int:
    try:
        name = key.encode()
    except UnicodeEncodeError as error:
        raise StateValueError("a key holds a lone surrogate") from error
    digest = sha256(b"m%b%b%b" % (len(name).to_bytes(4), name, encoded)).digest()
    return int.from_bytes(digest[:16])


def _element(encoded: bytes) -> int:
    return int.from_bytes(sha256(encoded).digest()[:16]) % PRIME


def _forget(value: JSON, kept: Accumulators) -> None:
    """Drop the accumulators of a value and of everything in it, without recursion: it may be deep."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list) and kept.pop(id(item), None) is not None:
            waiting.extend(item.values() if isinstance(item, dict) else item)
