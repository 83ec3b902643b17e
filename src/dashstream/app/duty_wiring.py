"""The once-only duties of a gateway that is alone with its log: it owns all partitions and keeps letters beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from dashstream.adapters.sqlite.commits import SqliteCommits
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.data_dir import COMMITS_FILE, DEAD_LETTERS_FILE
from dashstream.app.settings import Settings
from dashstream.engine.dead_letter import LetterWriter
from dashstream.engine.dead_letters import DeadLetters
from dashstream.engine.duties import Duties, DutyParts
from dashstream.engine.duty_report import DutyReport
from dashstream.engine.head_finder import HeadFinder, LogHeads
from dashstream.engine.letter_sender import LetterSender
from dashstream.engine.ownership import SoloOwnership
from dashstream.engine.ports import Clock, Log, Metrics
from dashstream.protocol.framing import Limits


@dataclass(frozen=True, slots=True)
class DutyStack:
    """The parts of the duties that the rest of the gateway talks to."""

    duties: Duties
    sender: LetterSender
    letters: DeadLetters
    letters_log: Log
    report: DutyReport


@asynccontextmanager
async def solo_duties(
    settings: Settings, log: Log, clock: Clock, metrics: Metrics, instance: str
) -> AsyncIterator[DutyStack]:
    """Open commits and dead letters; at the end, finish what is waiting and close them.

    Raises:
        LogError: one of their files cannot be opened.
    """
    limits = settings.dead_letters
    log_limits = replace(
        settings.log, partitions=1, retention_age_s=limits.retention_age_s, retention_bytes=limits.retention_bytes
    )
    record_limits = Limits(max_record_bytes=settings.ingest.max_record_bytes)
    async with AsyncExitStack() as stack:
        letters_log = await asyncio.to_thread(
            SqliteLog.open, settings.data_dir / DEAD_LETTERS_FILE, log_limits, topic=f"{log.topic}-dead-letters"
        )
        stack.push_async_callback(letters_log.close)
        commits = await asyncio.to_thread(SqliteCommits.open, settings.data_dir / COMMITS_FILE)
        stack.push_async_callback(commits.close)
        letters = DeadLetters(letters_log, log, limits, clock, instance=instance)
        sender = LetterSender(letters, limits, metrics)
        parts = DutyParts(
            log=log,
            ownership=SoloOwnership(log.partition_count),
            commits=commits,
            finder=HeadFinder(LogHeads(log), log, clock, metrics, budget_s=settings.duties.heads_budget_s),
            sender=sender,
            letters=LetterWriter(log, limits, record_limits, clock, instance=instance),
            clock=clock,
            metrics=metrics,
        )
        duties = Duties(parts, settings.duties, record_limits)
        stack.push_async_callback(duties.stop)
        yield DutyStack(duties, sender, letters, letters_log, DutyReport(duties, sender))
