"""What becomes of a record that its partition's owner passes: exactly one outcome each. Pure.

Laws:

1. ``received = ok + old_error + new_error + missing_payload``. A record that stopped the walk was not passed and is in
   none of them, until somebody lets it pass.
2. Old and new is decided by position alone: below the partition's session head is old.
3. Every kind of failure obeys its policy when it is new. When it is old it is skipped, whatever its kind: history is
   not repaired by stopping in front of it.
4. Only a new failure is worth a dead letter, an error rate, or a line of health.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The disjoint classes of passed records."""

    OK = "ok"
    OLD_ERROR = "old_error"
    NEW_ERROR = "new_error"
    MISSING_PAYLOAD = "missing_payload"


class Age(StrEnum):
    """Whether a record was there before the session began."""

    OLD = "old"
    NEW = "new"


class Policy(StrEnum):
    """What a new unprocessable record does to its partition's duties."""

    SKIP = "skip"
    PAUSE = "pause"


class Action(StrEnum):
    """What the owner has to do with a record."""

    PASS = "pass"  # noqa: S105  # a verb, not a credential
    DEAD_LETTER = "dead_letter"
    STOP = "stop"


NULL = "null"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A record's outcome once it is passed, and what to do with it before."""

    outcome: Outcome
    age: Age
    action: Action


def judge(reason: str, age: Age, policies: Mapping[str, Policy]) -> Judgement:
    """Judge a record by why it cannot be read, its age, and the policy for each reason."""
    if age is Age.OLD:
        return Judgement(_failed(reason, Outcome.OLD_ERROR), age, Action.PASS)
    action = Action.STOP if policies[reason] is Policy.PAUSE else Action.DEAD_LETTER
    return Judgement(_failed(reason, Outcome.NEW_ERROR), age, action)


def _failed(reason: str, outcome: Outcome) -> Outcome:
    return Outcome.MISSING_PAYLOAD if reason == NULL else outcome
