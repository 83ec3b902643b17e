"""How often the collector of cycles looks, in a process that much passes through: a gateway, and who folds for it.

What passes through is freed by its counts: the collector would look through it again and again and find nothing.
"""

from __future__ import annotations

import gc

COLLECT_EVERY = 20_000
"""Objects that may be in cycles, more than there were, after which the youngest are looked through."""


def calm_collector() -> None:
    """Have this process look for cycles less often, and never among what is there now, which stays until the end."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 20)
