"""The BLAS gets one thread inside, and its own back outside, however contexts meet."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from geocolor.blas import one_blas_thread


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def _three() -> None:
    with threadpool_limits(3, user_api="blas"):
        yield


@pytest.mark.usefixtures("_three")
def test_one_inside_and_all_outside() -> None:
    with one_blas_thread():
        assert threads() == {1}
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {3}


@pytest.mark.usefixtures("_three")
def test_an_error_gives_them_back() -> None:
    with pytest.raises(ValueError, match="inside"), one_blas_thread():
        raise ValueError("inside")
    assert threads() == {3}


@pytest.mark.usefixtures("_three")
def test_a_decorated_function_may_call_itself() -> None:
    @one_blas_thread()
    def down(count: int) -> set[int]:
        return down(count - 1) if count else threads()

    assert down(3) == {1}
    assert threads() == {3}


def test_threads_that_overlap_leave_it_as_it_was() -> None:
    before = threads()
    started = threading.Barrier(4)

    def often() -> None:
        started.wait()
        for _ in range(300):
            with one_blas_thread():
                pass

    crowd = [threading.Thread(target=often) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert threads() == before


def test_who_comes_second_may_leave_last() -> None:
    before = threads()
    entered, leave = threading.Event(), threading.Event()

    def second() -> None:
        with one_blas_thread():
            entered.set()
            leave.wait(60)

    other = threading.Thread(target=second)
    with one_blas_thread():
        other.start()
        assert entered.wait(60)
    leave.set()
    other.join()
    assert threads() == before
    with one_blas_thread():
        assert threads() == {1}
