"""What a chaos run does and when: everything that chance decides follows from one seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What is done to the fleet."""

    KILL_GATEWAY = "gateway killed"
    RESTART_KAFKA = "Kafka killed"
    FLUSH_REDIS = "Redis flushed"
    STALL_REDIS = "Redis stalled"
    RESET_FRONT = "connections to a gateway reset"
    STALL_FRONT = "network to a gateway stalled"
    RESET_REDIS = "a gateway's connections to Redis reset"
    TRIM_LOG = "old records removed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them: when, in seconds after the load began, and to which gateway where it is about one."""

    at_s: float
    kind: FaultKind
    gateway: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A run. ``rate`` counts all producers; ``bad_share`` of it are records that nobody can decode."""

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
    kills: int = 10
    kafka_restarts: int = 2
    flushes: int = 1
    stalls: int = 1
    resets: int = 30
    trims: int = 2

    def faults(self) -> list[Fault]:
        """Return what happens, in order: each kind spread over the run, each moment by chance."""
        chance = random.Random(self.seed)
        wanted: Mapping[FaultKind, int] = {
            FaultKind.KILL_GATEWAY: self.kills,
            FaultKind.RESTART_KAFKA: self.kafka_restarts,
            FaultKind.FLUSH_REDIS: self.flushes,
            FaultKind.STALL_REDIS: self.stalls,
            FaultKind.RESET_FRONT: self.resets,
            FaultKind.STALL_FRONT: self.resets // 5,
            FaultKind.RESET_REDIS: self.resets // 5,
            FaultKind.TRIM_LOG: self.trims,
        }
        return sorted(
            (
                Fault(
                    self.seconds * (place + chance.uniform(0.15, 0.85)) / count, kind, chance.randrange(self.gateways)
                )
                for kind, count in wanted.items()
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
