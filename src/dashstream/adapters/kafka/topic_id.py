"""A topic's id as the client tells it, without what the client loses by telling it.

The client keeps one reference too many to the id of each description that it hands out, so every question after the
topic costs some 150 bytes for good; a gateway asks up to four times a second. What is too much is given back here. How
much that is shows by comparison with a description of our own: of a client that counts right it is nothing.
"""

from __future__ import annotations

import ctypes
import sys

from confluent_kafka import Uuid
from confluent_kafka.admin import TopicDescription  # type: ignore[attr-defined]  # exported without saying so

_URL_SAFE = str.maketrans("+/", "-_")


def epoch_of(description: TopicDescription) -> str:
    """Return the topic's id as Kafka's own tools write it, base64 that is safe in a URL: our client has the other one.

    It becomes part of cursors, of addresses and of the ids of dead letters, where a slash would part it.
    """
    return str(description.topic_id).translate(_URL_SAFE)


def give_back(description: TopicDescription) -> None:
    """Let the id go with its description. Nothing but the description may hold the id."""
    for _ in range(_references(description) - _OWN_REFERENCES):
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(description.topic_id))


def _references(description: TopicDescription) -> int:
    return sys.getrefcount(description.topic_id)


_OWN_REFERENCES = _references(TopicDescription("", Uuid(0, 0), is_internal=False, partitions=[]))
