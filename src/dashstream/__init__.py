"""DashStream: live, loss-proof telemetry and verified state for AI agent graphs.

Names are imported when they are first used, so that ``import dashstream`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashstream.sdk.process import auto, flush, handler, observe
    from dashstream.sdk.recorder import Recorder

__all__ = ["Recorder", "auto", "flush", "handler", "observe"]

_HOMES = {
    "Recorder": "dashstream.sdk.recorder",
    "auto": "dashstream.sdk.process",
    "flush": "dashstream.sdk.process",
    "handler": "dashstream.sdk.process",
    "observe": "dashstream.sdk.process",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
