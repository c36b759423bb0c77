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
from geocolor.errors import InputError
from geocolor.units import Unit

__all__ = ["check_random_plans", "measure_plans", "random_plans"]

# Budgets of the plans, from the least to the most.
_LEAST, _MOST = 0.45, 0.95
# Standard deviations of the logarithm of the price that a group decides at, plan by plan: as the
# planner does, and ever further from it.
_SPREADS = (0.0, 0.5, 1.0)


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
        Plans. Their budgets are spread evenly between 0.45 and 0.95 of the units' sizes, which a
        plan may exceed whose groups decide at prices of their own.
    seed : int
        Fixes them.

    Raises
    ------
    InputError
        The smallest budget cannot be met.
    """
    random = np.random.default_rng(seed)
    whole = costs.whole(unit.name for unit in units)
    keeps = _LEAST + (_MOST - _LEAST) * (np.arange(count) + random.random(count)) / count
    for number, keep in enumerate(random.permutation(keeps).tolist()):
        fair = allocate(proposal.groups, costs, int(keep * whole), costs.chains)
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
    on_plan: Callable[[int], None],
) -> PredictionFit:
    """Measure what plans cost beside what they were predicted to, and fit the one to the other.

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
    on_plan : callable
        Called with the number of plans done.

    Raises
    ------
    InputError
        There are too few plans to fit, or some cost nothing.
    """
    predicted: list[float] = []
    measured: list[float] = []
    for planned in plans:
        on_plan(len(predicted))
        changed = changed_weights(planned.plan, group_weights(planned, costs, silent), model)
        predicted.append(predict(changed, model, curvature))
        with in_place_of(changed, model):
            measured.append(divergence.of(model))
    return PredictionFit(tuple(predicted), tuple(measured))
