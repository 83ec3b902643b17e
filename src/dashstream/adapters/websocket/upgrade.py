"""How uvicorn makes a connection of a request that asks for an upgrade."""

from __future__ import annotations

import asyncio
from typing import Any

from dashstream.adapters.websocket.registry import Connections
from dashstream.adapters.websocket.server import Connection


def protocol_class(connections: Connections) -> type[asyncio.Protocol]:
    """Return the class that uvicorn makes one object of per WebSocket connection (``Config(ws=...)``)."""

    class BoundConnection(Connection):
        def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:  # noqa: ARG002  # uvicorn's signature
            super().__init__(connections, server_state.connections)

    return BoundConnection
