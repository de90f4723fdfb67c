"""Work of a run is started together and handed out part by part."""

from __future__ import annotations

import threading

import pytest

from integration_monitor.prefetch import AT_FIRST, Prefetcher


def test_all_parts_start_with_the_first_one_asked_for() -> None:
    together = threading.Barrier(3, timeout=10)
    work = {name: lambda: together.wait() >= 0 for name in "abc"}
    prefetcher: Prefetcher[bool] = Prefetcher()
    assert all(prefetcher.take("run", name, work) for name in "abc")


def test_a_part_that_hangs_delays_only_who_asks_for_it() -> None:
    released = threading.Event()
    prefetcher: Prefetcher[bool] = Prefetcher()
    work = {"slow": lambda: released.wait(10), "quick": lambda: True}
    assert prefetcher.take("run", "quick", work)
    released.set()
    assert prefetcher.take("run", "slow", work)


def test_an_exception_concerns_its_own_part() -> None:
    def broken() -> int:
        raise ValueError("mine")

    prefetcher: Prefetcher[int] = Prefetcher()
    work = {"broken": broken, "fine": lambda: 1}
    assert prefetcher.take("run", "fine", work) == 1
    with pytest.raises(ValueError, match="mine"):
        prefetcher.take("run", "broken", work)


def test_a_part_asked_for_again_is_done_again_and_alone() -> None:
    done: list[str] = []
    lock = threading.Lock()

    def part(name: str) -> int:
        with lock:
            done.append(name)
            return done.count(name)

    work = {"a": lambda: part("a"), "b": lambda: part("b")}
    prefetcher: Prefetcher[int] = Prefetcher()
    assert [prefetcher.take("run", name, work) for name in ("a", "b", "a")] == [1, 1, 2]
    assert sorted(done) == ["a", "a", "b"]


def test_what_is_ready_before_it_is_asked_for_is_done_by_two_threads() -> None:
    threads: set[int] = set()
    finished = threading.Semaphore(0)

    def part() -> bool:
        threads.add(threading.get_ident())
        finished.release()
        return True

    work = {str(number): part for number in range(20)}
    prefetcher: Prefetcher[bool] = Prefetcher()
    for name in work:
        prefetcher.take("run", name, work)
        for _ in range(20 if name == "0" else 0):
            assert finished.acquire(timeout=10)
    assert len(threads) <= AT_FIRST


def test_no_more_at_once_than_allowed() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def part() -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        return True

    work = {str(number): part for number in range(12)}
    prefetcher: Prefetcher[bool] = Prefetcher(at_once=3)
    assert all(prefetcher.take("run", name, work) for name in work)
    assert most <= 3


def test_runs_do_not_share_results() -> None:
    prefetcher: Prefetcher[str] = Prefetcher()
    assert prefetcher.take("first", "a", {"a": lambda: "first"}) == "first"
    assert prefetcher.take("second", "a", {"a": lambda: "second"}) == "second"
