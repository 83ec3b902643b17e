"""A forked child is a producer of its own, and whatever way a process ends, what it recorded is on disk.

There is no gateway and no Kafka: what a producer wrote is read from its spool.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections import defaultdict
from pathlib import Path

import pytest

from dashstream.adapters.spool import adopt_orphans
from dashstream.protocol.proto_codec import decode
from e2e.watching import EXIT_S

pytestmark = pytest.mark.faults

PRELUDE = """
import os, sys, threading
from pathlib import Path
from dashstream.sdk.captures import RunContext
from dashstream.sdk.emitter import RunEmitter
from dashstream.sdk.process import process_publisher

publisher = process_publisher()

def say(thread, count=10):
    run = RunEmitter(publisher, RunContext(run_id=thread, thread_id=thread))
    for number in range(count):
        run.warning("n", str(number))
"""


@pytest.fixture(autouse=True, params=["http", "kafka"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that records go; it ends where nothing listens."""
    monkeypatch.setenv("DASHSTREAM_SDK_TRANSPORT", request.param)
    monkeypatch.setenv("DASHSTREAM_SDK_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DASHSTREAM_SDK_TOKEN", "none")
    monkeypatch.setenv("DASHSTREAM_KAFKA_BOOTSTRAP", "127.0.0.1:1")


def run(folder: Path, program: str, code: int = 0) -> float:
    """Run a program to its end; return how long it took after it said that it was done."""
    source = PRELUDE + textwrap.dedent(program)
    environment = {**os.environ, "DASHSTREAM_SDK_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", source], env=environment, stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=60)
    ended = time.time()
    assert process.returncode == code, errors.decode()
    done = folder / "done"
    return ended - done.stat().st_mtime if done.exists() else 0.0


def spooled(folder: Path) -> dict[str, list[int]]:
    """Thread id -> sequences, as the spools hold them; a thread has one producer."""
    found: dict[str, list[int]] = defaultdict(list)
    producers: dict[str, str] = {}
    for spool in adopt_orphans(folder / "spool"):
        with spool:
            while values := spool.read(1 << 20):
                for value in values:
                    header = decode(value).header
                    assert producers.setdefault(header.thread_id, header.producer_id) == header.producer_id
                    found[header.thread_id].append(header.sequence)
                spool.advance()
    return dict(found)


WHOLE = list(range(1, 11))


def test_parent_and_child_each_keep_their_own(tmp_path: Path) -> None:
    program = """
    say("parent", 5)
    child = os.fork()
    if child == 0:
        say("child")
        publisher.flush(10)
        os._exit(0)
    say("parent", 5)
    os.waitpid(child, 0)
    say("parent", 5)
    """
    run(tmp_path, program)
    found = spooled(tmp_path)
    parent = found.pop("parent")
    assert parent == list(range(1, len(parent) + 1))
    assert len(parent) == 15
    assert found == {"child": WHOLE}


def test_a_child_that_was_forked_while_others_record_does_not_hang(tmp_path: Path) -> None:
    program = """
    stop = threading.Event()
    def busy(name):
        while not stop.is_set():
            say(name, 1)
    threads = [threading.Thread(target=busy, args=(f"busy {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    children = []
    for number in range(20):
        child = os.fork()
        if child == 0:
            say(f"child {number}")
            os._exit(0 if publisher.flush(20) else 1)
        children.append(child)
    codes = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
    stop.set()
    for thread in threads:
        thread.join()
    sys.exit(0 if codes == {0} else 1)
    """
    run(tmp_path, program)
    found = spooled(tmp_path)
    assert {thread: found[thread] for thread in found if thread.startswith("child")} == {
        f"child {number}": WHOLE for number in range(20)
    }


def test_a_worker_of_multiprocessing_loses_nothing_at_its_end(tmp_path: Path) -> None:
    program = """
    import multiprocessing
    say("parent", 1)
    worker = multiprocessing.get_context("fork").Process(target=say, args=("worker",))
    worker.start()
    worker.join()
    """
    run(tmp_path, program)
    assert spooled(tmp_path) == {"parent": [1], "worker": WHOLE}


@pytest.mark.parametrize(
    ("ending", "code"),
    [("", 0), ("sys.exit(3)", 3), ("raise ValueError", 1)],
    ids=["plain", "exit", "error"],
)
def test_the_end_of_a_program_loses_nothing_and_is_quick(tmp_path: Path, ending: str, code: int) -> None:
    program = f"""
    say("t")
    (Path(os.environ["DASHSTREAM_SDK_DATA_DIR"]) / "done").touch()
    {ending}
    """
    assert run(tmp_path, program, code) < EXIT_S
    assert spooled(tmp_path) == {"t": WHOLE}


def test_a_spool_that_cannot_be_made_is_said_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    source = PRELUDE + 'say("t")\n'
    environment = {**os.environ, "DASHSTREAM_SDK_DATA_DIR": str(tmp_path)}
    process = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, check=True, timeout=60
    )
    assert b"10 telemetry records were lost" in process.stderr
    assert process.stdout == b""
