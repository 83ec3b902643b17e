"""The declared structure of a compiled graph, and names of nodes from checkpoint namespaces. Cached per graph."""

from __future__ import annotations

import hashlib
import json
import weakref
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dashstream.protocol.gen import dashstream_pb2 as pb

START = "__start__"
END = "__end__"
MAX_LEVELS = 8


@dataclass(slots=True)
class GraphFacts:
    """What is known of one compiled graph before it runs.

    ``schema`` is the encoded GraphSchema of the graph with its subgraphs, without header. ``fixed`` and
    ``conditional`` are its own declared edges; ``explicit`` those that the program itself added as fixed.
    """

    name: str = "graph"
    graph_id: str = ""
    schema: bytes = b""
    fixed: set[tuple[str, str]] = field(default_factory=set)
    conditional: set[tuple[str, str]] = field(default_factory=set)
    explicit: set[tuple[str, str]] = field(default_factory=set)

    def kind_of(self, source: str, target: str) -> int:
        """Return the kind of an edge that was taken."""
        is_fixed = (source, target) in self.fixed or (source, target) in self.explicit
        return int(pb.EDGE_KIND_STATIC if is_fixed else pb.EDGE_KIND_CONDITIONAL)

    def end_kind(self, source: str, *, is_routed: bool) -> int:
        """Return the kind of the edge to the end that a finished node takes, 0 for none.

        LangGraph writes nothing for the end. A fixed edge to it is always taken; a conditional one was taken when
        the node routed nowhere else.
        """
        if (source, END) in self.explicit:
            return int(pb.EDGE_KIND_STATIC)
        if is_routed:
            return 0
        if (source, END) in self.fixed:
            return int(pb.EDGE_KIND_STATIC)
        return int(pb.EDGE_KIND_CONDITIONAL) if (source, END) in self.conditional else 0


_FACTS: weakref.WeakKeyDictionary[Any, GraphFacts] = weakref.WeakKeyDictionary()
NO_FACTS = GraphFacts()


def facts_of(graph: Any) -> GraphFacts:
    """Return the facts of a compiled graph; what cannot be read is left out. Never raises."""
    if graph is None:
        return NO_FACTS
    try:
        known = _FACTS.get(graph)
        if known is None:
            known = _FACTS[graph] = _read(graph)
    except Exception:  # noqa: BLE001  # drawing runs code of the program's graph
        return NO_FACTS
    return known


def _read(graph: Any) -> GraphFacts:
    facts = GraphFacts(name=str(graph.get_name()))
    schema = pb.GraphSchema(name=facts.name)
    try:
        drawn = graph.get_graph()
        for edge in drawn.edges:
            (facts.conditional if edge.conditional else facts.fixed).add((edge.source, edge.target))
        facts.explicit = {(str(a), str(b)) for a, b in getattr(getattr(graph, "builder", None), "edges", ())}
        _describe(schema, graph, drawn, "", 0)
    except Exception:  # noqa: BLE001  # a graph that cannot be drawn is still observed
        schema = pb.GraphSchema(name=facts.name)
        for name in graph.nodes:
            schema.nodes.add(id=name, name=name, kind="start" if name == START else "node")
    shape = [
        facts.name,
        [[node.id, node.kind, node.parent] for node in schema.nodes],
        [[edge.source, edge.target, edge.conditional, edge.label] for edge in schema.edges],
    ]
    facts.graph_id = hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:32]
    schema.graph_id = facts.graph_id
    facts.schema = schema.SerializeToString()
    return facts


def _describe(schema: pb.GraphSchema, graph: Any, drawn: Any, parent: str, level: int) -> None:
    prefix = f"{parent}:" if parent else ""
    subgraphs = _subgraphs(graph)
    for node_id, node in drawn.nodes.items():
        metadata = getattr(node, "metadata", None) or {}
        subgraph = subgraphs.get(node_id)
        entry = schema.nodes.add(
            id=prefix + node_id, name=str(node.name), kind=_kind(node_id, metadata, subgraph), parent=parent
        )
        for key, value in metadata.items():
            entry.metadata[str(key).strip("_")] = value if isinstance(value, str) else json.dumps(value, default=str)
        if subgraph is not None and level < MAX_LEVELS:
            _describe(schema, subgraph, subgraph.get_graph(), prefix + node_id, level + 1)
    for edge in drawn.edges:
        schema.edges.add(
            source=prefix + edge.source,
            target=prefix + edge.target,
            conditional=bool(edge.conditional),
            label=str(edge.data) if edge.data is not None else "",
        )


def _subgraphs(graph: Any) -> dict[str, Any]:
    try:
        return dict(graph.get_subgraphs())
    except Exception:  # noqa: BLE001  # a remote graph, for one, cannot say
        return {}


def _kind(node_id: str, metadata: dict[str, Any], subgraph: Any) -> str:
    if node_id in {START, END}:
        return node_id.strip("_")
    if subgraph is not None:
        return "subgraph"
    return "tools" if "__tools" in metadata else "node"


@lru_cache(maxsize=65_536)
def node_path(ns: str) -> str:
    """Return the node id that a checkpoint namespace stands for: ``outer:1a|inner:2b`` is ``outer:inner``."""
    names = [part.rpartition(":")[0] for part in ns.split("|")]
    return ":".join(name for name in names if name)


def is_call(path: tuple[Any, ...]) -> bool:
    """Tell whether the path of a task is that of a ``@task`` call. Such calls carry no superstep tag."""
    return len(path) == 4 and path[-1] is True and isinstance(path[1], tuple)


def split_namespace(ns: str, path: tuple[Any, ...]) -> tuple[str, str]:
    """Split the namespace of a task into (namespace that it runs in, task id).

    A ``@task`` call nests its segment below its caller's but runs in the caller's graph; ``path`` tells.
    """
    parts = ns.split("|")
    task_id = parts[-1].rpartition(":")[2]
    drop = 1
    while is_call(path):
        drop += 1
        path = path[1]
    return "|".join(parts[:-drop]), task_id
