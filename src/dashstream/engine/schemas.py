"""Observed graph schemas: which graph structures runs have declared, when, and how often."""

from __future__ import annotations

import msgspec

from dashstream.engine.items import Item
from dashstream.protocol.gen import dashstream_pb2 as pb


class SchemaNode(msgspec.Struct, frozen=True):
    """A vertex as declared; ``parent`` is the enclosing subgraph's node, "" at the root."""

    id: str
    name: str
    kind: str
    parent: str


class SchemaEdge(msgspec.Struct, frozen=True):
    """A transition as declared."""

    source: str
    target: str
    conditional: bool
    label: str


class ObservedSchema(msgspec.Struct):
    """A declared structure and where it was seen; times are microseconds of the producers' clocks."""

    graph_id: str
    name: str
    nodes: list[SchemaNode]
    edges: list[SchemaEdge]
    first_seen_us: int
    last_seen_us: int
    runs: int = 1


def observe(known: ObservedSchema | None, item: Item) -> ObservedSchema:
    """Fold one graph schema item; ``known`` is what was observed of the same graph so far.

    Where declarations under one id differ, the latest is shown, in whatever order partitions were folded.
    """
    fresh = _declared(item.body, item.header.timestamp_us)
    if known is None:
        return fresh
    is_later = (fresh.last_seen_us, fresh.name) > (known.last_seen_us, known.name)
    return msgspec.structs.replace(
        fresh if is_later else known,
        first_seen_us=min(known.first_seen_us, fresh.first_seen_us),
        last_seen_us=max(known.last_seen_us, fresh.last_seen_us),
        runs=known.runs + 1,
    )


def _declared(schema: pb.GraphSchema, seen_us: int) -> ObservedSchema:
    return ObservedSchema(
        graph_id=schema.graph_id,
        name=schema.name,
        nodes=[SchemaNode(node.id, node.name, node.kind, node.parent) for node in schema.nodes],
        edges=[SchemaEdge(edge.source, edge.target, edge.conditional, edge.label) for edge in schema.edges],
        first_seen_us=seen_us,
        last_seen_us=seen_us,
    )
