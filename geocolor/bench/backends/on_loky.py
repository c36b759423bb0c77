"""Processes of this machine, by joblib's loky."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from geocolor.bench.backends.failures import worker_deaths

__all__ = ["spread_on_loky"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Times that an item may be in the hands of the workers when one of them dies.
_MOST_DEATHS = 3


def spread_on_loky(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """Do what :func:`geocolor.bench.backends.spread` says; one worker is this process itself."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    waiting = dict(enumerate(items))
    deaths: Counter[int] = Counter()
    while waiting:
        given: set[int] = set()

        def calls(given: set[int] = given) -> Iterator[object]:
            for index, item in list(waiting.items()):
                given.add(index)
                yield delayed(_call)(function, index, item)

        results = Parallel(
            n_jobs=workers,
            backend="loky",
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="n_jobs",
            initializer=_begin_worker,
        )(calls())
        try:
            for index, result in results:
                yield waiting.pop(index), result
        except BrokenProcessPool as error:
            # loky ends all workers when one dies, and does not say what it was running.
            deaths.update(given & waiting.keys())
            suspects = [waiting[index] for index, count in deaths.items() if count >= _MOST_DEATHS]
            if suspects:
                raise worker_deaths(suspects, error) from error
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib warns of results that nobody waits for
                results.close()
            get_reusable_executor(reuse=True).shutdown(kill_workers=True)


def _call(function: Callable[[Item], Result], index: int, item: Item) -> tuple[int, Result]:
    return index, function(item)


def _begin_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it even if it is killed."""
    # A handler, unlike SIG_IGN, is not handed on to the programs that the worker starts.
    signal.signal(signal.SIGINT, lambda *_: None)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    # An orphan has another parent at once, even while the dead one waits for its own to notice.
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
