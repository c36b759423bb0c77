"""From a criterion to a plan: groups, forms and ranks within the budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from geocolor.compression.assignment import assigned_groups
from geocolor.compression.budget import HIGHEST_PRICE, Allocation, allocate
from geocolor.compression.configuration import Configuration, Grouping, RankRule
from geocolor.compression.grouping import (
    adjacent_groups,
    colored_groups,
    consecutive_groups,
    placed_groups,
    private_groups,
)
from geocolor.compression.options import PricedOptions, choose, priced_options
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
from geocolor.errors import BudgetError
from geocolor.graph import SharingOptions
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.solvers import SolveResult
from geocolor.units import Unit

__all__ = [
    "Planned",
    "Proposal",
    "plan_options",
    "plan_sharing",
    "priced_graph",
    "propose_groups",
    "sharing_plan",
    "whole_budget",
]

# Seconds for coloring the graph; real models' graphs take a fraction of a second.
_COLORING_LIMIT = 10.0
# Seconds for the choice among all options; a model of 210 matrices takes some.
_CHOICE_LIMIT = 30.0

Group = tuple[str, ...]


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
    """Price all candidate pairs at the lowest price at which simple groups meet the budget.

    They are the units on their own, with hidden layers, or what stands at one place of several
    models. Where neither can be that small, pairs are priced as if nothing but size counted.
    """
    prices = []
    for groups in _simple_groups(units):
        with suppress(BudgetError):
            prices.append(allocate(groups, costs, budget, costs.chains).price)
    return _priced_at(min(prices, default=HIGHEST_PRICE), units, costs, configuration, progress)


def _simple_groups(units: Sequence[Unit]) -> list[list[Group]]:
    """Give partitions that depend on nothing but the models."""
    several = any(unit.model for unit in units)
    return [private_groups(units), *([placed_groups(units)] if several else [])]


def _priced_at(
    price: float,
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    progress: Progress,
) -> PricedPairs:
    pairs = candidate_pairs(units, configuration.reach, across_roles=configuration.across_roles)
    return price_pairs(units, pairs, costs, price, progress)


def whole_budget(units: Sequence[Unit], costs: GroupCosts, keep: float) -> int:
    """Give a share of what units count as they are, rounded down."""
    # As the share is written: 0.29 of 100 are 29, which floating-point numbers make 28.99.
    return int(Fraction(repr(float(keep))) * costs.whole(unit.name for unit in units))


@dataclass(frozen=True)
class Proposal:
    """Groups to choose from.

    Attributes
    ----------
    groups : tuple of tuple of str
        What the rule of the configuration makes of the units.
    valued : tuple of tuple of str
        Other groups that a plan may take instead.
    coloring : SolveResult or None
        The coloring of the conflict graph, where one was asked for.
    """

    groups: tuple[Group, ...]
    valued: tuple[Group, ...]
    coloring: SolveResult | None


def propose_groups(
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    budget: int,
    *,
    seed: int,
    progress: Progress,
) -> Proposal:
    """Find groups worth sharing, as the configuration says.

    A rule of publications gives its groups and no others; a coloring gives its classes, and leaves
    all that was valued for it as well.
    """
    if configuration.grouping is Grouping.PRIVATE:
        return Proposal(tuple(private_groups(units)), (), None)
    if configuration.grouping is Grouping.ADJACENT:
        return Proposal(tuple(adjacent_groups(units)), (), None)
    if configuration.grouping is Grouping.ASSIGNED:
        return Proposal(tuple(assigned_groups(units, costs, budget)), (), None)
    if configuration.grouping is Grouping.CONSECUTIVE:
        return Proposal(tuple(consecutive_groups(units, budget)), (), None)
    return _colored(priced_graph(units, costs, configuration, budget, progress), costs, seed)


def _colored(priced: PricedPairs, costs: GroupCosts, seed: int) -> Proposal:
    colored = colored_groups(priced, costs, seed=seed, time_limit=_COLORING_LIMIT)
    others = (*private_groups(priced.units), *placed_groups(priced.units), *colored.valued)
    return Proposal(colored.groups, others, colored.result)


def _within(
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    budget: int,
    *,
    seed: int,
    progress: Progress,
) -> tuple[Proposal, Allocation]:
    """Propose groups and meet the budget by them; if not these, by the smallest there are.

    Raises
    ------
    BudgetError
        The smallest are too large. They are the same at any budget, so that a share which meets
        what the error tells is met.
    """
    proposal = propose_groups(units, costs, configuration, budget, seed=seed, progress=progress)
    try:
        return proposal, allocate(proposal.groups, costs, budget, costs.chains)
    except BudgetError:
        if configuration.grouping is not Grouping.PRICED:
            raise
    errors = []
    for groups in _simple_groups(units):
        try:
            return proposal, allocate(groups, costs, budget, costs.chains)
        except BudgetError as error:
            errors.append(error)
    priced = _priced_at(HIGHEST_PRICE, units, costs, configuration, progress)
    smallest = _colored(priced, costs, seed)
    try:
        return smallest, allocate(smallest.groups, costs, budget, costs.chains)
    except BudgetError as error:
        raise min(*errors, error, key=lambda each: each.least) from None


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
        Share to keep of what the budget counts of the units, in (0, 1].
    seed : int
        Seed of the solver.
    progress : callable
        Told how far the call is.

    Raises
    ------
    InputError
        The budget cannot be met.
    """
    budget = whole_budget(units, costs, keep)
    if configuration.ranks is RankRule.UNIFORM:
        proposal = propose_groups(units, costs, configuration, budget, seed=seed, progress=progress)
        if configuration.grouping is Grouping.CONSECUTIVE:
            allocation = _whole(proposal.groups, costs)
        else:
            allocation = _uniform(proposal.groups, costs, keep)
    else:
        proposal, allocation = _within(
            units, costs, configuration, budget, seed=seed, progress=progress
        )
        if allocation.cost > 0:
            progress("choosing", 0, 1)
            options = _options(units, proposal, costs, allocation.price)
            allocation = choose(options, budget, allocation, _CHOICE_LIMIT)
    return Planned(sharing_plan(units, allocation), allocation, proposal.coloring)


