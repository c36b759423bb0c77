"""Of all groups asked about, those that hold every node once at least cost: by HiGHS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import SolverError
from geocolor.solvers.highs import highs, run
from geocolor.solvers.oracle.values import Group

__all__ = ["cheapest_partition"]

# What the dearest group costs in the programs, whose tolerances are about a millionth.
_OBJECTIVE = 1e6
# Savings below this share of the cost are not looked for.
_GAP = 1e-7
# Groups of the integer program at most: those nearest to their prices.
_MOST = 20_000


def cheapest_partition(
    costs: Mapping[Group, float], start: Sequence[Group], most: int, halt: Callable[[], bool]
) -> list[Group] | None:
    """Choose groups that hold every node once.

    The linear program over all of them prices the nodes; only groups that are above their prices by
    less than its gap to `start` can be part of anything better, and HiGHS chooses among these.

    Parameters
    ----------
    costs : mapping of Group to float
        To choose from; `start` is among them.
    start : sequence of Group
        A partition to do better than.
    most : int
        Groups at most.
    halt : callable
        Asked every few milliseconds whether to stop.

    Returns
    -------
    list of Group, or None
        A cheaper partition; None if there is none, or time was up.

    Raises
    ------
    SolverError
        HiGHS failed.
    """
    groups = list(costs)
    values = np.array([costs[group] for group in groups])
    scale = max(float(np.abs(values).max()) / _OBJECTIVE, 1e-300)
    limit = sum(costs[group] for group in start)
    nodes = sum(len(group) for group in start)
    program = _program(groups, values / scale, nodes, most)
    if run(program, halt) != "Optimal":
        return None
    prices = np.array(program.getSolution().row_dual) * scale
    bound = program.getInfo().objective_function_value * scale
    above = values - np.array([prices[list(group)].sum() + prices[nodes] for group in groups])
    gap = limit - bound
    if gap <= _GAP * abs(limit):
        return None
    near = np.argsort(above, kind="stable")[:_MOST]
    near = near[above[near] <= gap]
    held = set(start)
    kept = [*start, *(groups[at] for at in near.tolist() if groups[at] not in held)]
    found = _chosen(kept, np.array([costs[g] for g in kept]) / scale, nodes, most, held, halt)
    if found is None or sum(costs[group] for group in found) >= limit - _GAP * abs(limit):
        return None
    return sorted(found)


def _program(groups: Sequence[Group], costs: NDArray[np.float64], nodes: int, most: int) -> Any:
    """Each node in one group, and no more than `most` groups, as a linear program."""
    lengths = np.array([len(group) for group in groups], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    member = np.fromiter((node for group in groups for node in group), np.int32, int(starts[-1]))
    count = len(groups)
    solver = highs()
    lower, upper = np.append(np.ones(nodes), 0.0), np.append(np.ones(nodes), float(most))
    none = np.zeros(0, dtype=np.int32)
    empty = np.zeros(nodes + 1, dtype=np.int32)
    solver.addRows(nodes + 1, lower, upper, 0, empty, none, np.zeros(0))
    rows = np.insert(member, starts[1:], nodes).astype(np.int32)
    solver.addCols(
        count,
        costs,
        np.zeros(count),
        np.full(count, np.inf),
        len(rows),
        (starts[:-1] + np.arange(count)).astype(np.int32),
        rows,
        np.ones(len(rows)),
    )
    return solver


def _chosen(
    groups: Sequence[Group],
    costs: NDArray[np.float64],
    nodes: int,
    most: int,
    start: set[Group],
    halt: Callable[[], bool],
) -> list[Group] | None:
    # Late, as it takes a tenth of a second.
    from highspy import HighsSolution, HighsVarType

    solver = _program(groups, costs, nodes, most)
    numbers = np.arange(len(groups), dtype=np.int32)
    whole = np.full(len(groups), HighsVarType.kInteger)
    solver.changeColsIntegrality(len(groups), numbers, whole)
    solver.setOptionValue("mip_rel_gap", _GAP)
    known = HighsSolution()
    known.col_value = [float(group in start) for group in groups]
    solver.setSolution(known)
    found = run(solver, halt)
    if found not in ("Optimal", "Interrupt"):
        raise SolverError(f"HiGHS could not solve an integer program: {found}")
    taken = np.array(solver.getSolution().col_value)
    if len(taken) != len(groups) or not np.isfinite(taken).all():
        return None
    chosen = [groups[at] for at in np.flatnonzero(taken > 0.5).tolist()]
    # What tolerances let pass is no choice.
    inside = sorted(node for group in chosen for node in group)
    return chosen if inside == list(range(nodes)) and len(chosen) <= most else None
