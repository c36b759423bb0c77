"""HiGHS on a thread of its own, so that limits and Ctrl-C hold while it runs."""

from __future__ import annotations

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
    solver.HandleUserInterrupt = True
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
    """
    thread = solver.startSolve()
    try:
        while not solver.wait(_LOOK)[0]:
            if halt():
                solver.cancelSolve()
    finally:
        solver.cancelSolve()
        thread.join()
    return str(solver.getModelStatus().name).removeprefix("k")
