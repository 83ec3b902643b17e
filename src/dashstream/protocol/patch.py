"""JSON Patch (RFC 6902) with one more operation, ``text_splice``, applied to states without changing the old one.

``apply`` copies only the containers on the way to a change; everything else is shared with the state before. That
makes a history of states cheap and lets ``diff`` skip whatever is the same object on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard

from dashstream.errors import PatchError
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import JSON, MAX_DEPTH, dumps, json_equal, loads

MAX_COPIED = 1 << 20
"""What the ``copy`` operations of one patch may add to a state, in values and characters: no more than the largest
record could carry. Forty copies of a state into itself would otherwise be more than any memory holds."""

Pointer = tuple[str, ...]


class OpKind(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"
    COPY = "copy"
    TEST = "test"
    TEXT_SPLICE = "text_splice"


WITH_VALUE = frozenset({OpKind.ADD, OpKind.REPLACE, OpKind.TEST, OpKind.TEXT_SPLICE})
WITH_SOURCE = frozenset({OpKind.MOVE, OpKind.COPY})

_TO_WIRE = {
    OpKind.ADD: pb.DiffOperation.ADD,
    OpKind.REMOVE: pb.DiffOperation.REMOVE,
    OpKind.REPLACE: pb.DiffOperation.REPLACE,
    OpKind.MOVE: pb.DiffOperation.MOVE,
    OpKind.COPY: pb.DiffOperation.COPY,
    OpKind.TEST: pb.DiffOperation.TEST,
    OpKind.TEXT_SPLICE: pb.DiffOperation.TEXT_SPLICE,
}
_FROM_WIRE = {wire: kind for kind, wire in _TO_WIRE.items()}


@dataclass(frozen=True, slots=True)
class Op:
    """One operation; ``path`` and ``source`` are unescaped pointer segments, ``value`` is unused by some kinds."""

    kind: OpKind
    path: Pointer
    value: JSON = None
    source: Pointer = ()

    def to_json(self) -> dict[str, JSON]:
        """Return the operation as RFC 6902 writes it."""
        shown: dict[str, JSON] = {"op": self.kind.value, "path": format_pointer(self.path)}
        if self.kind in WITH_VALUE:
            shown["value"] = self.value
        if self.kind in WITH_SOURCE:
            shown["from"] = format_pointer(self.source)
        return shown

    @classmethod
    def from_json(cls, shown: dict[str, Any]) -> Op:
        """Parse an operation as RFC 6902 writes it.

        Raises:
            PatchError: an unknown operation, or a member it needs is missing or is no pointer.
        """
        try:
            kind = OpKind(shown["op"])
            value = shown["value"] if kind in WITH_VALUE else None
            source = _pointer_in(shown, "from") if kind in WITH_SOURCE else ()
            return cls(kind, _pointer_in(shown, "path"), value, source)
        except (KeyError, ValueError) as error:
            raise PatchError(f"not an operation: {error}") from error


def parse_pointer(text: str) -> Pointer:
    """Parse a JSON pointer (RFC 6901); ``""`` is the whole value."""
    if text == "":
        return ()
    if text[0] != "/":
        raise PatchError(f"a pointer starts with '/': {text[:80]!r}")
    if "~" not in text:
        return tuple(text[1:].split("/"))
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def _pointer_in(shown: dict[str, Any], name: str) -> Pointer:
    text = shown[name]
    if not isinstance(text, str):
        raise PatchError(f"{name} is not a pointer")
    return parse_pointer(text)


def format_pointer(path: Iterable[str]) -> str:
    """Return the JSON pointer of unescaped segments."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def apply(state: JSON, ops: Iterable[Op]) -> JSON:
    """Return the state after the operations; the given state is never changed, and shared where nothing changes.

    Raises:
        PatchError: an operation does not fit; no operation has an effect then.
    """
    editor = Editor(state)
    for op in ops:
        editor.edit(op)
    return editor.root


def diff(before: JSON, after: JSON) -> list[Op]:
    """Return operations that make ``after`` of ``before``; see :mod:`dashstream.protocol.differ`."""
    from dashstream.protocol.differ import Differ

    return Differ().diff(before, after)


