"""The linear program over options, grown as needed, and the exact choice among few of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import SolverError
from geocolor.graph import SharingOptions
from geocolor.solvers.budgeted.bound import Steps
from geocolor.solvers.budgeted.size_rows import SizeRows
from geocolor.solvers.highs import highs, run

__all__ = ["Master", "choose"]

# Options that join the linear program at once.
_JOINING = 2_000
# What the dearest option costs in an integer program, whose tolerances are about a millionth.
_OBJECTIVE = 1e6
# An option this far below its prices, relative to all costs, would change the linear program.
_BELOW = 1e-11


class Master:
    """Fractions of options that hold every unit once, within the budget, at least cost.

    Parameters
    ----------
    options : SharingOptions
        To choose from.
    steps : Steps
        The same in integers.

    Attributes
    ----------
    units, size : ndarray of float64 and float
        Prices of units and of a step of size, in steps of cost; of the last solve.
    """

    def __init__(self, options: SharingOptions, steps: Steps) -> None:
        self._options, self._steps = options, steps
        count = len(options.units)
        self._scale = max(1.0, float(np.abs(steps.costs).max(initial=1)))
        self._weight = max(1.0, float(steps.sizes.max(initial=1)))
        self._solver = highs()
        empty = np.zeros(0)
        none = np.zeros(0, dtype=np.int32)
        starts = np.zeros(count + 1, dtype=np.int32)
        lower, upper = np.ones(count + 1), np.ones(count + 1)
        lower[count] = -np.inf
        self._solver.addRows(count + 1, lower, upper, 0, starts, none, empty)
        # A unit that no option known so far holds pays more than any choice could.
        dear = float(np.abs(steps.costs).sum()) / self._scale + 1.0
        self._solver.addCols(
            count,
            np.full(count, dear),
            np.zeros(count),
            np.full(count, np.inf),
            count,
            np.arange(count, dtype=np.int32),
            np.arange(count, dtype=np.int32),
            np.ones(count),
        )
        self._inside = np.zeros(len(options), dtype=np.bool_)
        self.units, self.size = np.zeros(count), 0.0

    def solve(self, budget: int, halt: Callable[[], bool]) -> bool:
        """Let options join until none is below its prices; False if `halt` came first."""
        count = len(self.units)
        self._solver.changeRowBounds(count, -np.inf, self._steps.room(budget) / self._weight)
        while not halt():
            found = run(self._solver, halt)
            if found == "Interrupt":
                return False
            if found != "Optimal":
                raise SolverError(f"HiGHS could not solve a linear program: {found}")
            dual = np.array(self._solver.getSolution().row_dual)
            self.units = dual[:count] * self._scale
            self.size = -dual[count] * self._scale / self._weight
            below = (
                self._options.membership @ self.units
                - self._steps.costs
                - self.size * self._steps.sizes
            )
            below[self._inside] = 0.0
            joining = np.flatnonzero(below > _BELOW * self._scale)
            if not len(joining):
                return True
            if len(joining) > _JOINING:
                joining = joining[np.argpartition(-below[joining], _JOINING)[:_JOINING]]
            self._join(joining)
        return False

    def _join(self, joining: NDArray[np.int64]) -> None:
        self._inside[joining] = True
        columns = self._options.membership[joining]
        lengths = np.diff(columns.indptr)
        starts = np.concatenate([[0], np.cumsum(lengths + 1)[:-1]])
        rows = np.empty(columns.nnz + len(joining), dtype=np.int32)
        values = np.ones(len(rows))
        ends = starts + lengths
        rows[ends] = len(self.units)
        values[ends] = self._steps.sizes[joining] / self._weight
        inner = np.ones(len(rows), dtype=np.bool_)
        inner[ends] = False
        rows[inner] = columns.indices
        self._solver.addCols(
            len(joining),
            self._steps.costs[joining] / self._scale,
            np.zeros(len(joining)),
            np.full(len(joining), np.inf),
            len(rows),
            starts.astype(np.int32),
            rows,
            values,
        )


def choose(
    options: SharingOptions,
    steps: Steps,
    among: NDArray[np.int64],
    budget: int,
    halt: Callable[[], bool],
    start: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64] | None, bool]:
    """Choose exactly among some options by HiGHS.

    Parameters
    ----------
    options, steps
        The options, and the same in integers.
    among : ndarray of int64
        Those to choose from.
    budget : int
        Parameters in all.
    halt : callable
        Asked every few milliseconds whether to stop.
    start : ndarray of int64, optional
        A choice to do better than; it saves half of the time and more.

    Returns
    -------
    chosen : ndarray of int64, or None
        The best choice found.
    finished : bool
        Whether no other of these options is better.

    Raises
    ------
    SolverError
        HiGHS failed.
    """
    # Late, as it takes a tenth of a second.
    from highspy import HighsSolution, HighsVarType

    if not len(among):  # HiGHS gives no answer to an empty model
        return None, True
    # The objective is far above the least that tolerances tell apart, whatever the costs are.
    scale = max(1.0, float(np.abs(steps.costs[among]).max(initial=1)) / _OBJECTIVE)
    count, room = len(options.units), steps.room(budget)
    cover = options.membership[among].T.tocsr()
    rows = SizeRows.of(steps.sizes[among], room)
    solver = highs(
        mip_rel_gap=0.0,
        mip_abs_gap=0.0,
        mip_feasibility_tolerance=1e-9,
        primal_feasibility_tolerance=1e-9,
    )
    numbers = np.arange(len(among), dtype=np.int32)
    solver.addVars(len(among), np.zeros(len(among)), np.ones(len(among)))
    solver.changeColsCost(len(among), numbers, steps.costs[among] / scale)
    solver.changeColsIntegrality(len(among), numbers, np.full(len(among), HighsVarType.kInteger))
    solver.addRows(
        count,
        np.ones(count),
        np.ones(count),
        cover.nnz,
        cover.indptr[:-1].astype(np.int32),
        cover.indices.astype(np.int32),
        cover.data.astype(np.float64),
    )
    rows.add_to(solver)
    if start is not None:
        known = HighsSolution()
        taken = np.isin(among, start)
        known.col_value = [*taken.astype(np.float64), *rows.carries(taken)]
        solver.setSolution(known)
    while True:
        found = run(solver, halt)
        if found == "Infeasible":
            return None, True
        if found not in ("Optimal", "Interrupt"):
            raise SolverError(f"HiGHS could not solve an integer program: {found}")
        values = np.array(solver.getSolution().col_value)[: len(among)]
        told = len(values) == len(among) and bool(np.isfinite(values).all())
        taken = values > 0.5 if told else np.zeros(len(among), dtype=np.bool_)
        chosen = among[taken]
        holds = bool((options.membership[chosen].sum(axis=0) == 1).all())
        if holds and int(steps.sizes[chosen].sum()) <= room:
            return chosen, found == "Optimal"
        if found == "Interrupt":
            return None, False
        # What tolerances let pass is no choice, and nothing follows from it: on without it.
        signs = np.where(taken, 1.0, -1.0)
        solver.addRow(-np.inf, float(taken.sum()) - 1, len(among), numbers, signs)
