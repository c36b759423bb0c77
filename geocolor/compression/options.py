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
    points : ndarray of int64, shape (options,)
        Where each option is on its curve.
    """

    options: SharingOptions
    curves: tuple[CostCurve, ...]
    points: NDArray[np.int64]

    @property
    def num_groups(self) -> int:
        """Groups that the options are of."""
        return len(set(self.options.groups))


def priced_options(
    units: Sequence[str], groups: Iterable[Group], costs: GroupCosts, price: float
) -> PricedOptions:
    """List what groups may be stored as, at every rank that pays for its size.

    Parameters
    ----------
    units : sequence of str
        All units; each is in some group.
    groups : iterable of tuple of str
        Groups to choose from.
    costs : GroupCosts
        The criterion.
    price : float
        Nats per parameter, or what else the budget counts, at which ties are considered; see
        :meth:`GroupCosts.curves`.
    """
    place = {name: at for at, name in enumerate(units)}
    members: list[tuple[int, ...]] = []
    curves: list[CostCurve] = []
    parts: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]] = []
    for group in dict.fromkeys(groups):
        found = costs.curves(group, price)
        cost, size, point, curve = _points(found)
        if len(group) > 1:
            # What counts no less than its members do is no sharing.
            shared = int(np.searchsorted(size, costs.whole(group)))
            cost, size, point, curve = cost[:shared], size[:shared], point[:shared], curve[:shared]
        members += [tuple(place[name] for name in group)] * len(point)
        curves += [found[at] for at in curve.tolist()]
        parts.append((cost, size, point))
    cost, size, point = (np.concatenate(column) for column in zip(*parts, strict=True))
    forms = [
        f"{curve.form} {curve.ranks[at]}"
        if curve.form in (Form.BASIS, Form.RESIDUAL)
        else curve.form.value
        for curve, at in zip(curves, point.tolist(), strict=True)
    ]
    return PricedOptions(SharingOptions(units, members, cost, size, forms), tuple(curves), point)


def _points(
    curves: Sequence[CostCurve],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give costs, sizes, places and curves of the points that no smaller one is as cheap as."""
    points = [np.arange(0, len(each.costs), 1 + len(each.costs) // _MOST_RANKS) for each in curves]
    curve = np.repeat(np.arange(len(curves)), [len(each) for each in points])
    point = np.concatenate(points)
    cost = np.concatenate([each.costs[at] for each, at in zip(curves, points, strict=True)])
    size = np.concatenate([each.sizes[at] for each, at in zip(curves, points, strict=True)])
    order = np.lexsort((cost, size))
    cost, size, point, curve = cost[order], size[order], point[order], curve[order]
    cheaper = np.concatenate([[True], cost[1:] < np.minimum.accumulate(cost)[:-1]])
    return cost[cheaper], size[cheaper], point[cheaper], curve[cheaper]


def choose(priced: PricedOptions, budget: int, start: Allocation, time_limit: float) -> Allocation:
    """Choose among options at least cost within a budget.

    Parameters
    ----------
    priced : PricedOptions
        To choose from.
    budget : int
        In all, in what the options' sizes count.
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
        groups.append(tuple(options.units[unit] for unit in options.groups[at]))
        value = float(options.costs[at]) + price * int(options.sizes[at])
        choices.append(Choice(priced.curves[at], int(priced.points[at]), value))
    return Allocation(tuple(groups), tuple(choices), price, bound, priced.num_groups)
