"""Ctrl-C is held back where it would do harm, and never lost."""

import signal
import threading

import pytest

from geocolor.interrupts import held_back


def test_an_interrupt_waits_for_the_end_of_the_block() -> None:
    done = []

    def block() -> None:
        with held_back() as held:
            signal.raise_signal(signal.SIGINT)
            done.append(held.came)

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == [True]


def test_the_outermost_block_raises() -> None:
    done = []

    def blocks() -> None:
        with held_back():
            with held_back():
                signal.raise_signal(signal.SIGINT)
            done.append("inner")

    with pytest.raises(KeyboardInterrupt):
        blocks()
    assert done == ["inner"]


def test_who_deals_with_it_has_none_raised() -> None:
    with held_back() as outer:
        with held_back() as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner.came
            inner.came = False
        assert not outer.came


def test_an_error_of_the_block_comes_first() -> None:
    def block() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("the block's")

    with pytest.raises(ValueError, match="the block's"):
        block()


def test_handlers_are_called_at_once_and_put_back() -> None:
    called: list[int] = []

    def handler(number: int, frame: object) -> None:
        called.append(number)

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with held_back() as held:
            signal.raise_signal(signal.SIGTERM)
            assert called == [signal.SIGTERM]
        assert not held.came  # theirs did not raise
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back() as held:
            signal.raise_signal(signal.SIGINT)
        assert not held.came
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_hold_nothing_back() -> None:
    seen = []

    def work() -> None:
        with held_back() as held:
            seen.append((held.came, signal.getsignal(signal.SIGINT)))

    usual = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, usual)]
