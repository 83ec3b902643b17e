"""The once-only duties of a gateway, and where it keeps what they leave behind.

Alone with its log it owns all partitions and keeps commits and dead letters beside it. In a fleet the consumer group
says what it owns and keeps its commits, and dead letters are on a topic of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from dashstream.adapters.sqlite.commits import SqliteCommits
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import COMMITS_FILE, DEAD_LETTERS_FILE, naming
from dashstream.app.settings import Settings
from dashstream.engine.commits import Commits
from dashstream.engine.dead_letter import LetterWriter
from dashstream.engine.dead_letters import DeadLetters, LettersLog
from dashstream.engine.duties import Duties, DutyParts
from dashstream.engine.duty_report import DutyReport
from dashstream.engine.head_finder import HeadFinder, HeadSource
from dashstream.engine.letter_sender import LetterSender
from dashstream.engine.ownership import Ownership, SoloOwnership
from dashstream.engine.ports import Clock, Log, Metrics
from dashstream.engine.renewed_log import RenewedLog
from dashstream.engine.retainer import Retainer
from dashstream.errors import GatewayStartError, NotFoundError
from dashstream.protocol.framing import Limits


@dataclass(frozen=True, slots=True)
class DutyStack:
    """The parts of the duties that the rest of the gateway talks to."""

    duties: Duties
    sender: LetterSender
    letters: DeadLetters
    letters_log: LettersLog
    report: DutyReport
    retainer: Retainer | None
    """The writer of the retained tier, where there is one."""


@dataclass(frozen=True, slots=True)
class _Keeping:
    """Who owns what, and where commits and letters are kept."""

    ownership: Ownership
    commits: Commits
    letters_log: LettersLog


@asynccontextmanager
async def open_duties(
    settings: Settings,
    log: Log,
    heads: HeadSource,
    clock: Clock,
    metrics: Metrics,
    instance: str,
    *,
    retainer: Retainer | None = None,
    is_recreated: bool = False,
) -> AsyncIterator[DutyStack]:
    """Open commits and dead letters; at the end, finish what is waiting and close them.

    ``is_recreated``: this log took the place of another one while the process ran, so all of it is new.

    Raises:
        DashStreamError: they cannot be opened.
    """
    limits = settings.dead_letters
    record_limits = Limits(max_record_bytes=settings.ingest.max_record_bytes)
    keep = _kept_by_group(settings) if settings.is_fleet else _kept_beside(settings, log)
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(keep)
        letters = DeadLetters(kept.letters_log, log, limits, clock, instance=instance)
        sender = LetterSender(letters, limits, metrics)
        finder = HeadFinder(
            heads, log, clock, metrics, budget_s=settings.duties.heads_budget_s, is_recreated=is_recreated
        )
        parts = DutyParts(
            log=log,
            ownership=kept.ownership,
            commits=kept.commits,
            finder=finder,
            sender=sender,
            letters=LetterWriter(log, limits, record_limits, clock, instance=instance),
            clock=clock,
            metrics=metrics,
            retained=retainer,
        )
        duties = Duties(parts, settings.duties, record_limits)
        stack.push_async_callback(duties.stop)
        yield DutyStack(duties, sender, letters, kept.letters_log, DutyReport(duties, sender), retainer)


@asynccontextmanager
async def _kept_beside(settings: Settings, log: Log) -> AsyncIterator[_Keeping]:
    limits = settings.dead_letters
    log_limits = replace(
        settings.log, partitions=1, retention_age_s=limits.retention_age_s, retention_bytes=limits.retention_bytes
    )
    async with AsyncExitStack() as stack:
        path = settings.data_dir / DEAD_LETTERS_FILE
        with naming(path):
            letters_log = await asyncio.to_thread(SqliteLog.open, path, log_limits, topic=letters_topic(log.topic))
        stack.push_async_callback(letters_log.close)
        path = settings.data_dir / COMMITS_FILE
        with naming(path):
            commits = await asyncio.to_thread(SqliteCommits.open, path)
        stack.push_async_callback(commits.close)
        yield _Keeping(SoloOwnership(log.partition_count), commits, letters_log)


@asynccontextmanager
async def _kept_by_group(settings: Settings) -> AsyncIterator[_Keeping]:
    from dashstream.adapters.kafka.log import KafkaLog
    from dashstream.adapters.kafka.ownership import KafkaOwnership

    topic = letters_topic(settings.kafka.topic)

    try:
        letters_log = await RenewedLog.open(lambda: KafkaLog.open(replace(settings.kafka, topic=topic)))
    except NotFoundError as error:
        raise GatewayStartError(f"there is no topic {topic!r} for dead letters: dashstream topics create") from error
    try:
        member = KafkaOwnership(settings.kafka)
        member.start()
        try:
            yield _Keeping(member, member, letters_log)
        finally:
            await member.close()
    finally:
        await letters_log.close()


def letters_topic(topic: str) -> str:
    """Return the name of the topic of a topic's dead letters."""
    return f"{topic}-dead-letters"
