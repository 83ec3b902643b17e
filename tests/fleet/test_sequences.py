"""Loss, repetition, late arrival and a producer's new begin are four things, also inside batches of several threads."""

from __future__ import annotations

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.proto_codec import encode
from duty_rig import good
from fleet.fleet import Fleet, FleetGateway, Series, following


def batch(*events: tuple[str, int]) -> bytes:
    """Return a batch of events, each of a thread and with a sequence."""
    headers = [
        pb.Header(thread_id=thread, sequence=sequence, producer_id="p", producer_epoch=1) for thread, sequence in events
    ]
    events_of_batch = [pb.Event(header=header) for header in headers]
    return encode(pb.DashStreamMessage(event_batch=pb.EventBatch(header=headers[0], events=events_of_batch)))


def findings(seen: Series) -> dict[str, int]:
    return seen.by("dashstream_sequences_judged_total", "finding")


async def passed(gateway: FleetGateway, count: int) -> Series:
    return await gateway.until_outcomes(ok=count)


async def test_a_gap_a_repetition_a_late_record_and_a_restart(fleet: Fleet) -> None:
    gateway = await fleet.gateway()
    await fleet.produce(0, *(good("t", sequence) for sequence in range(41, 51)))
    seen = await passed(gateway, 10)
    assert findings(seen) == {"in_order": 10}, "where a thread is first seen nothing is known to be missing"
    await fleet.produce(0, good("t", 53))
    assert findings(seen := await passed(gateway, 11)) == {"in_order": 10, "gap": 1}
    assert seen["dashstream_sequences_missing_total"] == 2
    await fleet.produce(0, good("t", 50), good("t", 49))
    assert findings(await passed(gateway, 13)) == {"in_order": 10, "gap": 1, "duplicate": 2}
    await fleet.produce(0, good("t", 51))
    assert findings(await passed(gateway, 14)) == {"in_order": 10, "gap": 1, "duplicate": 2, "reordered": 1}
    await fleet.produce(0, good("t", 1, epoch=2), good("t", 2, epoch=2), good("t", 0))
    seen = await passed(gateway, 17)
    assert findings(seen) == {
        "in_order": 12,
        "gap": 1,
        "duplicate": 2,
        "reordered": 1,
        "restart": 1,
        "unsequenced": 1,
    }
    assert seen["dashstream_sequences_missing_total"] == 2
    await gateway.until_health()


async def test_a_batch_of_several_threads_is_followed_for_each_of_them_and_delivered_once(fleet: Fleet) -> None:
    gateway = await fleet.gateway()
    await fleet.produce(1, batch(("a", 1), ("b", 1), ("a", 2)), batch(("b", 2), ("b", 3)), batch(("a", 3), ("b", 4)))
    seen = await passed(gateway, 3)
    assert findings(seen) == {"in_order": 7}
    assert seen["dashstream_batches_mixed_total"] == 2
    await fleet.produce(1, batch(("a", 5), ("b", 5)))
    seen = await passed(gateway, 4)
    assert findings(seen) == {"in_order": 8, "gap": 1}
    assert seen["dashstream_sequences_missing_total"] == 1
    async with following(gateway) as journal:
        await fleet.produce(2, good())
        await journal.until(lambda kept: 2 in kept.offsets)
        assert journal.offsets == {1: [0, 1, 2, 3], 2: [0]}
