"""The process that folds the run index: reads requests, answers each when it is done, ends with whoever asks.

It ends when its input does, so that it never outlives its gateway, however that ended; what it was doing then it
finishes or leaves undone as a whole. Signals that a terminal or a service manager sends to all of a gateway's processes
are for the gateway to act on. After a failure it ends: its successor begins with what the file says.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import BinaryIO

from dashstream.adapters.sqlite.fold_messages import (
    Apply,
    Done,
    Failed,
    Open,
    Request,
    TellPositions,
    Trim,
    framed,
    marks_of,
    read_request,
)
from dashstream.adapters.sqlite.index_fold import IndexWriter
from dashstream.adapters.sqlite.index_tables import open_index, reopen_index
from dashstream.engine.calm_collector import calm_collector
from dashstream.engine.ports import LogRecord
from dashstream.errors import RunIndexError
from dashstream.protocol.framing import Limits

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests, of which the first opens the index, until there are no more or one fails."""
    opening = read_request(requests)
    if not isinstance(opening, Open):
        return
    try:
        writer = _opened(opening)
        _tell(answers, _done(writer))
        while (request := read_request(requests)) is not None:
            _tell(answers, _answer(writer, request))
    except (sqlite3.Error, RunIndexError) as error:
        _tell(answers, Failed(str(error)))


def _opened(opening: Open) -> IndexWriter:
    path = Path(opening.path)
    if opening.marks is None:
        connection = reopen_index(path, opening.epoch)
    else:
        connection = open_index(path, opening.epoch, marks_of(opening.marks))
    return IndexWriter(connection, Limits(opening.max_record_bytes), opening.cached_runs)


def _answer(writer: IndexWriter, request: Request) -> Done:
    positions = None
    match request:
        case Apply(records):
            writer.apply([LogRecord(partition, offset, 0, b"", value) for partition, offset, value in records])
        case Trim(marks):
            writer.trim(marks_of(marks))
        case TellPositions():
            positions = writer.positions()
        case Open():
            raise RunIndexError("the index is open already")
    return _done(writer, positions)


def _done(writer: IndexWriter, positions: dict[int, int] | None = None) -> Done:
    return Done(writer.version, time.process_time(), positions)


def _tell(answers: BinaryIO, answer: Done | Failed) -> None:
    answers.write(framed(answer))
    answers.flush()


def main() -> None:
    """Serve on standard input and output."""
    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    calm_collector()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed must not get among the answers
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:  # nobody waits for the answer any more
        os._exit(0)


if __name__ == "__main__":
    main()
