"""Plans at random, to see what predicted costs are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from torch import nn

from geocolor.arguments import checked_whole
from geocolor.compression.budget import Allocation, allocate
from geocolor.compression.configuration import Configuration, RankRule, check_priced
from geocolor.compression.planner import Planned, Proposal, sharing_plan
from geocolor.compression.prediction import LEAST_PLANS, PredictionFit
from geocolor.compression.progress import silent
from geocolor.compression.several import Divergences
from geocolor.compression.values import changed_weights, group_weights, in_place_of, predict
from geocolor.criterion import GroupCosts
from geocolor.curvature import Curvature
from geocolor.errors import BudgetError, InputError
from geocolor.units import Unit

__all__ = ["check_random_plans", "measure_plans", "random_plans"]

# Budgets of the plans, from the least to the most.
_LEAST, _MOST = 0.45, 0.95
# Standard deviations of the logarithm of the price that a group decides at, plan by plan: as the
# planner does, and ever further from it.
_SPREADS = (0.0, 0.5, 1.0)
# Times as many plans are drawn as are wanted, if those before could not be used.
_DRAWS = 2


def check_random_plans(count: int, method: Configuration) -> None:
    """Refuse a number of plans, or a method, that predictions cannot be judged with.

    Raises
    ------
    InputError
        The method sets ranks without a price, or there are too few plans to fit.
    """
    check_priced(_LEAST, method)
    if method.ranks is not RankRule.PRICED:
        raise InputError(f"{method.name} sets ranks without a price; choose another preset")
    if checked_whole("number of plans", count) < LEAST_PLANS:
        raise InputError(f"a fit takes {LEAST_PLANS} plans or more, not {count}")


def random_plans(
    units: Sequence[Unit], costs: GroupCosts, proposal: Proposal, count: int, seed: int
) -> Iterator[Planned]:
    """Draw plans of all sizes, in which groups decide at prices more or less apart.

    Parameters
    ----------
    units : sequence of Unit
        All units.
    costs : GroupCosts
        The criterion.
    proposal : Proposal
        Groups to choose from.
    count : int
        Plans, followed by as many in case some cannot be used. Budgets of each so many are spread
        evenly between 0.45 and 0.95 of the units' sizes, which a plan may exceed whose groups
        decide at prices of their own; where no plan meets one, it is left out.
    seed : int
        Fixes them.
    """
    random = np.random.default_rng(seed)
    whole = costs.whole(unit.name for unit in units)
    for number in range(_DRAWS * count):
        if number % count == 0:
            spaced = (np.arange(count) + random.random(count)) / count
            keeps = random.permutation(_LEAST + (_MOST - _LEAST) * spaced).tolist()
        try:
            budget = int(keeps[number % count] * whole)
            fair = allocate(proposal.groups, costs, budget, costs.chains)
        except BudgetError:
            continue
        spread = _SPREADS[number % len(_SPREADS)]
        prices = fair.price * np.exp(spread * random.standard_normal(len(fair.groups)))
        choices = tuple(
            costs.best(group, price)
            for group, price in zip(fair.groups, prices.tolist(), strict=True)
        )
        drawn = Allocation(fair.groups, choices, fair.price, -math.inf, fair.candidates)
        yield Planned(sharing_plan(units, drawn), drawn, proposal.coloring)


def measure_plans(
    plans: Iterable[Planned],
    costs: GroupCosts,
    model: nn.Module,
    curvature: Curvature,
    divergence: Divergences,
    count: int,
    on_plan: Callable[[int], None],
) -> PredictionFit | None:
    """Measure what plans cost beside what they were predicted to, and fit the one to the other.

    A plan that costs nothing, as one that leaves the model as it is, or beyond all bounds, has no
    place on a power law and is left out.

    Parameters
    ----------
    plans : iterable of Planned
        To be measured.
    costs : GroupCosts
        The criterion they were chosen by.
    model : torch.nn.Module
        The original, in the coordinates of `curvature`. It computes with each plan's weights for
        a while, and has its own again afterwards.
    curvature : Curvature
        Measured on it.
    divergence : Divergences
        From its predictions.
    count : int
        How many plans are enough.
    on_plan : callable
        Called with the number of plans done.

    Returns
    -------
    PredictionFit or None
        None if fewer than four plans can be fitted.
    """
    predicted: list[float] = []
    measured: list[float] = []
    for planned in plans:
        on_plan(len(predicted))
        changed = changed_weights(planned.plan, group_weights(planned, costs, silent), model)
        foretold = predict(changed, model, curvature)
        if not 0 < foretold < math.inf:
            continue
        with in_place_of(changed, model):
            found = divergence.of(model)
        if not 0 < found < math.inf:
            continue
        predicted.append(foretold)
        measured.append(found)
        if len(measured) == count:
            break
    if len(measured) < LEAST_PLANS:
        return None
    return PredictionFit(tuple(predicted), tuple(measured))
