"""Own tasks run again after a failure, and say so for as long as they are failing."""

from __future__ import annotations

import asyncio

from dashstream.adapters.prometheus import PrometheusMetrics
from dashstream.engine.backoff import BackoffLimits
from dashstream.engine.supervisor import HEALTHY_AFTER_S, Supervisor
from duty_rig import FakeClock


async def test_a_failure_is_told_until_the_task_has_run_for_a_while() -> None:
    clock, metrics = FakeClock(), PrometheusMetrics()
    supervisor = Supervisor(clock, metrics, ("job",), BackoffLimits(first_s=0, longest_s=0))
    starts: asyncio.Queue[int] = asyncio.Queue()
    attempts = 0

    async def job() -> None:
        nonlocal attempts
        attempts += 1
        starts.put_nowait(attempts)
        if attempts < 3:
            raise RuntimeError("broken")
        await asyncio.Event().wait()

    supervisor.start("job", job)
    async with asyncio.timeout(5):
        while await starts.get() < 3:
            pass
    (failure,) = supervisor.failures
    assert (failure.name, failure.attempts) == ("job", 2)
    assert "broken" in failure.error
    clock.pass_(HEALTHY_AFTER_S - 1)
    assert supervisor.failures
    clock.pass_(1)
    assert supervisor.failures == []
    assert 'dashstream_tasks_restarted_total{task="job"} 2.0' in metrics.render().decode()
    await supervisor.stop()


async def test_a_job_that_is_done_is_not_failing() -> None:
    supervisor = Supervisor(FakeClock(), PrometheusMetrics(), ("job",))
    done = asyncio.Event()

    async def job() -> None:
        done.set()

    supervisor.start("job", job)
    await done.wait()
    await supervisor.stop()
    assert supervisor.failures == []


async def test_a_task_that_got_on_is_not_failing_any_more() -> None:
    supervisor = Supervisor(FakeClock(), PrometheusMetrics(), ("job",), BackoffLimits(first_s=0, longest_s=0))
    running = asyncio.Event()
    attempts = 0

    async def job() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise RuntimeError("broken")
        running.set()
        await asyncio.Event().wait()

    supervisor.start("job", job)
    await running.wait()
    assert [failure.name for failure in supervisor.failures] == ["job"]
    supervisor.note_progress("job")
    assert supervisor.failures == []
    await supervisor.stop()


async def test_the_error_that_no_restart_can_mend_is_there_to_be_waited_for() -> None:
    supervisor = Supervisor(FakeClock(), PrometheusMetrics(), ("job",), ends=KeyError)

    async def job() -> None:
        raise KeyError("over")

    supervisor.start("job", job)
    async with asyncio.timeout(5):
        assert isinstance(await supervisor.ended(), KeyError)
    await supervisor.stop()
