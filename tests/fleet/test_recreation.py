"""The topic is deleted and made anew under a gateway that runs: all it has is new, and everybody is told."""

from __future__ import annotations

import asyncio

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from dashstream.engine.commits import Commit
from duty_rig import bad, good
from fleet.fleet import DEADLINE_S, Fleet, following
from run_builder import RunBuilder


async def test_all_of_a_topic_made_anew_under_a_running_gateway_is_new(fleet: Fleet) -> None:
    run = RunBuilder()
    run.start({"count": 0})
    await fleet.produce(0, *run.records, bad("frame"))
    length = len(run.records) + 1
    gateway = await fleet.gateway()
    await gateway.until_outcomes(ok=length - 1, old_error=1)
    await fleet.until_committed(length, 0, 0)
    before = await gateway.get("/api/v1/version")
    assert (await gateway.metrics())["dashstream_log_recreated_total"] == 0
    assert [each["run_id"] for each in (await gateway.get("/api/v1/runs"))["runs"]] == [run.run_id]
    async with following(gateway) as journal:
        await journal.until(lambda kept: kept.offsets == {0: list(range(length))})
        await asyncio.to_thread(fleet.records.recreate, 3)
        await fleet.produce(0, good(), good(), good(), bad("decode"))
        seen = await gateway.until_outcomes(ok=3, new_error=1)
        assert seen["dashstream_log_recreated_total"] == 1
        assert seen.catching_up == {"0": 0, "1": 0, "2": 0}
        await journal.until(lambda kept: kept.offsets[0] == [*range(length), *range(4)])
        assert {(gap.partition, gap.start, gap.reason) for gap in journal.missing if gap.start} == {
            (0, length, "epoch_changed")
        }
    after = await gateway.get("/api/v1/version")
    assert before["epoch"] != after["epoch"]
    assert before["instance"] == after["instance"]
    (said,) = gateway.events("the log was made anew; starting again")
    assert said["epoch"] == before["epoch"]
    runs = {each["run_id"] for each in (await gateway.get("/api/v1/runs"))["runs"]}
    assert run.run_id not in runs, "the index is of the new log"
    (letter,) = await fleet.until_letters((0, 3))
    assert letter.place == (after["epoch"], 0, 3)
    await fleet.until_committed(4, 0, 0)
    await gateway.until_health()


async def test_a_gateway_waits_for_a_topic_that_is_gone(fleet: Fleet) -> None:
    gateway = await fleet.gateway()
    await gateway.until_metrics(lambda seen: len(seen.catching_up) == 3, "all partitions are owned")
    await asyncio.to_thread(fleet.records.delete)
    await gateway.until_event("cannot start again yet")
    await asyncio.to_thread(fleet.records.create, 3)
    await fleet.produce(2, bad("frame"))
    seen = await gateway.until_outcomes(new_error=1)
    assert seen["dashstream_log_recreated_total"] == 1
    await asyncio.to_thread(fleet.records.delete)
    await gateway.until_event("the log was made anew; starting again", 2)
    await gateway.stop()


async def test_a_commit_of_an_earlier_topic_means_nothing(fleet: Fleet) -> None:
    """Nobody was there while the topic was made anew; its group still has a position of the old one."""
    await fleet.produce(1, good(), good(), good(), bad("frame"))
    place = TopicPartition(fleet.records.name, 1, 900, metadata=Commit(900, 700, "another epoch").metadata)
    wanted = [ConsumerGroupTopicPartitions(fleet.records.name, [place])]
    (altered,) = fleet.records.broker.admin.alter_consumer_group_offsets(wanted).values()
    altered.result(DEADLINE_S)
    gateway = await fleet.gateway()
    seen = await gateway.until_outcomes(ok=3, new_error=1)
    assert seen['dashstream_partition_head{partition="1"}'] == 0
    await fleet.until_letters((1, 3))
    await fleet.until_committed(0, 4, 0)
