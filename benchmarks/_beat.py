"""A program of a thousand records per second whose state says when it was made: `_beat.py SECONDS`."""

from __future__ import annotations

import sys
import time

from dashstream import Recorder

PERIOD_S = 0.01
EVENTS = 9
"""Beside the state, in every period."""


def main() -> None:
    periods = int(float(sys.argv[1]) / PERIOD_S)
    began = time.monotonic()
    with Recorder("beat").run(thread_id="beat") as run, run.node("beat") as node:
        for period in range(periods):
            for event in range(EVENTS):
                node.event(number=period * EVENTS + event)
            run.state({"sent_ms": time.time_ns() // 1_000_000})
            time.sleep(max(0.0, began + (period + 1) * PERIOD_S - time.monotonic()))  # allowed: it sets the pace


if __name__ == "__main__":
    main()
