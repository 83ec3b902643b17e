"""The collector of cycles passes by what a process began with, and looks seldom; it is not switched off."""

from __future__ import annotations

import subprocess
import sys

from dashstream.engine.calm_collector import COLLECT_EVERY

PROGRAM = """
import gc
from dashstream.engine.calm_collector import calm_collector
there = len(gc.get_objects())
calm_collector()
print(gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() >= there > 0, len(gc.get_objects()) < there / 10)
"""


def test_what_was_there_is_passed_by_and_the_rest_is_looked_through_seldom() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["True", str(COLLECT_EVERY), "True", "True"]
