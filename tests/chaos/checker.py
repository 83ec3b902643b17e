"""The judge of a fleet's duties: compares dead letters and commits with what is on Kafka.

It shares no code with the product. Two questions, each answered by a list of violations, empty if all is well; what
clients got and what producers sent is ``dashstream.bench.judge``'s to judge:

- ``check_letters``: is there one dead letter by key about each bad record, and about nothing else?
- ``check_commits``: was any position committed above a bad record that had no letter yet?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chaos.facts import CommitSample, Letter
from dashstream.bench.facts import LogFacts
from dashstream.bench.judge import Violation


def check_letters(facts: LogFacts, topic: str, letters: Iterable[Letter]) -> list[Violation]:
    """Compare the letters, collapsed by key as a compacted topic does, with the bad records."""
    wanted = {
        f"{topic}/{facts.epoch}/{partition}/{record.offset}"
        for partition, records in facts.records.items()
        for record in records
        if record.is_bad
    }
    found: dict[str, Letter] = {letter.key: letter for letter in letters}
    violations = [Violation("no letter", key, "a bad record has none") for key in sorted(wanted - found.keys())]
    violations += [Violation("foreign letter", key, "about no bad record") for key in sorted(found.keys() - wanted)]
    for key, letter in found.items():
        if key != f"{letter.topic}/{letter.epoch}/{letter.partition}/{letter.source_offset}":
            violations.append(Violation("letter's key", key, "is not the place that the letter names"))
    return violations


def check_commits(
    facts: LogFacts, topic: str, letters: Iterable[Letter], samples: Iterable[CommitSample]
) -> list[Violation]:
    """Look for a position that was committed above a bad record without a letter."""
    first: dict[str, int] = {}
    for letter in letters:
        first[letter.key] = min(letter.offset, first.get(letter.key, letter.offset))
    bad = {p: [record.offset for record in records if record.is_bad] for p, records in facts.records.items()}
    settled: Counter[int] = Counter()
    violations = []
    for sample in samples:
        for partition, position in sample.positions.items():
            if position > facts.high[partition]:
                violations.append(Violation("commit", f"{topic}/{partition}", f"{position} is beyond the log"))
            offsets = bad[partition]
            while settled[partition] < len(offsets) and offsets[settled[partition]] < position:
                offset = offsets[settled[partition]]
                written = first.get(f"{topic}/{facts.epoch}/{partition}/{offset}")
                if written is None or written >= sample.letters_end:
                    detail = f"{position} was committed and {offset} had no letter"
                    violations.append(Violation("commit", f"{topic}/{partition}", detail))
                settled[partition] += 1
    return violations
