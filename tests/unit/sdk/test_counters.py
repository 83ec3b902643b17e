"""Every record has its place in its thread's and in its run's counting, without a hole of the producer's making."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashstream.sdk.captures import RunContext
from dashstream.sdk.counters import Counters, Number


def run(thread: str) -> RunContext:
    return RunContext(run_id=f"run-{thread}", thread_id=thread)


def test_a_thread_counts_over_its_runs_and_each_run_counts_its_own() -> None:
    counters = Counters(7)
    one, two = run("t"), run("t")
    assert [counters.next(each) for each in (one, two, one)] == [Number(7, 1, 1), Number(7, 2, 1), Number(7, 3, 2)]


def test_a_forgotten_thread_counts_anew_in_a_newer_epoch() -> None:
    counters = Counters(7, max_threads=1)
    one, other = run("a"), run("b")
    counters.next(one)
    assert counters.next(other).epoch > 7
    again = counters.next(one)
    assert (again.sequence, again.run_sequence) == (1, 1)
    assert again.epoch > 7


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.integers(0, 60))
def test_numbers_that_are_taken_back_are_given_again(choices: list[int], keep: int) -> None:
    """Whatever suffix never left the process: what comes next continues what did leave it."""
    counters, runs = Counters(1), [run("a"), run("a"), run("b")]
    given_out = [(runs[choice], counters.next(runs[choice])) for choice in choices]
    for owner, number in given_out[keep:]:
        counters.take_back(owner, number)
    sent = given_out[:keep] + [(each, counters.next(each)) for each in runs]
    for thread in ("a", "b"):
        sequences = [number.sequence for owner, number in sent if owner.thread_id == thread]
        assert sequences == list(range(1, len(sequences) + 1))
    for each in runs:
        counts = [number.run_sequence for owner, number in sent if owner is each]
        assert counts == list(range(1, len(counts) + 1))
