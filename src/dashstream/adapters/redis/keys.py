"""Names of keys in Redis: a pure function of what they stand for, the same in every process, release and language.

::

    ds1:{<namespace>.<topic>.<partition>}:stream     the records
    ds1:{<namespace>.<topic>.<partition>}:meta       epoch, generation, range

``ds1`` is the version of this scheme and of what the keys hold. The part in braces is the cluster's hash tag: all
keys of a partition are in one slot, and partitions spread over the nodes.

An identifier from outside never enters a key as it is. Up to ``LONGEST_PLAIN`` bytes it is written as ``b`` and its
whole base64url form; above, as ``h`` and the base64url form of its SHA-256 digest, and the original is kept in the
meta hash to be compared. There is no exception for identifiers that look harmless: that exception is how two of them
come to share a key. So the form is one-to-one, at most ``LONGEST_ENCODED`` characters long, and in an alphabet without
separators, braces and pattern characters.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

VERSION = "ds1"
LONGEST_PLAIN = 48
"""Bytes up to which an identifier is kept whole: 64 characters of base64."""
LONGEST_ENCODED = 65
"""Characters of the longest encoded identifier: the prefix and 64 of base64."""


def encode_identifier(identifier: bytes) -> str:
    """Return the form of an identifier that may be part of a key."""
    if len(identifier) <= LONGEST_PLAIN:
        return "b" + _base64(identifier)
    return "h" + _base64(sha256(identifier).digest())


@dataclass(frozen=True, slots=True)
class PartitionKeys:
    """The keys of one partition, and the name that its meta hash has to hold."""

    stream: str
    meta: str
    name: bytes


def partition_keys(namespace: str, topic: str, partition: int) -> PartitionKeys:
    """Return the keys of a partition."""
    space, name = namespace.encode("utf-8", "surrogatepass"), topic.encode("utf-8", "surrogatepass")
    tag = f"{encode_identifier(space)}.{encode_identifier(name)}.{partition}"
    prefix = f"{VERSION}:{{{tag}}}"
    # The length keeps ("a", "bc") and ("ab", "c") apart.
    return PartitionKeys(f"{prefix}:stream", f"{prefix}:meta", b"%d:%b%b" % (len(space), space, name))


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
