"""HiGHS on a thread of its own, so that limits and Ctrl-C hold while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["highs", "run"]

# Seconds between two looks at the clock.
_LOOK = 0.05


def highs(**options: Any) -> Any:
    """Make a silent solver with one thread; options by HiGHS's names."""
    # Late, as it takes a tenth of a second.
    import highspy

    solver = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, **options}.items():
        solver.setOptionValue(name, value)
    return solver


def run(solver: Any, halt: Callable[[], bool]) -> str:
    """Solve, unless `halt` comes first.

    Parameters
    ----------
    solver : highspy.Highs
        With a model.
    halt : callable
        Asked every few milliseconds whether to stop.

    Returns
    -------
    str
        The model's status by HiGHS's name without its k: Optimal, Infeasible, Interrupt, Unknown.

    Raises
    ------
    MemoryError
        HiGHS found none.
    """
    # Not by solver.startSolve(): its locks are the class's, for one solve in the whole process.
    called_off = threading.Event()

    def ask(event: Any) -> None:
        if called_off.is_set():
            event.interrupt()

    places = (solver.cbSimplexInterrupt, solver.cbIpmInterrupt, solver.cbMipInterrupt)
    for place in places:
        place.subscribe(ask)
    errors: list[BaseException] = []

    def solve() -> None:
        try:
            solver.solve()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=solve, name="highs", daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            if halt():
                called_off.set()
            thread.join(_LOOK)
    finally:
        called_off.set()
        thread.join()
        for place in places:
            place.unsubscribe(ask)
    if errors:
        raise errors[0]
    status = str(solver.getModelStatus().name).removeprefix("k")
    if status == "MemoryLimit":
        raise MemoryError("HiGHS has none")
    return status