def plan_options(
    units: Sequence[Unit],
    costs: GroupCosts,
    configuration: Configuration,
    keep: float,
    *,
    seed: int,
    progress: Progress,
) -> SharingOptions:
    """List all that a plan may choose from; the arguments are those of :func:`plan_sharing`.

    `keep` sets the price at which groups of three and more, and ties, are looked for. What is found
    then serves any budget.
    """
    budget = whole_budget(units, costs, keep)
    proposal, allocation = _within(
        units, costs, configuration, budget, seed=seed, progress=progress
    )
    return _options(units, proposal, costs, allocation.price).options


def _options(
    units: Sequence[Unit], proposal: Proposal, costs: GroupCosts, price: float
) -> PricedOptions:
    names = [unit.name for unit in units]
    groups = (*proposal.groups, *proposal.valued, *costs.chains)
    return priced_options(names, groups, costs, price)


def _uniform(groups: Sequence[tuple[str, ...]], costs: GroupCosts, keep: float) -> Allocation:
    """Give every group the rank at which it keeps the same share of its size."""
    choices = []
    for group in groups:
        curve: CostCurve = costs.curve(Form.DENSE if keep == 1 else Form.BASIS, group)
        within = np.searchsorted(curve.sizes, int(keep * costs.whole(group)), side="right")
        choices.append(Choice(curve, max(0, int(within) - 1), 0.0))
    return Allocation(tuple(groups), tuple(choices), 0.0, 0.0, len(groups))


def _whole(groups: Sequence[Group], costs: GroupCosts) -> Allocation:
    """Store every group as one matrix."""
    choices = tuple(
        Choice(costs.curve(Form.DENSE if len(group) == 1 else Form.TIED, group), 0, 0.0)
        for group in groups
    )
    return Allocation(tuple(groups), choices, 0.0, 0.0, len(groups))


def sharing_plan(units: Sequence[Unit], allocation: Allocation) -> SharingPlan:
    """Write an allocation down as what is done to the model."""
    sides = {unit.name: unit.side for unit in units}
    return SharingPlan(
        tuple(
            GroupPlan(
                members=group,
                form=_stored(choice).value,
                side=sides[group[-1]].value,
                rank=choice.rank,
            )
            for group, choice in zip(allocation.groups, allocation.choices, strict=True)
        )
    )


def _stored(choice: Choice) -> Form:
    """Differences of rank 0 are none."""
    residual = choice.curve.form is Form.RESIDUAL
    return Form.TIED if residual and choice.rank == 0 else choice.curve.form
