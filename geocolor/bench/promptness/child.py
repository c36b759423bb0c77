"""The process that is timed and interrupted: solves, asked for in JSON lines."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from functools import lru_cache
from typing import Any, Self

from geocolor.bench.instances import problem_of
from geocolor.bench.promptness.questions import Question, start_of
from geocolor.bench.trial import Instance
from geocolor.interrupts import held_back
from geocolor.problem import Coloring, Problem
from geocolor.solvers import SOLVERS, TracePoint, solve
from geocolor.solvers.aside import THREAD
from geocolor.solvers.rehearsal import rehearse

__all__ = ["main"]

# Seconds that a solve left behind by Ctrl-C may still take before the next one begins.
_MOST_LEFT_BEHIND = 30.0


class _Moment:
    """A moment in a solve: the clocks then, and Ctrl-C if it is asked for.

    Parameters
    ----------
    after : float
        Seconds until then.
    interrupt : bool
        Whether Ctrl-C is sent.

    Attributes
    ----------
    at : float
        ``time.monotonic()`` then.
    cpu : float or None
        Processor seconds of this process then; None if it did not come to it.
    best : float or None
        Objective that was reached by then.
    """

    def __init__(self, after: float, *, interrupt: bool) -> None:
        self.at = time.monotonic() + after
        self.cpu: float | None = None
        self.best: float | None = None
        self._reached: float | None = None
        self._interrupt = interrupt
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def note(self, point: TracePoint, _: Coloring | None) -> None:
        """Keep the objective reached."""
        self._reached = point.objective

    def _wait(self) -> None:
        if self._over.wait(max(0.0, self.at - time.monotonic())):
            return
        self.best, self.cpu = self._reached, time.process_time()
        if self._interrupt:
            self.at = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)


def _run(problem: Problem, asked: dict[str, Any]) -> dict[str, Any]:
    """Solve up to the limit, or until Ctrl-C comes."""
    _settle()
    interrupt = asked["interrupt"]
    # Ctrl-C may come at any time, so that there must be something to lose from the beginning.
    initial = None if interrupt is None else start_of(problem)
    with held_back() as held:
        began = time.monotonic()
        after = asked["limit"] if interrupt is None else interrupt
        with _Moment(after, interrupt=interrupt is not None) as moment:
            result = solve(
                problem,
                asked["solver"],
                time_limit=asked["limit"],
                workers=asked["threads"],
                initial=initial,
                on_progress=moment.note,
            )
            wall, cpu = time.monotonic(), time.process_time()
        held.came = False  # as the solve was over
    worse = moment.best is not None and (result.objective is None or result.objective > moment.best)
    return {
        "reason": result.stop_reason.value,
        "kept": result.coloring is not None and not worse,
        "took": wall - began,
        "wall": wall - moment.at,
        "cpu": 0.0 if moment.cpu is None else cpu - moment.cpu,
    }


def _settle() -> None:
    """Wait for solves that were left behind."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(_MOST_LEFT_BEHIND)


def main() -> None:
    """Answer requests until there are none.

    A request has a ``solver``, a ``question`` or an ``instance``, the number of ``threads``, a
    ``limit`` and an ``interrupt``, both in seconds from the call; ``interrupt`` may be null.
    """
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    made = lru_cache(1)(Question.make)
    ready = lru_cache(None)(rehearse)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if asked["instance"] is None:
                problem = made(Question(**asked["question"]))
            else:
                problem = problem_of(Instance.from_json(asked["instance"]))
            if asked["solver"] in SOLVERS:
                ready(asked["solver"], problem.kind)
            answer = _run(problem, asked)
        except Exception as error:  # other people's solvers fail in any way
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
