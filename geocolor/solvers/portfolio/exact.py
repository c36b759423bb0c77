"""Bounds and proofs for one graph, the cheap ones first."""

from __future__ import annotations

import time

from geocolor.bounds import Clique, mycielskian_bound
from geocolor.problem import ColoringProblem
from geocolor.solvers.result import StopReason
from geocolor.solvers.sat.solver import prove_by_sat
from geocolor.solvers.search import Outcome, Search

__all__ = ["Proof"]

# Bitset words for the Mycielskian bound: half a second.
_MYCIELSKIAN_WORK = 300_000_000
# Colors between incumbent and bound up to which a proof may still come.
_NEAR = 4
# The turn of a method that has not proven to be the right one yet.
_SHARE, _SECONDS = 0.25, 20.0


class Proof:
    """Methods that raise the bound, and may find the last colors as well.

    Parameters
    ----------
    problem : ColoringProblem
        The question.
    search : Search
        Where incumbents and bounds go; others may report there meanwhile.
    clique : Clique
        A clique of the conflicts, no larger than the classes allowed.
    until : float
        ``time.monotonic()`` at which to stop.
    """

    def __init__(
        self, problem: ColoringProblem, search: Search, clique: Clique, until: float
    ) -> None:
        self._problem = problem
        self._search = search
        self._clique = clique
        self._until = min(until, search.deadline)
        self._told: list[str] = []

    def run(self) -> Outcome:
        """Go through the methods until one settles it, the time is up, or there is no hope."""
        for method in (self._mycielskian, self._satisfiability):
            if self._over():
                break
            outcome = method()
            if outcome.infeasible:
                return Outcome(StopReason.COMPLETED, True, self._message(outcome.message))
            if outcome.message:
                self._told.append(outcome.message)
        return Outcome(StopReason.COMPLETED, message=self._message())

    def _message(self, *more: str) -> str:
        return "; ".join([*self._told, *more])

    def _over(self) -> bool:
        late = time.monotonic() >= self._until
        return late or self._search.answered() or self._search.out_of_time()

    def _gap(self) -> int:
        """Colors between incumbent and bound."""
        found = self._search.objective
        most = self._problem.max_colors if found is None else int(found)
        return most - int(self._search.lower_bound or 0)

    def _mycielskian(self) -> Outcome:
        """Raise the clique's bound by generalised Mycielskians."""
        search, most = self._search, self._problem.max_colors
        found = mycielskian_bound(
            self._problem.graph.conflicts,
            self._clique,
            seed=search.seed,
            max_work=_MYCIELSKIAN_WORK,
            deadline=self._until,
            enough=1 + most if search.objective is None else int(search.objective),
        )
        if found.bound > most and search.objective is None:
            return Outcome(
                StopReason.COMPLETED,
                infeasible=True,
                message=f"{most} classes cannot do: a Mycielskian inside needs {found.bound}",
            )
        search.raise_lower_bound(found.bound)
        told = f"a Mycielskian inside needs {found.bound}" if found.levels else ""
        return Outcome(StopReason.COMPLETED, message=told)

    def _satisfiability(self) -> Outcome:
        """Ask CaDiCaL, for a while or, near the end, for good."""
        until = self._until
        if self._gap() > _NEAR:
            until = min(until, time.monotonic() + min(_SECONDS, _SHARE * self._search.remaining()))
        return prove_by_sat(self._problem, self._search, self._clique, until=until)
