"""Who a client is, and what it may do: the whole of it, so that every entrance asks the same questions.

A **role** is a rank: who may do more may do all of the less. A principal that is bound to **tenants** sees and writes
what is theirs, and has no use of what is the gateway's as a whole, whatever its role.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashstream.errors import ForbiddenError


class Role(StrEnum):
    """What somebody may do, least first."""

    VIEWER = "viewer"
    """Reads: runs, states, live records, health."""
    OPERATOR = "operator"
    """Also puts records on the log, sends dead letters again, lets paused partitions go on."""
    ADMIN = "admin"
    """Everything."""

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def covers(self, least: Role) -> bool:
        """Whether this role may do what needs at least that one."""
        return self.rank >= least.rank


_RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a client is. ``tenants`` None: every tenant; else exactly those.

    ``valid_s``: seconds until its token expires, as of when it was asked; None: never.
    """

    name: str
    role: Role
    tenants: frozenset[str] | None = None
    valid_s: float | None = None

    def may_see(self, tenant: str) -> bool:
        """Whether what belongs to a tenant is there for it at all."""
        return self.tenants is None or tenant in self.tenants

    def require(self, least: Role, *, is_of_all: bool) -> None:
        """Return when it may do what needs a role; ``is_of_all``: about more than one tenant's things.

        Raises:
            ForbiddenError: its role is less, or it is bound to tenants.
        """
        if not self.role.covers(least):
            raise ForbiddenError(f"this needs the role {least}")
        if is_of_all and self.tenants is not None:
            raise ForbiddenError("this is about all tenants, and the token is for some")