def ops_to_proto(ops: Iterable[Op]) -> list[pb.DiffOperation]:
    """Return the operations as the wire contract carries them."""
    wires = []
    for op in ops:
        wire = pb.DiffOperation(op=_TO_WIRE[op.kind], path=format_pointer(op.path))
        if op.kind in WITH_VALUE:
            wire.value = dumps(op.value)
        if op.kind in WITH_SOURCE:
            setattr(wire, "from", format_pointer(op.source))
        wires.append(wire)
    return wires


def ops_from_proto(wires: Iterable[pb.DiffOperation]) -> list[Op]:
    """Read operations from the wire.

    Raises:
        PatchError: an unknown operation or encoding.
        StateValueError: a value is not JSON.
    """
    ops = []
    for wire in wires:
        kind = _FROM_WIRE.get(wire.op)
        if kind is None or wire.encoding != pb.DiffOperation.JSON:
            raise PatchError(f"unknown operation {wire.op} with encoding {wire.encoding}")
        value = loads(wire.value) if kind in WITH_VALUE else None
        source = parse_pointer(getattr(wire, "from")) if kind in WITH_SOURCE else ()
        ops.append(Op(kind, parse_pointer(wire.path), value, source))
    return ops


class Editor:
    """Applies operations one by one; containers it has copied itself are changed in place, all others never.

    Subclasses may follow the edits through the four ``_set``, ``_insert``, ``_remove`` and ``_copied`` hooks.
    """

    def __init__(self, root: JSON) -> None:
        self.root = root
        self._owned: dict[int, JSON] = {}
        self._copies_left = MAX_COPIED

    def edit(self, op: Op) -> None:
        """Apply one operation; raises PatchError when it does not fit."""
        match op.kind:
            case OpKind.ADD:
                self._add(op.path, op.value)
            case OpKind.REMOVE:
                self._take(op.path)
            case OpKind.REPLACE:
                self._replace(op.path, op.value)
            case OpKind.TEXT_SPLICE:
                self._replace(op.path, spliced(self.at(op.path), op.value))
            case OpKind.TEST:
                if not json_equal(self.at(op.path), op.value):
                    raise PatchError(f"test failed at {format_pointer(op.path)!r}")
            case OpKind.COPY:
                self._copy(op)
            case OpKind.MOVE:
                self._move(op)

    def at(self, path: Pointer) -> JSON:
        """Return the value at a path."""
        value = self.root
        for part in path:
            value = child(value, part)
        return value

    def _copy(self, op: Op) -> None:
        value = self.at(op.source)
        self._weigh(op.path, value)
        self._share(op.path, value)

    def _move(self, op: Op) -> None:
        if op.path[: len(op.source)] == op.source and op.path != op.source:
            raise PatchError("a value cannot move into itself")
        value = self._take(op.source)
        if len(op.path) > len(op.source):
            self._weigh(op.path, value)
        self._share(op.path, value)

    def _weigh(self, path: Pointer, value: JSON) -> None:
        self._copies_left -= weight_of(value, MAX_DEPTH - len(path), self._copies_left)

    def _share(self, path: Pointer, value: JSON) -> None:
        # The value may now be reachable twice, so nothing copied before may be changed in place any more.
        self._owned.clear()
        self._add(path, value)

    def _add(self, path: Pointer, value: JSON) -> None:
        if not path:
            self._set_root(value)
            return
        trail = self._descend(path[:-1])
        parent, part = trail[-1], path[-1]
        if isinstance(parent, dict):
            self._set(trail, path, part, value)
        elif isinstance(parent, list):
            index = len(parent) if part == "-" else parse_index(part, len(parent) + 1)
            self._insert(trail, path, index, value)
        else:
            raise PatchError(f"nothing can be added to a scalar at {format_pointer(path)!r}")

    def _replace(self, path: Pointer, value: JSON) -> None:
        if not path:
            self._set_root(value)
            return
        child(self.at(path[:-1]), path[-1])
        trail = self._descend(path[:-1])
        parent = trail[-1]
        key = parse_index(path[-1], len(parent)) if isinstance(parent, list) else path[-1]
        self._set(trail, path, key, value)

    def _take(self, path: Pointer) -> JSON:
        value = self.at(path)
        if not path:
            raise PatchError("the whole state cannot be removed")
        trail = self._descend(path[:-1])
        parent = trail[-1]
        key = parse_index(path[-1], len(parent)) if isinstance(parent, list) else path[-1]
        self._remove(trail, path, key)
        return value

    def _descend(self, path: Pointer) -> list[Any]:
        """Return the containers from the root to ``path``, each one ours to change."""
        container = self._own(self.root)
        self.root = container
        trail = [container]
        for part in path:
            key = parse_index(part, len(container)) if isinstance(container, list) else part
            inner = self._own(child(container, part))
            container[key] = inner
            container = inner
            trail.append(container)
        return trail

    def _own(self, container: JSON) -> Any:
        if id(container) in self._owned:
            return container
        if not isinstance(container, dict | list):
            raise PatchError("a path leads through a scalar")
        fresh = container.copy()
        self._owned[id(fresh)] = fresh
        self._copied(container, fresh)
        return fresh

    def _copied(self, old: Any, fresh: Any) -> None:
        """A container was copied in order to be changed."""

    def _set_root(self, value: JSON) -> None:
        self.root = value

    def _set(self, trail: list[Any], path: Pointer, key: Any, value: JSON) -> None:  # noqa: ARG002  # for subclasses
        trail[-1][key] = value

    def _insert(self, trail: list[Any], path: Pointer, index: int, value: JSON) -> None:  # noqa: ARG002  # as above
        trail[-1].insert(index, value)

    def _remove(self, trail: list[Any], path: Pointer, key: Any) -> None:  # noqa: ARG002  # for subclasses
        del trail[-1][key]


