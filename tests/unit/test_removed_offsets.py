"""What retention removed before the owner of its partition came to it is counted, if it was the owner's to examine."""

from __future__ import annotations

import pytest

from dashstream.engine.duty_limits import DutyLimits
from duty_rig import Rig, good


@pytest.mark.parametrize("commit_interval_s", [0, 60])
async def test_offsets_that_retention_removed_first_are_counted(commit_interval_s: float) -> None:
    rig = Rig(limits=DutyLimits(commit_interval_s=commit_interval_s))
    await rig.append(*[good()] * 3)
    await rig.settle()
    await rig.append(*[good()] * 5)
    rig.log.trim(0, 6)
    await rig.settle()
    assert rig.duties.walks[0].position == 8
    assert rig.metric("dashstream_duties_offsets_lost_total") == 3


async def test_offsets_that_were_removed_before_there_was_an_owner_are_not_lost() -> None:
    rig = Rig()
    await rig.append(*[good()] * 5)
    rig.log.trim(0, 3)
    await rig.settle()
    assert rig.duties.walks[0].position == 5
    assert rig.metric("dashstream_duties_offsets_lost_total") == 0
