"""What credentials of common services look like: a text that every match contains, and the pattern.

The plain search for the text costs nothing where there is no secret.
"""

from __future__ import annotations

import re

KNOWN_SECRETS: tuple[tuple[str, str], ...] = (
    # First: others may end in the hyphens that a key begins with, and with those gone nobody would know it.
    ("PRIVATE KEY-----", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    ("sk-", r"\bsk-[A-Za-z0-9_-]{20,}"),
    ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
    ("ghp_", r"\bghp_[A-Za-z0-9]{36}"),
    ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)

REPLACEMENT = b"[redacted]"

# In framed bytes a text follows its length, which may itself look like a letter: there is no word boundary to find.
_IN_BYTES = tuple(
    (needle.encode(), re.compile(pattern.removeprefix(r"\b").encode())) for needle, pattern in KNOWN_SECRETS
)


def redact_bytes(data: bytes) -> bytes:
    """Replace known secrets in bytes of any form; the same object comes back when there are none."""
    for needle, pattern in _IN_BYTES:
        if needle in data:
            data = pattern.sub(REPLACEMENT, data)
    return data
