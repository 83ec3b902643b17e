"""What a chaos run does and when: everything that chance decides follows from one seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What is done to the fleet."""

    KILL_GATEWAY = "gateway killed"
    FREEZE_GATEWAY = "gateway frozen"
    RESET_FRONT = "connections to a gateway reset"
    STALL_FRONT = "network to a gateway stalled"
    HALF_OPEN_FRONT = "connections to a gateway half-open"
    DELAY_FRONT = "network to a gateway slow"
    SLICE_FRONT = "network to a gateway in small pieces"
    KILL_KAFKA = "Kafka killed"
    FREEZE_KAFKA = "Kafka frozen"
    TRIM_LOG = "old records removed"
    KILL_REDIS = "Redis killed"
    FLUSH_REDIS = "Redis flushed"
    FREEZE_REDIS = "Redis frozen"
    RESET_REDIS = "a gateway's connections to Redis reset"
    DELAY_REDIS = "a gateway's network to Redis slow"


WEIGHTS: Mapping[FaultKind, int] = {
    FaultKind.KILL_GATEWAY: 20,
    FaultKind.FREEZE_GATEWAY: 10,
    FaultKind.RESET_FRONT: 30,
    FaultKind.STALL_FRONT: 12,
    FaultKind.HALF_OPEN_FRONT: 8,
    FaultKind.DELAY_FRONT: 12,
    FaultKind.SLICE_FRONT: 8,
    FaultKind.KILL_KAFKA: 3,
    FaultKind.FREEZE_KAFKA: 8,
    FaultKind.TRIM_LOG: 3,
    FaultKind.KILL_REDIS: 5,
    FaultKind.FLUSH_REDIS: 5,
    FaultKind.FREEZE_REDIS: 6,
    FaultKind.RESET_REDIS: 12,
    FaultKind.DELAY_REDIS: 8,
}
"""How often each kind is among 150 faults: what takes long to heal is rarer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them: when, in seconds after the load began, and to which gateway where it is about one."""

    at_s: float
    kind: FaultKind
    gateway: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A run. ``rate`` counts all producers; ``bad_share`` of it are records that nobody can decode.

    ``faults`` is what is done to gateways, networks, Kafka and Redis; that clients cut themselves off every
    ``cut_every_s`` and go on at another gateway comes on top.
    """

    seed: int = 1
    seconds: float = 300.0
    rate: int = 2_000
    bad_share: float = 0.01
    gateways: int = 2
    partitions: int = 4
    http_producers: int = 3
    threads: int = 16
    clients: int = 8
    cut_every_s: float = 8.0
    faults: int = 150

    def seconds_for(self, records: int) -> float:
        """Return how long the load has to last for so many good records."""
        return records / (self.rate * (1 - self.bad_share))

    def counts(self) -> dict[FaultKind, int]:
        """Return how often each kind of fault happens: at least once, and ``faults`` in all."""
        whole = sum(WEIGHTS.values())
        counts = {kind: max(1, self.faults * weight // whole) for kind, weight in WEIGHTS.items()}
        counts[FaultKind.RESET_FRONT] += max(0, self.faults - sum(counts.values()))
        return counts

    def schedule(self) -> list[Fault]:
        """Return what happens, in order: each kind spread over the run, each moment by chance."""
        chance = random.Random(self.seed)
        return sorted(
            (
                Fault(
                    self.seconds * (place + chance.uniform(0.15, 0.85)) / count, kind, chance.randrange(self.gateways)
                )
                for kind, count in self.counts().items()
                for place in range(count)
            ),
            key=lambda fault: fault.at_s,
        )

    def thread_names(self, producer: str) -> list[str]:
        """Return the threads that a producer writes to: its own, for the order of a thread has one writer."""
        return [f"{producer}-thread-{number}" for number in range(self.threads)]

    def producer_names(self) -> list[str]:
        """Return all producers; the last one writes to Kafka itself, the bad records too."""
        return [*(f"http-{number}" for number in range(self.http_producers)), "direct"]
