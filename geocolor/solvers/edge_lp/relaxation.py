"""The edge relaxation as a linear program that grows by cuts."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import SolverError
from geocolor.solvers.edge_lp.cuts import Cuts
from geocolor.solvers.highs import highs, run

__all__ = ["EdgeRelaxation"]

# Seconds of the simplex method after which it is the turn of the other.
_LONG = 0.5
# Room that a cut leaves from which on it is slack.
_SLACK = 1e-2
# Solves that a cut may be slack in.
_PATIENCE = 6


class EdgeRelaxation:
    """Least cost over the pairs, each between apart (0) and together (1), within cuts.

    Solved by the simplex method, from the last basis, until that takes long. Then by the interior
    point method without a crossover: points amid an optimal face are cut off better than its
    corners, and the bound is computed from the multipliers, whatever they are. Once `sharpen` was
    called, corners are wanted for good.

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
    sharp : bool
        Whether corners are wanted for good.
    """

    def __init__(self, costs: NDArray[np.float64], pairs: NDArray[np.int64]) -> None:
        self._pairs = pairs
        self._columns = np.arange(len(costs), dtype=np.int32)
        self._solver = highs(solver="simplex")
        self._solver.addVars(len(costs), np.zeros(len(costs)), np.ones(len(costs)))
        self._solver.changeColsCost(len(costs), self._columns, costs)
        self.cuts = Cuts.none()
        self._slack = np.zeros(0, dtype=np.int64)
        self.multipliers = np.zeros(0)
        self.x = np.zeros(len(costs))
        self.sharp = False

    def sharpen(self) -> None:
        """Want corners from now on."""
        self.sharp = True
        self._solver.setOptionValue("run_crossover", "on")

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
        """Solve; False if `halt` came first, or nothing is feasible.

        Raises
        ------
        SolverError
            HiGHS failed.
        """
        started = time.monotonic()
        found = run(self._solver, halt)
        if not self.sharp and time.monotonic() - started > _LONG:
            self._solver.setOptionValue("solver", "ipm")
            self._solver.setOptionValue("run_crossover", "off")
        if found in ("Interrupt", "Infeasible"):
            return False
        if self.sharp:
            # There is a basis now to go on from.
            self._solver.setOptionValue("solver", "simplex")
        solution = self._solver.getSolution()
        x, dual = np.array(solution.col_value), np.array(solution.row_dual)
        # Unknown is what it says of a point that is not quite as near as wanted.
        whole = len(x) == len(self._columns) and len(dual) == len(self.cuts)
        if found not in ("Optimal", "Unknown") or not whole or not np.isfinite([*x, *dual]).all():
            raise SolverError(f"HiGHS could not solve a linear program: {found}")
        self.x = np.clip(x, 0.0, 1.0)
        # A row's dual says what more room would change, so it is not positive.
        self.multipliers = np.maximum(-dual, 0.0)
        slack = np.array(solution.row_value) < 1.0 - _SLACK
        self._slack = np.where(slack, self._slack + 1, 0)
        return True