def weight_of(value: JSON, depth: int, most: int) -> int:
    """Return the values and characters in a value.

    Raises:
        PatchError: they are more than ``most``, or containers are nested deeper than ``depth``.
    """
    weight, level = 0, [value]
    while level:
        below: list[JSON] = []
        for item in level:
            weight += 1
            if isinstance(item, str):
                weight += len(item)
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, dict):
                weight += sum(map(len, item))
                below.extend(item.values())
            if weight + len(below) > most:
                raise PatchError(f"the patch copies more than {MAX_COPIED} values and characters")
        if any(isinstance(item, dict | list) for item in level):
            depth -= 1
        if depth < 0:
            raise PatchError(f"nested deeper than {MAX_DEPTH}")
        level = below
    return weight


def child(container: JSON, part: str) -> JSON:
    """Return a member or an element by its pointer segment; raises PatchError when there is none."""
    if isinstance(container, dict):
        if part not in container:
            raise PatchError(f"there is no member {part[:80]!r}")
        return container[part]
    if isinstance(container, list):
        return container[parse_index(part, len(container))]
    raise PatchError(f"a scalar has no member {part[:80]!r}")


def parse_index(part: str, bound: int) -> int:
    """Return an array index below ``bound``, written as RFC 6901 has it: no sign, no leading zero."""
    if not part.isascii() or not part.isdigit() or (part[0] == "0" and part != "0") or len(part) > 10:
        raise PatchError(f"not an array index: {part[:80]!r}")
    index = int(part)
    if index >= bound:
        raise PatchError(f"index {index} is beyond the array")
    return index


def spliced(text: JSON, value: JSON) -> str:
    """Return a string after a text splice ``[start, delete_count, inserted]``, in code points."""
    if not isinstance(text, str) or not isinstance(value, list) or len(value) != 3:
        raise PatchError("a text splice needs a string and [start, delete_count, inserted]")
    start, count, inserted = value
    if not (_is_count(start) and _is_count(count) and isinstance(inserted, str)):
        raise PatchError("a text splice is [start, delete_count, inserted]")
    if start + count > len(text):
        raise PatchError("the splice is beyond the end of the text")
    return text[:start] + inserted + text[start + count :]


def _is_count(value: JSON) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
