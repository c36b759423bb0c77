"""The edge relaxation as a linear program that grows by cuts, solved again from where it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import SolverError
from geocolor.solvers.edge_lp.cuts import Cuts

__all__ = ["EdgeRelaxation"]

# Seconds of HiGHS between two looks at the clock.
_SLICE = 0.5
# Solves that a cut may be slack in.
_PATIENCE = 6


class EdgeRelaxation:
    """Least cost over the pairs, each between apart (0) and together (1), within cuts.

    Parameters
    ----------
    costs : ndarray of float64, shape (pairs,)
        What each pair costs together.
    pairs : ndarray of int64, shape (n, n)
        Column of each pair.

    Attributes
    ----------
    cuts : Cuts
        The rows.
    multipliers : ndarray of float64, shape (cuts,)
        Of the last solve; not negative.
    x : ndarray of float64, shape (pairs,)
        Of the last solve.
    value : float
        Of the last solve.
    """

    def __init__(self, costs: NDArray[np.float64], pairs: NDArray[np.int64]) -> None:
        # Late, as most solves do without.
        import highspy

        self._status = highspy.HighsModelStatus
        self._pairs = pairs
        self._columns = np.arange(len(costs), dtype=np.int32)
        self._solver = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("simplex_strategy", 1)):
            self._solver.setOptionValue(name, value)
        self._solver.addVars(len(costs), np.zeros(len(costs)), np.ones(len(costs)))
        self._solver.changeColsCost(len(costs), self._columns, costs)
        self.cuts = Cuts.none()
        self._slack = np.zeros(0, dtype=np.int64)
        self.multipliers = np.zeros(0)
        self.x = np.zeros(len(costs))
        self.value = -np.inf

    def fix(self, together: NDArray[np.bool_], apart: NDArray[np.bool_]) -> None:
        """Give the answer for some pairs, and leave all others open."""
        self._solver.changeColsBounds(
            len(self._columns),
            self._columns,
            together.astype(np.float64),
            1.0 - apart.astype(np.float64),
        )

    def add(self, cuts: Cuts) -> None:
        """Add rows."""
        rows = cuts.rows(self._pairs)
        self._solver.addRows(
            len(cuts),
            np.full(len(cuts), -np.inf),
            np.ones(len(cuts)),
            rows.nnz,
            rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32),
            rows.data.astype(np.float64),
        )
        self.cuts = self.cuts.together(cuts)
        self._slack = np.append(self._slack, np.zeros(len(cuts), dtype=np.int64))

    def drop_slack(self) -> None:
        """Take out cuts that have not mattered for several solves."""
        old = np.flatnonzero(self._slack > _PATIENCE)
        if len(old) < len(self.cuts) // 10:
            return
        self._solver.deleteRows(len(old), old.astype(np.int32))
        kept = np.flatnonzero(self._slack <= _PATIENCE)
        self.cuts = self.cuts.chosen(kept)
        self._slack, self.multipliers = self._slack[kept], self.multipliers[kept]

    def solve(self, halt: Callable[[], bool]) -> bool:
        """Solve from the last basis; False if `halt` came first, or nothing is feasible.

        Raises
        ------
        SolverError
            HiGHS failed.
        """
        solver, status = self._solver, self._status
        while True:
            solver.setOptionValue("time_limit", solver.getRunTime() + _SLICE)
            solver.run()
            found = solver.getModelStatus()
            if found == status.kOptimal:
                break
            if found == status.kInfeasible:
                return False
            if found != status.kTimeLimit:
                raise SolverError(f"HiGHS could not solve a linear program: {found}")
            if halt():
                return False
        solution = solver.getSolution()
        self.x = np.array(solution.col_value)
        # A row's dual says what more room would change, so it is not positive.
        self.multipliers = np.maximum(-np.array(solution.row_dual), 0.0)
        self._slack = np.where(self.multipliers > 0, 0, self._slack + 1)
        self.value = solver.getInfo().objective_function_value
        return True
