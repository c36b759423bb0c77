"""What every priced group may be stored as, and the exact choice among it.

An option is a group in one form at one rank. The coloring says which groups are worth pricing;
which of them a plan takes, and at which rank, is then one problem over all of them and the budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geocolor.compression.budget import Allocation
from geocolor.criterion import Choice, CostCurve, Form, GroupCosts
from geocolor.graph import SharingOptions
from geocolor.problem import BudgetedSharingProblem
from geocolor.solvers import StopReason
from geocolor.solvers.budgeted import solve_budgeted

__all__ = ["PricedOptions", "choose", "priced_options"]

Group = tuple[str, ...]

# Ranks of one curve that become options; wider matrices have every second rank, or every third.
_MOST_RANKS = 512


@dataclass(frozen=True, eq=False)
class PricedOptions:
    """Options of budgeted sharing, and the curves that they are points of.

    Attributes
    ----------
    options : SharingOptions
        Ascending in size within a group; each cheaper than the group's smaller ones.
    curves : tuple of CostCurve
        The curve of each option.
    ranks : ndarray of int64, shape (options,)
        The rank of each option.
    """

    options: SharingOptions
    curves: tuple[CostCurve, ...]
    ranks: NDArray[np.int64]

    @property
    def num_groups(self) -> int:
        """Groups that the options are of."""
        return len(set(self.options.groups))


def priced_options(
    units: Sequence[str], groups: Iterable[Group], costs: GroupCosts, price: float
) -> PricedOptions:
    """List what groups may be stored as, at every rank that pays for its parameters.

    Parameters
    ----------
    units : sequence of str
        All units; each is in some group.
    groups : iterable of tuple of str
        Groups to choose from.
    costs : GroupCosts
        The criterion.
    price : float
        Nats per parameter at which ties are considered; see :meth:`GroupCosts.curves`.
    """
    place = {name: at for at, name in enumerate(units)}
    members: list[tuple[int, ...]] = []
    curves: list[CostCurve] = []
    parts: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]] = []
    for group in dict.fromkeys(groups):
        found = costs.curves(group, price)
        cost, size, rank, curve = _points(found)
        if len(group) > 1:
            # What stores no less than its members do is no sharing.
            dense = sum(costs.views[name].unit.parameters for name in group)
            shared = int(np.searchsorted(size, dense))
            cost, size, rank, curve = cost[:shared], size[:shared], rank[:shared], curve[:shared]
        members += [tuple(place[name] for name in group)] * len(rank)
        curves += [found[at] for at in curve.tolist()]
        parts.append((cost, size, rank))
    cost, size, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
    forms = [
        f"{curve.form} {r}" if curve.form in (Form.BASIS, Form.RESIDUAL) else curve.form.value
        for curve, r in zip(curves, rank.tolist(), strict=True)
    ]
    return PricedOptions(SharingOptions(units, members, cost, size, forms), tuple(curves), rank)


def _points(
    curves: Sequence[CostCurve],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give costs, sizes, ranks and curves of the points that no smaller one is as cheap as."""
    ranks = [np.arange(0, len(each.costs), 1 + len(each.costs) // _MOST_RANKS) for each in curves]
    curve = np.repeat(np.arange(len(curves)), [len(each) for each in ranks])
    rank = np.concatenate(ranks)
    cost = np.concatenate([each.costs[r] for each, r in zip(curves, ranks, strict=True)])
    base = np.array([each.base_parameters for each in curves], dtype=np.int64)
    step = np.array([each.rank_parameters for each in curves], dtype=np.int64)
    size = base[curve] + rank * step[curve]
    order = np.lexsort((cost, size))
    cost, size, rank, curve = cost[order], size[order], rank[order], curve[order]
    cheaper = np.concatenate([[True], cost[1:] < np.minimum.accumulate(cost)[:-1]])
    return cost[cheaper], size[cheaper], rank[cheaper], curve[cheaper]


def choose(priced: PricedOptions, budget: int, start: Allocation, time_limit: float) -> Allocation:
    """Choose among options at least cost within a budget.

    Parameters
    ----------
    priced : PricedOptions
        To choose from.
    budget : int
        Parameters in all.
    start : Allocation
        What to do better than; it is returned where nothing is better in time.
    time_limit : float
        Seconds.

    Returns
    -------
    Allocation
        Its lower bound holds for every choice among these options.
    """
    problem = BudgetedSharingProblem(priced.options, budget)
    result = solve_budgeted(problem, time_limit=time_limit)
    if result.stop_reason is StopReason.INTERRUPT:
        # A solve keeps its incumbent on Ctrl-C; the person meant the whole compression.
        raise KeyboardInterrupt
    bound = 0.0 if result.lower_bound is None else result.lower_bound
    price = start.price if result.price is None else result.price
    if result.chosen is None or result.cost is None or result.cost > start.cost:
        return replace(
            start, price=price, lower_bound=min(bound, start.cost), candidates=priced.num_groups
        )
    options = priced.options
    groups, choices = [], []
    for at in result.chosen:
        curve, rank = priced.curves[at], int(priced.ranks[at])
        groups.append(tuple(options.units[unit] for unit in options.groups[at]))
        value = float(options.costs[at]) + price * int(options.sizes[at])
        choices.append(Choice(curve, rank, value))
    return Allocation(tuple(groups), tuple(choices), price, bound, priced.num_groups)
