"""Checking a data directory: its files, its log from end to end, and what is kept beside the log against it.

A gateway of a fleet has its log on Kafka and keeps only an index here; then that is what can be checked.
Everything is read and nothing is written, so it may be done while a gateway runs on the directory. The checks go on
as far as they can: what one of them needs and cannot have is itself a finding.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dashstream.adapters.spool import survey
from dashstream.adapters.sqlite.inspection import damage_of_file, read_commits, read_index
from dashstream.adapters.sqlite.log import SqliteLog
from dashstream.app.auth import TOKEN_FILE
from dashstream.app.data_dir import (
    COMMITS_FILE,
    DEAD_LETTERS_FILE,
    DISCOVERY_FILE,
    INDEX_FILE,
    LOG_FILE,
    SPOOL_DIR,
    Discovery,
    read_discovery,
)
from dashstream.engine.commit_check import BEGIN_ANEW, judge_commits
from dashstream.engine.commit_check import NAME as COMMITS
from dashstream.engine.examination import Examination, examine
from dashstream.engine.finding import Finding, ok, problem, warning
from dashstream.engine.health import DISK_FREE_LOW_BYTES
from dashstream.engine.index_check import NAME as RUN_INDEX
from dashstream.engine.index_check import REBUILD, IndexSnapshot, judge_index
from dashstream.engine.ports import Watermark
from dashstream.engine.verdicts import RESTORE, judge_log
from dashstream.errors import LogError, NotFoundError, RunIndexError
from dashstream.protocol.framing import Limits

ANSWER_TIMEOUT_S = 2.0
FORGET_LETTERS = "Stop the gateway and delete dead-letters.db*; the letters in it are gone then, the records are not"
Progress = Callable[[int, int], None]
"""(offsets passed, offsets in all)"""


async def check(data_dir: Path, *, max_record_bytes: int, on_progress: Progress) -> AsyncIterator[Finding]:
    """Yield the findings about a data directory, one after the other.

    Raises:
        NotFoundError: there is no data directory, or neither log nor index in it.
    """
    is_here = (data_dir / LOG_FILE).exists()
    if not is_here and not (data_dir / INDEX_FILE).exists():
        raise NotFoundError(f"there is no log in {data_dir}; a gateway makes one when it first starts")
    for check_file in (_directory, _token, _gateway, _disk, _spool):
        yield await asyncio.to_thread(check_file, data_dir)
    if not is_here:
        for finding in await asyncio.to_thread(_without_log, data_dir):
            yield finding
        return
    async for finding in _check_log(data_dir, Limits(max_record_bytes=max_record_bytes), on_progress):
        yield finding


async def _check_log(data_dir: Path, limits: Limits, on_progress: Progress) -> AsyncIterator[Finding]:
    yield await asyncio.to_thread(_log_file, data_dir)
    try:
        log = await asyncio.to_thread(SqliteLog.open, data_dir / LOG_FILE, read_only=True)
    except LogError as error:
        yield problem("log", str(error), RESTORE)
        return
    try:
        index = await asyncio.to_thread(_index, data_dir)
        marks = await log.watermarks()
        counts = {"partitions": log.partition_count, "records": sum(mark.high - mark.low for mark in marks.values())}
        yield ok("log", f"epoch {log.epoch}, {counts['records']} records retained", **counts)
        examination = Examination(marks, limits, index.positions if isinstance(index, IndexSnapshot) else None)
        passed = 0

        def advance(offsets: int) -> None:
            nonlocal passed
            passed += offsets
            on_progress(passed, counts["records"])

        await examine(log, examination, advance)
        for finding in judge_log(examination):
            yield finding
        yield index if isinstance(index, Finding) else judge_index(index, log.epoch, examination)
        yield await asyncio.to_thread(_commits, data_dir, log.epoch, marks)
        yield await _dead_letters(data_dir)
    except LogError as error:
        yield problem("log", str(error), RESTORE)
    finally:
        await log.close()


def _directory(data_dir: Path) -> Finding:
    if data_dir.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warning("directory", f"{data_dir} is open to other users", f"chmod 700 {data_dir}")
    return ok("directory", f"{data_dir}, open to its owner only")


def _token(data_dir: Path) -> Finding:
    path = data_dir / TOKEN_FILE
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ok("token", "none is kept here; the gateway gets its own from the settings, or makes one")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        remedy = f"chmod 600 {path}; to be sure, delete it: the next start makes a new one"
        return problem("token", "other users can read the gateway's token", remedy)
    return ok("token", "readable by its owner only")


def _gateway(data_dir: Path) -> Finding:
    found = read_discovery(data_dir)
    if found is None:
        if (data_dir / DISCOVERY_FILE).exists():
            return problem("gateway", f"{DISCOVERY_FILE} is not whole", "Start the gateway again; it writes a new one")
        return ok("gateway", "none runs on this directory")
    if _answers(found):
        return ok("gateway", f"runs at {found.url} (process {found.pid})")
    detail = f"{DISCOVERY_FILE} names {found.url} (process {found.pid}), which does not answer: killed, or hanging"
    return warning("gateway", detail, "Start the gateway again: dashstream serve")


def _answers(found: Discovery) -> bool:
    """Tell whether that very gateway answers, and not another one that has its port now."""
    parts = urlsplit(found.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/api/v1/version", headers={"Authorization": f"Bearer {found.token}"})
        told = json.loads(connection.getresponse().read())
        return bool(told["instance"] == found.instance)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    detail = f"{free >> 20} MiB free"
    if free < DISK_FREE_LOW_BYTES:
        remedy = "Free space, or lower DASHSTREAM_LOG_RETENTION_BYTES"
        return warning("disk", f"{detail}, below {DISK_FREE_LOW_BYTES >> 20} MiB", remedy, free_bytes=free)
    return ok("disk", detail, free_bytes=free)


def _spool(data_dir: Path) -> Finding:
    spools = survey(data_dir / SPOOL_DIR)
    records, torn = sum(one.records for one in spools), sum(one.torn_bytes for one in spools)
    counts = {"producers": len(spools), "records": records, "bytes": sum(one.size for one in spools), "torn": torn}
    if not records and not torn:
        return ok("spool", "no record waits for a gateway", **counts)
    detail = f"{records} records of {len(spools)} producers wait for a gateway"
    if torn:
        detail += f"; {torn} bytes at the end of a file are torn and will be left out"
    remedy = "Run a gateway on this directory; any program that is observed then forwards them"
    return warning("spool", detail, remedy, **counts)


def _log_file(data_dir: Path) -> Finding:
    path = data_dir / LOG_FILE
    try:
        complaints = damage_of_file(path)
    except LogError as error:
        complaints = [str(error)]
    if complaints:
        return problem("log_file", f"{LOG_FILE} is damaged: {complaints[0]}", RESTORE, complaints=len(complaints))
    return ok("log_file", f"{LOG_FILE} is whole, {path.stat().st_size >> 10} KiB")


def _index(data_dir: Path) -> IndexSnapshot | Finding:
    path = data_dir / INDEX_FILE
    if not path.exists():
        return ok(RUN_INDEX, "there is none yet; the gateway folds it from the log when it starts")
    try:
        return read_index(path)
    except RunIndexError as error:
        return problem(RUN_INDEX, f"{INDEX_FILE} cannot be used: {error}", REBUILD)


def _without_log(data_dir: Path) -> list[Finding]:
    """Return what can be said where only an index is: in a fleet all is well, alone the log is gone."""
    beside = [name for name in (COMMITS_FILE, DEAD_LETTERS_FILE) if (data_dir / name).exists()]
    if beside:
        return [problem("log", f"{LOG_FILE} is gone, though {' and '.join(beside)} are there", RESTORE)]
    index = _index(data_dir)
    if isinstance(index, IndexSnapshot):
        index = ok(RUN_INDEX, f"{len(index.runs)} runs; not compared with the log", runs=len(index.runs))
    return [ok("log", "on Kafka, and not examined here; this directory has an index of it"), index]


def _commits(data_dir: Path, epoch: str, marks: Mapping[int, Watermark]) -> Finding:
    path = data_dir / COMMITS_FILE
    if not path.exists():
        return ok(COMMITS, "there are none yet; the gateway commits when it runs")
    try:
        return judge_commits(read_commits(path), epoch, marks)
    except LogError as error:
        return problem(COMMITS, f"{COMMITS_FILE} cannot be read: {error}", BEGIN_ANEW)


async def _dead_letters(data_dir: Path) -> Finding:
    name, path = "dead_letters", data_dir / DEAD_LETTERS_FILE
    if not path.exists():
        return ok(name, "there are none")
    try:
        if complaints := await asyncio.to_thread(damage_of_file, path):
            return problem(name, f"{DEAD_LETTERS_FILE} is damaged: {complaints[0]}", FORGET_LETTERS)
        letters = await asyncio.to_thread(SqliteLog.open, path, read_only=True)
        try:
            kept = sum(mark.high - mark.low for mark in (await letters.watermarks()).values())
        finally:
            await letters.close()
    except LogError as error:
        return problem(name, f"{DEAD_LETTERS_FILE} cannot be read: {error}", FORGET_LETTERS)
    return ok(name, f"{kept} entries kept; dashstream dlq list shows the letters", entries=kept)
