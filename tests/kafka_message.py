"""A record as Kafka's client hands it out."""

from __future__ import annotations


class Message:
    """A record at an offset of a partition."""

    def __init__(self, partition: int, offset: int) -> None:
        self._place = partition, offset

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def timestamp(self) -> tuple[int, int]:
        return 1, 1

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"value"
