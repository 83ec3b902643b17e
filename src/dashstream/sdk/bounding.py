"""JSON text of bounded size that is always valid JSON."""

from __future__ import annotations

from typing import Any

from dashstream.protocol.json_value import dumps

_FIRST_STRING = 4_096
_FIRST_ITEMS = 256


def bounded_text(value: Any, limit: int) -> tuple[bytes, bool]:
    """Return ``value`` as JSON of at most ``limit`` bytes, and whether something was left out.

    What is too large loses the ends of its long strings first, then the ends of its long lists and objects; each cut
    leaves a mark that says how much is missing.
    """
    data = dumps(value)
    if len(data) <= limit:
        return data, False
    size = len(data)
    string, items = min(_FIRST_STRING, limit), _FIRST_ITEMS
    while string >= 16:
        data = dumps(_shrunk(value, string, items, 12))
        if len(data) <= limit:
            return data, True
        string, items = string // 2, max(2, items // 2)
    return dumps({"$type": "truncated", "bytes": size}), True


def _shrunk(value: Any, string: int, items: int, depth: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= string else f"{value[:string]}… (+{len(value) - string} characters)"
    if isinstance(value, dict):
        if depth == 0:
            return {"$type": "truncated", "keys": len(value)}
        kept = {key: _shrunk(value[key], string, items, depth - 1) for key in list(value)[:items]}
        if len(value) > items:
            kept["…"] = f"+{len(value) - items} keys"
        return kept
    if isinstance(value, list):
        if depth == 0:
            return [f"… (+{len(value)} items)"] if value else []
        cut = [_shrunk(item, string, items, depth - 1) for item in value[:items]]
        if len(value) > items:
            cut.append(f"… (+{len(value) - items} items)")
        return cut
    return value
