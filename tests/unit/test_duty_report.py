"""One line per interval for whoever reads the log, whatever the number of failures."""

from __future__ import annotations

from dashstream.engine.duty_limits import DutyLimits
from dashstream.engine.duty_report import DutyReport
from duty_rig import Rig, bad


async def test_fifty_thousand_old_failures_are_one_line_and_silence_after() -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=0, page_records=5_000))
    await rig.append(*[bad("frame")] * 50_000)
    report = DutyReport(rig.duties, rig.sender)
    assert report.line() is None
    await rig.settle()
    assert report.line() == {"old": {"frame": 50_000}}
    assert report.line() is None
    assert await rig.letter_places() == []
    assert (rig.duties.numbers.new_records, rig.duties.numbers.new_failures) == (0, 0)


async def test_a_pause_is_said_again_each_time() -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=0, null_policy="pause"))
    await rig.duties.start()
    await rig.append(bad("decode"), bad("null"))
    await rig.settle()
    report = DutyReport(rig.duties, rig.sender)
    pause = ["partition 0 is paused at offset 1: null"]
    assert report.line() == {"new": {"decode": 1}, "paused": pause}
    assert report.line() == {"paused": pause}
