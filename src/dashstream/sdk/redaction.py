"""Redaction: what must not leave the process is replaced before a record is made.

Three ways, on states, inputs, prompts, arguments and results: *keys* at any depth (letter case ignored), *paths*
(``a.*.b``; ``*`` is one step, ``**`` any number) and *patterns* on text. Patterns also run on error messages,
stack traces and tokens. Limits: a secret that is split over two token chunks is not recognised; keys and paths
cannot apply to free text.

Keys and patterns are applied while a live value is made into JSON, in the program's thread, so an unredacted value
never even waits in the queue. Paths are applied to the JSON in the background thread. Both keep the identity of
unchanged parts, on which the differ lives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dashstream.errors import SettingsError
from dashstream.protocol.known_secrets import KNOWN_SECRETS
from dashstream.sdk.identity_memo import IdentityMemo
from dashstream.sdk.settings import SdkSettings

REPLACEMENT = "[redacted]"
SHORTEST_SECRET = 12
_RARE_LETTERS = "_-KJzx"

_Paths = tuple[tuple[str, ...], ...]
_Secrets = tuple[tuple[str, re.Pattern[str]], ...]


class Redactor:
    """One set of rules. ``text`` and ``hides`` are thread-safe; the path methods belong to one thread."""

    def __init__(self, settings: SdkSettings) -> None:
        self._keys = frozenset(key.lower() for key in settings.redact_keys)
        self._paths: _Paths = tuple(tuple(path.split(".")) for path in settings.redact_paths)
        self._known = _by_rare_letter(KNOWN_SECRETS if settings.redact_known_secrets else ())
        self._patterns = tuple(_compiled(text) for text in settings.redact_patterns)
        self._shortest = 0 if self._patterns else SHORTEST_SECRET
        self._memos: dict[_Paths, IdentityMemo] = {}

    def hides(self, key: str) -> bool:
        """Tell whether the value under this key is to be replaced."""
        return key.lower() in self._keys

    def text(self, text: str) -> str:
        """Replace what matches a pattern; the same object comes back when nothing does."""
        if len(text) < self._shortest:
            return text
        for letter, secrets in self._known:
            if letter in text:
                for needle, pattern in secrets:
                    if needle in text:
                        text = pattern.sub(REPLACEMENT, text)
        for pattern in self._patterns:
            if pattern.search(text):
                text = pattern.sub(REPLACEMENT, text)
        return text

    def at_paths(self, value: Any) -> Any:
        """Apply the paths to a JSON value whose root they start at."""
        return self._walk(value, self._paths) if self._paths else value

    def forget(self) -> None:
        """Drop the memory of earlier values."""
        self._memos.clear()

    def _walk(self, value: Any, paths: _Paths) -> Any:
        if not paths or not isinstance(value, (dict, list)):
            return value
        memo = self._memos.get(paths)
        if memo is None:
            memo = self._memos[paths] = IdentityMemo()
        known = memo.get(value)
        if known is not None:
            return known
        result = self._container(value, paths)
        memo.put(value, result, len(value))
        return result

    def _container(self, value: Any, paths: _Paths) -> Any:
        if isinstance(value, list):
            items = [self._child(str(index), item, paths) for index, item in enumerate(value)]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        out = {key: self._child(key, item, paths) for key, item in value.items()}
        return value if all(out[key] is value[key] for key in out) else out

    def _child(self, key: str, item: Any, paths: _Paths) -> Any:
        rest = _step(paths, key)
        return REPLACEMENT if () in rest else self._walk(item, rest)


def _by_rare_letter(known: Iterable[tuple[str, str]]) -> tuple[tuple[str, _Secrets], ...]:
    """Group secrets by a letter that prose seldom has: to search for one is ten times as fast as for a needle."""
    groups: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for needle, pattern in known:
        letter = next((rare for rare in _RARE_LETTERS if rare in needle), needle[0])
        groups.setdefault(letter, []).append((needle, re.compile(pattern)))
    return tuple((letter, tuple(secrets)) for letter, secrets in groups.items())


def _step(paths: _Paths, key: str) -> _Paths:
    out: list[tuple[str, ...]] = []
    for path in paths:
        head, tail = path[0], path[1:]
        if head == "**":
            out.append(path)
            if tail and tail[0] in {key, "*"}:
                out.append(tail[1:])
        elif head in {key, "*"}:
            out.append(tail)
    return tuple(dict.fromkeys(out))


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise SettingsError("DASHSTREAM_SDK_REDACT_PATTERNS", f"{text!r} is not a regular expression") from error
