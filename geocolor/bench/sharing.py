"""Budgeted sharing on saved options: ours, and CP-SAT and HiGHS with all options at once.

``instances/sharing`` has the options of real models, with a manifest::

    {"format": "geocolor.sharing-instances", "version": 1, "instances": [
      {"file": "minilm_keep0.6.json.gz", "generator": "geocolor graph ...", "units": 36,
       "options": 23792, "groups": 90, "sha256": "...", "fingerprint": "...",
       "known": [{"keep": 0.6, "budget": 6370099, "value": 1.4685, "proven": true,
                  "by": "cpsat, highs, ours"}]}]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from geocolor.bench.catalogue import MANIFEST
from geocolor.bench.suites import own_instances
from geocolor.errors import WrongAnswerError
from geocolor.graph import SharingOptions
from geocolor.io import read_options
from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers import Status
from geocolor.solvers.budgeted import SharingResult, frontier
from geocolor.solvers.external.option_solver import solve_options_alone

__all__ = ["SHARING_SOLVERS", "SharingRun", "measure_sharing", "own_options", "whole_size"]

# How far apart proven optima of two solvers may be, relative: costs are in whole steps.
_APART = 2e-6


@dataclass(frozen=True)
class SharingRun:
    """What a solver came to on one budget.

    Attributes
    ----------
    instance : str
    keep : float
        Budget in shares of :func:`whole_size`.
    budget : int
    solver : str
    status : str
    cost, lower_bound : float or None
    seconds : float
        By the wall clock, from options in memory to the checked answer.
    """

    instance: str
    keep: float
    budget: int
    solver: str
    status: str
    cost: float | None
    lower_bound: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)


def own_options() -> tuple[Path, ...]:
    """Files of geocolor's own instances of budgeted sharing.

    Raises
    ------
    InputError
        This installation has none.
    """
    folder = own_instances() / "sharing"
    listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return tuple(folder / entry["file"] for entry in listed["instances"])


def whole_size(options: SharingOptions) -> int:
    """Count the parameters of all units on their own, each in its largest form."""
    largest = dict.fromkeys(range(len(options.units)), 0)
    for group, size in zip(options.groups, options.sizes.tolist(), strict=True):
        if len(group) == 1:
            largest[group[0]] = max(largest[group[0]], size)
    return sum(largest.values())


_Solve = Callable[[BudgetedSharingProblem, float, int], SharingResult]


def _ours(problem: BudgetedSharingProblem, time_limit: float, threads: int) -> SharingResult:
    budgets = [problem.budget]
    return frontier(problem.options, budgets, time_limit=time_limit, workers=threads)[0]


def _alone(
    engine: str, problem: BudgetedSharingProblem, time_limit: float, threads: int
) -> SharingResult:
    return solve_options_alone(problem, engine, time_limit=time_limit, workers=threads)


SHARING_SOLVERS: Mapping[str, _Solve] = {
    "ours": _ours,
    "highs": partial(_alone, "highs"),
    "cpsat": partial(_alone, "cpsat"),
}


def measure_sharing(
    files: Sequence[Path],
    keeps: Sequence[float],
    solvers: Sequence[str],
    *,
    time_limit: float,
    threads: int,
) -> Iterator[SharingRun]:
    """Solve each budget of each file by each solver, in turns.

    Parameters
    ----------
    files : sequence of Path
        Of options.
    keeps : sequence of float
        Budgets, in shares of :func:`whole_size`.
    solvers : sequence of str
        Names in :data:`SHARING_SOLVERS`.
    time_limit : float
        Seconds for a solve.
    threads : int
        Most of a solve.

    Raises
    ------
    WrongAnswerError
        Two solvers prove different optima, or one proves less than another has found.
    """
    # Whoever comes first would pay for processes that start and libraries that load.
    tiny = BudgetedSharingProblem(SharingOptions("a", [[0]], [1.0], [1]), 1)
    for name in solvers:
        SHARING_SOLVERS[name](tiny, time_limit, threads)
    for file in files:
        options = read_options(file)
        whole = whole_size(options)
        for keep in keeps:
            problem = BudgetedSharingProblem(options, int(keep * whole))
            found = {name: SHARING_SOLVERS[name](problem, time_limit, threads) for name in solvers}
            _require_agreement(found, f"{file.name} at {keep:g}")
            for name, result in found.items():
                yield SharingRun(
                    instance=file.name.split(".json")[0],
                    keep=keep,
                    budget=problem.budget,
                    solver=name,
                    status=result.status.value,
                    cost=result.cost,
                    lower_bound=result.lower_bound,
                    seconds=result.runtime,
                )


def _require_agreement(found: Mapping[str, SharingResult], where: str) -> None:
    costs = {name: result.cost for name, result in found.items() if result.cost is not None}
    if not costs:
        return
    best = min(costs, key=costs.__getitem__)
    for name, result in found.items():
        if result.status is Status.INFEASIBLE:
            raise WrongAnswerError(f"{where}: {name} finds no choice, and {best} has one")
        if result.status is Status.OPTIMAL and costs[name] - costs[best] > _APART * abs(
            costs[name]
        ):
            raise WrongAnswerError(
                f"{where}: {name} calls {costs[name]!r} the least, and {best} has {costs[best]!r}"
            )
