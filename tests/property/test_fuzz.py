"""A short walk of every fuzz target: what was found before, seeds, and their mutations, the same in every run."""

from __future__ import annotations

import random

import pytest

from fuzz.seeds import CORPUS, WORDS, found_by, seeds_of
from fuzz.targets import TARGETS

EXECUTIONS = 5_000
MOST_BYTES = 8_192


def mutated(data: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    """Return ``data`` with a few of the changes that parsers trip over."""
    for _ in range(chance.randint(1, 4)):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        match chance.randrange(6):
            case 0:
                data = data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at + 1 :]
            case 1:
                data = data[:at] + chance.choice(WORDS) + data[at:]
            case 2:
                data = data[:at] + data[end:]
            case 3:
                data = data[:end] + data[at:end] * chance.randint(1, 20) + data[end:]
            case 4:
                data = data[:at] + chance.choice(seeds)[at:]
            case 5:
                data = data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :] if at < end else data
    return data[:MOST_BYTES]


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_lets_only_documented_errors_out(name: str) -> None:
    target, seeds = TARGETS[name], seeds_of(name)
    chance = random.Random(name)
    for data in seeds + found_by(name):
        target(data)
    for _ in range(EXECUTIONS):
        data = mutated(chance.choice(seeds), seeds, chance)
        try:
            target(data)
        except Exception as error:
            error.add_note(f"save this in {CORPUS.name}/{name}: {data!r}")
            raise


def test_what_was_found_belongs_to_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= TARGETS.keys()
