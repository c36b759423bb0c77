"""From a criterion to a plan: groups, forms and ranks within the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geocolor.compression.budget import Allocation, allocate, private_price
from geocolor.compression.configuration import Configuration, Grouping, RankRule
from geocolor.compression.grouping import adjacent_groups, colored_groups, private_groups
from geocolor.compression.progress import Progress
from geocolor.criterion import (
    Choice,
    CostCurve,
    Form,
    GroupCosts,
    PricedPairs,
    candidate_pairs,
    price_pairs,
)
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.solvers import SolveResult
from geocolor.units import Unit

__all__ = ["Planned", "plan_sharing", "priced_graph"]

# Seconds for coloring the graph; real models' graphs take a fraction of a second.
_COLORING_LIMIT = 10.0


@dataclass(frozen=True)
class Planned:
    """A plan and how it came about.

    Attributes
    ----------
    plan : SharingPlan
        Groups with form and rank.
    allocation : Allocation
        The choices behind it.
    coloring : SolveResult or None
        The coloring of the conflict graph, where one was asked for.
    """

    plan: SharingPlan
    allocation: Allocation
    coloring: SolveResult | None


def priced_graph(
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    budget: int,
    progress: Progress,
) -> PricedPairs:
    """Price all candidate pairs at the price at which private units meet the budget."""
    price = private_price([unit.name for unit in units], costs, budget)
    pairs = candidate_pairs(units, configuration.reach)
    return price_pairs(
        units, pairs, costs, price, lambda done: progress("pricing pairs", done, len(pairs))
    )


def plan_sharing(
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    keep: float,
    *,
    seed: int,
    progress: Progress,
) -> Planned:
    """Plan which units share, in which form, at which rank.

    Parameters
    ----------
    units : sequence of Unit
        All units.
    costs : GroupCosts
        The criterion of `configuration`.
    configuration : Configuration
        The method.
    keep : float
        Share of the units' parameters to keep, in (0, 1].
    seed : int
        Seed of the solver.
    progress : callable
        Told how far the call is.

    Raises
    ------
    InputError
        The budget cannot be met.
    """
    budget = int(keep * sum(unit.parameters for unit in units))
    coloring = None
    if configuration.grouping is Grouping.PRICED:
        priced = priced_graph(units, costs, configuration, budget, progress)
        colored = colored_groups(priced, costs, seed=seed, time_limit=_COLORING_LIMIT)
        groups, coloring = list(colored.groups), colored.result
    elif configuration.grouping is Grouping.ADJACENT:
        groups = adjacent_groups(units)
    else:
        groups = private_groups(units)
    if configuration.ranks is RankRule.PRICED:
        allocation = allocate(groups, costs, budget)
    else:
        allocation = _uniform(groups, costs, keep)
    return Planned(_plan(units, allocation), allocation, coloring)


def _uniform(groups: Sequence[tuple[str, ...]], costs: GroupCosts, keep: float) -> Allocation:
    """Give every group the rank at which it keeps the same share of its parameters."""
    choices = []
    for group in groups:
        curve: CostCurve = costs.curve(Form.DENSE if keep == 1 else Form.BASIS, group)
        dense = sum(costs.views[name].unit.parameters for name in group)
        rank = int(keep * dense) // curve.rank_parameters if curve.rank_parameters else 0
        choices.append(Choice(curve, min(rank, len(curve.costs) - 1), 0.0))
    return Allocation(tuple(groups), tuple(choices), 0.0, 0.0)


def _plan(units: Sequence[Unit], allocation: Allocation) -> SharingPlan:
    sides = {unit.name: unit.side for unit in units}
    return SharingPlan(
        tuple(
            GroupPlan(
                members=group,
                form=choice.curve.form.value,
                side=sides[group[0]].value,
                rank=choice.rank if choice.curve.form is Form.BASIS else 0,
            )
            for group, choice in zip(allocation.groups, allocation.choices, strict=True)
        )
    )
