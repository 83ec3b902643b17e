"""Items: the messages of a record, one by one, each with its place on the log.

A record holds one message, except that an event batch holds several events with headers of their own,
possibly of several threads. Everything that folds the log folds items, so that a batch and single records
mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import EVENT, EVENT_BATCH, Decoded, Kind


class Item(msgspec.Struct, frozen=True, gc=False):
    """One message at its place: ``index`` counts the messages of one record, from 0."""

    partition: int
    offset: int
    index: int
    kind: Kind
    header: pb.Header
    body: Any
    """The inner message: ``pb.Event``, ``pb.StateDiff`` and so on, as ``kind`` says."""

    @property
    def run_id(self) -> str:
        """The run that the message belongs to; a producer without runs has one per thread."""
        return self.header.run_id or self.header.thread_id

    @property
    def node_id(self) -> str:
        """The node that the message is about, or an empty string."""
        return self.header.node_id or (self.body.node_id if self.kind is EVENT else "")

    @property
    def type(self) -> str:
        """What the message is within its kind: an event's type, a tool execution's stage; else empty."""
        if self.kind is EVENT:
            number = self.body.event_type
            return _EVENT_TYPES.get(number) or str(number)
        if self.kind is Kind.TOOL_EXECUTION:
            return enum_name(pb.ToolExecution.Stage, self.body.stage).removeprefix("STAGE_")
        return ""


_EVENT_TYPES = {number: name.removeprefix("EVENT_TYPE_") for name, number in pb.EventType.items()}


def items_of(decoded: Decoded, partition: int, offset: int) -> Sequence[Item]:
    """Return the messages of a decoded record in order."""
    if decoded.kind is EVENT_BATCH:
        events = decoded.body.events
        return [Item(partition, offset, index, EVENT, event.header, event) for index, event in enumerate(events)]
    return (Item(partition, offset, 0, decoded.kind, decoded.header, decoded.body),)


def enum_name(enum: Any, number: int) -> str:
    """Return the name of an enum's number; a number that this version does not know is its own name."""
    try:
        return str(enum.Name(number))
    except ValueError:
        return str(number)


def attribute_value(value: pb.AttributeValue) -> Any:
    """Return an attribute as a plain value; bytes stay bytes, an unset one is None."""
    which = value.WhichOneof("value")
    if which is None:
        return None
    inner = getattr(value, which)
    if which == "array_value":
        return [attribute_value(element) for element in inner.values]
    if which == "map_value":
        return {key: attribute_value(element) for key, element in inner.values.items()}
    return inner


def text_attribute(event: pb.Event, name: str) -> str | None:
    """Return a string attribute of an event, or None when it is absent or of another type."""
    if name not in event.attributes:
        return None
    value = attribute_value(event.attributes[name])
    return value if isinstance(value, str) else None


def int_attribute(event: pb.Event, name: str) -> int:
    """Return an integer attribute of an event, or 0 when it is absent or of another type."""
    if name not in event.attributes:
        return 0
    value = attribute_value(event.attributes[name])
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
