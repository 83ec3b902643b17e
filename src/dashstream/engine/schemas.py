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
    """Fold one graph schema item; ``known`` is what was observed of the same graph so far."""
    schema: pb.GraphSchema = item.body
    seen_us = item.header.timestamp_us
    if known is None:
        return ObservedSchema(
            graph_id=schema.graph_id,
            name=schema.name,
            nodes=[SchemaNode(node.id, node.name, node.kind, node.parent) for node in schema.nodes],
            edges=[SchemaEdge(edge.source, edge.target, edge.conditional, edge.label) for edge in schema.edges],
            first_seen_us=seen_us,
            last_seen_us=seen_us,
        )
    known.first_seen_us = min(known.first_seen_us, seen_us)
    known.last_seen_us = max(known.last_seen_us, seen_us)
    known.runs += 1
    return known
