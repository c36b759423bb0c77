"""One price for all groups: ranks and forms that meet a budget.

At a price per parameter, or what else the budget counts, every group decides for itself; a search
on the price meets the budget (Everett, 1963). The Lagrangian value at that price bounds from below
what any choice of the forms and ranks priced for these groups could cost. What the last jump of a
group leaves of the budget is then spent where it buys most.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from geocolor.criterion import Choice, GroupCosts
from geocolor.errors import BudgetError

__all__ = ["HIGHEST_PRICE", "Allocation", "allocate", "private_price"]

Group = tuple[str, ...]

# Nats per parameter at which every group is as small as it can be, whatever that costs.
HIGHEST_PRICE = 1e30
_BISECTIONS = 60


@dataclass(frozen=True)
class Allocation:
    """Forms and ranks for a set of groups.

    Attributes
    ----------
    groups : tuple of tuple of str
        The sharing classes.
    choices : tuple of Choice
        Form and rank of each.
    price : float
        Nats per parameter, or what else the budget counts, at which the groups decided.
    lower_bound : float
        No forms and ranks that the criterion prices cost less within the budget, whichever of the
        groups to choose from are taken. Ties outside the trust region of :class:`GroupCosts` are
        not priced.
    candidates : int
        Groups to choose from; where they were given, as many as there are.
    """

    groups: tuple[Group, ...]
    choices: tuple[Choice, ...]
    price: float
    lower_bound: float
    candidates: int

    @property
    def size(self) -> int:
        """What the budget counts, in all."""
        return sum(choice.size for choice in self.choices)

    @property
    def cost(self) -> float:
        """Predicted loss increase, damping included, in nats per scored output."""
        return sum(choice.cost for choice in self.choices)


def allocate(
    groups: Sequence[Group], costs: GroupCosts, budget: int, instead: Collection[Group] = ()
) -> Allocation:
    """Choose forms and ranks of least predicted cost within a budget.

    Parameters
    ----------
    groups : sequence of tuple of str
        A partition of the units.
    costs : GroupCosts
        The criterion.
    budget : int
        In all: parameters, or what else the criterion's sizes count.
    instead : collection of tuple of str
        Unions of groups that may take their place, disjoint. Others are ignored.

    Raises
    ------
    BudgetError
        No choice of forms and ranks is that small.
    """
    unions = _unions(groups, instead)
    candidates = len(groups) + len(unions)

    def choose(price: float) -> dict[Group, Choice]:
        chosen = {group: costs.best(group, price) for group in groups}
        for union, parts in unions.items():
            choice = costs.best(union, price)
            if choice.value < sum(chosen[part].value for part in parts):
                for part in parts:
                    del chosen[part]
                chosen[union] = choice
        return chosen

    def size(chosen: Mapping[Group, Choice]) -> int:
        return sum(choice.size for choice in chosen.values())

    dense = choose(0.0)
    if size(dense) <= budget:
        return Allocation(tuple(dense), tuple(dense.values()), 0.0, 0.0, candidates)
    high = 1.0
    while size(fitting := choose(high)) > budget:
        if high > HIGHEST_PRICE:
            whole = costs.whole(name for group in groups for name in group)
            raise BudgetError(size(fitting) / whole, budget / whole)
        high *= 1e3
    low = high
    while low > 1e-100 and size(choose(low)) <= budget:
        high, low = low, low / 1e3
    for _ in range(_BISECTIONS):
        price = math.sqrt(low * high)
        if size(choose(price)) <= budget:
            high = price
        else:
            low = price
        if high / low < 1 + 1e-9:
            break
    fitting = choose(high)
    # No cost is negative; at next to no price rounding is.
    bound = max(0.0, sum(choice.value for choice in fitting.values()) - high * budget)
    limits = [costs.whole(group) for group in fitting]
    spent = _spend(tuple(fitting.values()), limits, budget - size(fitting))
    return Allocation(tuple(fitting), spent, high, bound, candidates)


def _unions(groups: Sequence[Group], instead: Collection[Group]) -> dict[Group, tuple[Group, ...]]:
    """Give the groups that each union can take the place of, as far as it is one."""
    holder = {name: group for group in groups for name in group}
    found = {}
    for union in instead:
        parts = tuple(dict.fromkeys(holder[name] for name in union))
        if sum(len(part) for part in parts) == len(union):
            found[union] = parts
    return found


def _spend(choices: Sequence[Choice], limits: Sequence[int], left: int) -> tuple[Choice, ...]:
    """Raise ranks step by step where it buys most, as far as the budget goes.

    No group is raised to its dense size in `limits`.
    """
    spent = list(choices)

    def raised(index: int) -> Choice | None:
        choice = spent[index]
        if choice.at + 1 >= len(choice.curve.costs):
            return None
        higher = replace(choice, at=choice.at + 1)
        return higher if higher.size < limits[index] else None

    def gain(index: int) -> float | None:
        higher = raised(index)
        if higher is None:
            return None
        return (spent[index].cost - higher.cost) / (higher.size - spent[index].size)

    heap = [(-rate, i) for i in range(len(spent)) if (rate := gain(i)) is not None and rate > 0]
    heapq.heapify(heap)
    while heap:
        _, i = heapq.heappop(heap)
        higher = raised(i)
        if higher is None or higher.size - spent[i].size > left:
            continue
        left -= higher.size - spent[i].size
        spent[i] = higher
        rate = gain(i)
        if rate is not None and rate > 0:
            heapq.heappush(heap, (-rate, i))
    return tuple(spent)


def private_price(units: Sequence[str], costs: GroupCosts, budget: int) -> float:
    """Find the price at which units on their own, and hidden layers, meet the budget."""
    return allocate([(name,) for name in units], costs, budget, costs.chains).price
