"""The data directory: one gateway at a time, and the file that tells programs where it listens."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from dashstream.app.auth import write_private
from dashstream.errors import GatewayStartError, LogCorruptError

DISCOVERY_FILE = "gateway.json"
LOCK_FILE = "gateway.lock"
LOG_FILE = "log.db"
INDEX_FILE = "index.db"
COMMITS_FILE = "commits.db"
DEAD_LETTERS_FILE = "dead-letters.db"
SPOOL_DIR = "spool"


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where a running gateway listens, and the token it wants."""

    url: str
    ws_url: str
    token: str
    pid: int
    instance: str


def prepare(data_dir: Path) -> None:
    """Make the data directory, open to its owner only.

    Raises:
        GatewayStartError: it cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        raise GatewayStartError(f"data directory {data_dir}: is a file, not a directory") from error
    except OSError as error:
        raise GatewayStartError(f"data directory {data_dir}: {error.strerror}") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise GatewayStartError(f"data directory {data_dir}: not writable")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file that is opened inside, and who knows more, where it is damaged.

    Raises:
        LogCorruptError: it is.
    """
    try:
        yield
    except LogCorruptError as error:
        raise LogCorruptError(f"{path}: {error}; 'dashstream doctor' says what can be done") from error


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data directory's lock; the system releases it when the process ends in whatever way.

    Raises:
        GatewayStartError: another gateway holds it.
    """
    try:
        descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise GatewayStartError(f"data directory {data_dir}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            raise GatewayStartError(f"{_owner_of(data_dir)} already serves {data_dir}") from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def published(data_dir: Path, discovery: Discovery) -> Iterator[None]:
    """Write the discovery file, and remove it again on a clean stop."""
    path = data_dir / DISCOVERY_FILE
    write_private(path, json.dumps(asdict(discovery)) + "\n")
    try:
        yield
    finally:
        found = read_discovery(data_dir)
        if found is not None and found.instance == discovery.instance:
            with contextlib.suppress(OSError):
                path.unlink()


def read_discovery(data_dir: Path) -> Discovery | None:
    """Return what the discovery file says, or None when there is none (or not a whole one)."""
    try:
        found = json.loads((data_dir / DISCOVERY_FILE).read_text())
        return Discovery(**{name: found[name] for name in Discovery.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _owner_of(data_dir: Path) -> str:
    found = read_discovery(data_dir)
    return f"a gateway (process {found.pid}, {found.url})" if found else "a gateway"
