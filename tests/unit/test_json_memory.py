"""What writes JSON in the observed program, and in a gateway of whatever it is sent, stays within its memory.

Some versions of orjson reserve room for a list where it begins and forget that the lists in it use it up: with lists
that begin with lists, and enough small values behind each, they write beyond the end. Nothing raises; later the process
aborts, or worse. With Python's debugging allocator it aborts as soon as that memory is freed.
"""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import json
from dashstream.protocol.json_value import dumps

for small in (None, True, 1.5, 1, "s"):
    for width in (5, 10, 20, 70, 200):
        state = 1
        for depth in range(99):
            state = [state] + [small] * width
            text = dumps(state)
        assert json.loads(text) == state
print("whole")
"""


def test_lists_that_begin_with_lists_are_written_within_memory() -> None:
    watched = {**os.environ, "PYTHONMALLOC": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False, env=watched
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr
