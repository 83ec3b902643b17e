"""The state fold: checkpoints and diffs of one (run, namespace) in, its state and whether it can be trusted
out.

The rule of every reader: a diff is applied exactly when its ``base_state_hash`` is the hash of the state at
hand, and what comes out must have the diff's ``state_hash``. So a duplicate changes nothing and alarms
nobody, a lost diff is noticed at the next one, and a damaged state heals at the next checkpoint. In between
the last state that was reached is kept and reported as unverified, with the reason.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from dashstream.engine.items import Item
from dashstream.errors import StateError
from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import JSON, loads
from dashstream.protocol.patch import ops_from_proto
from dashstream.protocol.proto_codec import Kind
from dashstream.protocol.state_hash import HashedState

MAX_INCIDENTS = 100
"""Incidents kept per fold; the count goes on."""
MAX_STATE_BYTES = 256 << 20
"""A chunked state above this is not assembled: a broken producer must not exhaust the reader's memory."""


class Doubt(StrEnum):
    """Why a state is not verified."""

    NO_CHECKPOINT = "no_checkpoint"
    BASE_MISMATCH = "base_mismatch"
    HASH_MISMATCH = "hash_mismatch"
    PATCH_FAILED = "patch_failed"
    CHUNK_MISSING = "chunk_missing"
    CHECKPOINT_DAMAGED = "checkpoint_damaged"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class Incident:
    """One place where the state could not be verified."""

    sequence: int
    partition: int
    offset: int
    doubt: Doubt
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StateAt:
    """A state as it is after a record; ``doubt`` is None exactly when it is verified."""

    value: JSON
    hash: bytes
    sequence: int
    superstep: int | None
    doubt: Doubt | None

    @property
    def verified(self) -> bool:
        return self.doubt is None


@dataclass(slots=True)
class StateFold:
    """Folds the state records of one (run, namespace), in log order.

    Items of other kinds are ignored. ``transitions`` counts the steps seen, ``verified_transitions`` those
    after which the state was verified.
    """

    transitions: int = 0
    verified_transitions: int = 0
    incidents: list[Incident] = field(default_factory=list)
    incident_count: int = 0
    _state: HashedState | None = None
    _doubt: Doubt | None = Doubt.NO_CHECKPOINT
    _sequence: int = 0
    _superstep: int | None = None
    _chunks: list[bytes] = field(default_factory=list)
    _chunks_of: bytes = b""

    @property
    def current(self) -> StateAt | None:
        """The state after the last item, or None when no whole state was seen yet."""
        if self._state is None:
            return None
        return StateAt(self._state.value, self._state.hash, self._sequence, self._superstep, self._doubt)

    def apply(self, item: Item) -> None:
        """Fold one item; never raises for what a record contains."""
        if item.kind is Kind.STATE_DIFF:
            self._apply_diff(item, item.body)
        elif item.kind is Kind.CHECKPOINT:
            self._apply_checkpoint(item, item.body)

    def _apply_diff(self, item: Item, diff: pb.StateDiff) -> None:
        self.transitions += 1
        if diff.full_state:
            self._reset(item, diff.full_state, diff.hash_algorithm, diff.state_hash)
        elif diff.hash_algorithm != pb.HASH_ALGORITHM_TREE_1:
            self._patch(item, diff, verifiable=False)
        elif self._state is None:
            self._note(item, Doubt.NO_CHECKPOINT)
        elif diff.base_state_hash == self._state.hash:
            self._patch(item, diff, verifiable=True)
        elif diff.state_hash == self._state.hash:
            self._doubt = None
        else:
            self._note(item, Doubt.BASE_MISMATCH)
        self._moved(item)
        self.verified_transitions += self._state is not None and self._doubt is None

    def _patch(self, item: Item, diff: pb.StateDiff, *, verifiable: bool) -> None:
        if self._state is None:
            self._note(item, Doubt.NO_CHECKPOINT)
            return
        try:
            self._state.apply(ops_from_proto(diff.operations))
        except StateError as error:
            self._note(item, Doubt.PATCH_FAILED, str(error))
            return
        if not verifiable:
            self._doubt = Doubt.UNVERIFIABLE
        elif self._state.hash == diff.state_hash:
            self._doubt = None
        else:
            self._note(item, Doubt.HASH_MISMATCH)

    def _apply_checkpoint(self, item: Item, checkpoint: pb.Checkpoint) -> None:
        whole = self._assembled(item, checkpoint)
        if whole is None:
            return
        if checkpoint.checksum and hashlib.sha256(whole).digest() != checkpoint.checksum:
            self._note(item, Doubt.CHECKPOINT_DAMAGED, "checksum")
        else:
            self._reset(item, whole, checkpoint.hash_algorithm, checkpoint.state_hash)
        if checkpoint.is_transition:
            self.transitions += 1
            self.verified_transitions += self._doubt is None
        self._moved(item)

    def _assembled(self, item: Item, checkpoint: pb.Checkpoint) -> bytes | None:
        """Return the whole state's bytes once its last chunk is there."""
        if checkpoint.chunk_count <= 1:
            return checkpoint.state
        if checkpoint.chunk_index == 0:
            self._chunks, self._chunks_of = [], checkpoint.checkpoint_id
        fits = sum(map(len, self._chunks)) + len(checkpoint.state) <= MAX_STATE_BYTES
        in_order = checkpoint.chunk_index == len(self._chunks)
        if checkpoint.checkpoint_id != self._chunks_of or not in_order or not fits:
            self._chunks, self._chunks_of = [], b""
            self._note(item, Doubt.CHUNK_MISSING)
            return None
        self._chunks.append(checkpoint.state)
        if len(self._chunks) < checkpoint.chunk_count:
            return None
        whole = b"".join(self._chunks)
        self._chunks, self._chunks_of = [], b""
        return whole

    def _reset(self, item: Item, state: bytes, algorithm: int, expected: bytes) -> None:
        try:
            fresh = HashedState(loads(state))
        except StateError as error:
            self._note(item, Doubt.CHECKPOINT_DAMAGED, str(error))
            return
        self._state = fresh
        if algorithm != pb.HASH_ALGORITHM_TREE_1 or not expected:
            self._doubt = Doubt.UNVERIFIABLE
        elif fresh.hash == expected:
            self._doubt = None
        else:
            self._note(item, Doubt.HASH_MISMATCH)

    def _moved(self, item: Item) -> None:
        self._sequence = item.header.sequence
        if item.header.HasField("superstep"):
            self._superstep = item.header.superstep

    def _note(self, item: Item, doubt: Doubt, detail: str = "") -> None:
        self._doubt = doubt
        self.incident_count += 1
        if len(self.incidents) < MAX_INCIDENTS:
            self.incidents.append(Incident(item.header.sequence, item.partition, item.offset, doubt, detail[:200]))
