"""Never more than so many units within any minute, for each by itself; cheap, and of bounded size."""

import threading
import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web import throttle
from service.web.throttle import Throttle


@dataclass
class Clock:
    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_what_is_left_is_spent_and_then_it_is_said_how_long_to_wait() -> None:
    clock = Clock()
    some = Throttle(10, clock)
    assert [some.spend("a", 4) for _ in range(2)] == [0, 0]
    clock.at += 20
    assert some.spend("a", 2) == 0
    assert some.spend("a") == 40
    assert some.spend("b") == 0
    clock.at += 39.5
    assert some.spend("a") == 1
    clock.at += 0.5
    assert some.spend("a", 8) == 0
    assert some.spend("a") == 20


def test_what_costs_more_than_there_ever_is_can_be_had_once_in_a_window() -> None:
    some = Throttle(3, Clock())
    assert some.spend("a", 4) == 0
    assert some.spend("a", 1) == 60


def test_where_nothing_may_be_spent_nothing_is() -> None:
    assert Throttle(0, Clock()).spend("a", 1) == 60


steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 1.0, 10.0, 59.9, 60.0, 61.0]), st.integers(1, 6)), max_size=60
)


@given(steps)
def test_in_no_minute_more_is_spent_and_whoever_waits_as_told_gets_further(
    asked: list[tuple[float, int]],
) -> None:
    clock, spent = Clock(), list[tuple[float, int]]()
    some = Throttle(10, clock)
    for later, cost in asked:
        clock.at += later
        wait = some.spend("a", cost)
        within = sum(units for at, units in spent if at > clock.at - 60)
        assert bool(wait) is (within + cost > 10)
        if wait:
            clock.at += wait
            oldest_gone = sum(units for at, units in spent if at > clock.at - 60)
            assert oldest_gone < within
        else:
            spent.append((clock.at, cost))


def test_threads_together_spend_no_more() -> None:
    some = Throttle(1_000, Clock())
    got: list[int] = []

    def ask() -> None:
        got.extend(some.spend("a") for _ in range(400))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(0) == 1_000


def test_however_many_there_are_it_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KNOWN", 100)
    clock = Clock()
    some = Throttle(1, clock)
    for number in range(100):
        some.spend(f"old {number}")
    clock.at += 61
    some.spend("kept")
    for number in range(99):
        some.spend(f"new {number}")
    assert some.spend("kept") > 0  # the old ones went, this one stayed
    for number in range(1_000):
        some.spend(f"many {number}")
    assert len(some._known) <= 100


def test_it_costs_no_time_worth_speaking_of() -> None:
    some = Throttle(5_000)
    best = min(_microseconds_each(some) for _ in range(5))
    assert best < 50


def _microseconds_each(some: Throttle) -> float:
    begun = time.perf_counter()
    for number in range(2_000):
        some.spend(f"key {number % 7}")
    return (time.perf_counter() - begun) / 2_000 * 1e6
