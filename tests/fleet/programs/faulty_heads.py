"""``dashstream serve``, except that finding session heads goes wrong as the environment says.

``FAULT_MISSING``: partitions that answers leave out ("all" leaves out every one), for the first ``FAULT_TRIES`` answers
or until the file ``FAULT_UNTIL`` is there. ``FAULT_FREEZE``: the process of a broker that is frozen the moment that
heads are asked for the first time, which is when the file ``FAULT_FROZEN`` comes into being.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from dashstream.adapters.kafka.heads import KafkaHeads
from dashstream.cli.__main__ import main

answers = 0
ask = KafkaHeads.highs


async def highs(self: KafkaHeads) -> Mapping[int, int]:
    global answers
    if not answers and (broker := os.environ.get("FAULT_FREEZE")):
        os.kill(int(broker), signal.SIGSTOP)
        Path(os.environ["FAULT_FROZEN"]).touch()
    answers += 1
    found = await ask(self)
    if not is_faulty():
        return found
    missing = os.environ["FAULT_MISSING"]
    return {p: high for p, high in found.items() if missing != "all" and str(p) not in missing.split(",")}


def is_faulty() -> bool:
    if until := os.environ.get("FAULT_UNTIL"):
        return not Path(until).exists()
    return answers <= int(os.environ.get("FAULT_TRIES", "0"))


KafkaHeads.highs = highs  # type: ignore[method-assign]  # the fault
sys.argv[1:1] = ["serve"]
main()
