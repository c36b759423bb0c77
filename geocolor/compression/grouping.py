"""Which units share: by a published rule, or by coloring the weighted conflict graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geocolor.criterion import GroupCosts, PricedPairs
from geocolor.errors import InputError
from geocolor.problem import CorrelationClusteringProblem
from geocolor.solvers import SolveResult, StopReason, solve
from geocolor.units import Side, Unit

__all__ = [
    "ColoredGroups",
    "adjacent_groups",
    "colored_groups",
    "consecutive_groups",
    "placed_groups",
    "private_groups",
]

Group = tuple[str, ...]


def private_groups(units: Sequence[Unit]) -> list[Group]:
    """Every unit on its own."""
    return [(unit.name,) for unit in units]


def placed_groups(units: Sequence[Unit]) -> list[Group]:
    """Group what stands at one place of several models; of one model, every unit on its own."""
    places: dict[tuple[str, tuple[Side, str]], list[str]] = defaultdict(list)
    for unit in units:
        places[unit.place, unit.family].append(unit.name)
    return [tuple(names) for names in places.values()]


def adjacent_groups(units: Sequence[Unit]) -> list[Group]:
    """Pair the first layer with the second, the third with the fourth, role by role.

    Read side only, as Basis Sharing does; what writes the residual stream stays private.
    """
    # Roles told apart by numbers alone, as in a plain Sequential, may hold several families.
    roles: dict[tuple[str, tuple[Side, str]], list[Unit]] = defaultdict(list)
    for unit in units:
        roles[unit.role, unit.family].append(unit)
    groups: list[Group] = []
    for members in roles.values():
        names = [unit.name for unit in members]
        step = 2 if members[0].side is Side.READ else 1
        groups += [tuple(names[i : i + step]) for i in range(0, len(names), step)]
    return groups


def consecutive_groups(units: Sequence[Unit], budget: int) -> list[Group]:
    """Group neighbouring layers of one role and shape, the fewest together that meet a budget.

    Each group is to be stored as one matrix. Groups are equally large, in all roles alike; the last
    of a role may be smaller.

    Raises
    ------
    InputError
        One matrix for all layers of a role is still too much.
    """
    roles: dict[tuple[str, tuple[Side, str], tuple[int, int]], list[Unit]] = defaultdict(list)
    for unit in units:
        roles[unit.role, unit.family, unit.shape].append(unit)
    stored = 0
    for together in range(1, max(map(len, roles.values())) + 1):
        stored = sum(
            -(-len(members) // together) * members[0].parameters for members in roles.values()
        )
        if stored <= budget:
            return [
                tuple(unit.name for unit in members[i : i + together])
                for members in roles.values()
                for i in range(0, len(members), together)
            ]
    raise InputError(
        f"one matrix for all layers of a role is {stored} parameters, over {budget}: keep more, at "
        f"least {stored / sum(unit.parameters for unit in units):.4f}"
    )


@dataclass(frozen=True)
class ColoredGroups:
    """Sharing classes from the weighted conflict graph.

    Attributes
    ----------
    groups : tuple of tuple of str
        Classes, each valued exactly.
    valued : tuple of tuple of str
        Other groups that were valued on the way, two and more units each.
    result : SolveResult
        The coloring of the graph, with its certificate.
    """

    groups: tuple[Group, ...]
    valued: tuple[Group, ...]
    result: SolveResult


def colored_groups(
    priced: PricedPairs, costs: GroupCosts, *, seed: int, time_limit: float
) -> ColoredGroups:
    """Color the weighted conflict graph, then value every class exactly.

    Pair weights can mislead about larger classes, so a class of three or more is kept only if
    its exact value beats what merging its members step by step, each step valued exactly, gives.

    Parameters
    ----------
    priced : PricedPairs
        The weighted pairs.
    costs : GroupCosts
        Values classes.
    seed : int
        Seed of the solver.
    time_limit : float
        Seconds for the solver.
    """
    problem = CorrelationClusteringProblem(priced.graph())
    result = solve(problem, seed=seed, time_limit=time_limit)
    if result.stop_reason is StopReason.INTERRUPT:
        # A solve keeps its incumbent on Ctrl-C; the person meant the whole compression.
        raise KeyboardInterrupt
    names = [unit.name for unit in priced.units]
    pairs: list[Group] = [
        (names[i], names[j]) for i, j in priced.pairs if (i, j) not in priced.estimated
    ]
    if result.coloring is None:  # stopped before the first incumbent
        return ColoredGroups(tuple((name,) for name in names), tuple(pairs), result)
    place = {name: at for at, name in enumerate(names)}
    groups: list[Group] = []
    valued: dict[Group, None] = dict.fromkeys(pairs)
    for members in result.coloring.classes():
        group = tuple(names[i] for i in members)
        if len(group) < 3:
            groups.append(group)
            continue
        parts, seen = _best_split(group, costs, priced.price, place)
        groups += parts
        valued.update(dict.fromkeys(seen))
    return ColoredGroups(tuple(groups), tuple(valued), result)


def _best_split(
    group: Group, costs: GroupCosts, price: float, place: Mapping[str, int]
) -> tuple[list[Group], list[Group]]:
    """Compare a class with exact agglomeration inside it.

    Gives the better one, and all groups of two and more that were valued.
    """
    values: dict[Group, float] = {}

    def value(part: Group) -> float:
        if part not in values:
            values[part] = costs.best(part, price).value
        return values[part]

    def joined(first: Group, second: Group) -> Group:
        return tuple(sorted((*first, *second), key=place.__getitem__))

    parts: list[Group] = [(name,) for name in group]
    while len(parts) > 1:
        merges = [
            (value(joined(first, second)) - value(first) - value(second), first, second)
            for i, first in enumerate(parts)
            for second in parts[i + 1 :]
        ]
        change, first, second = min(merges)
        if change >= 0:
            break
        parts = [part for part in parts if part not in (first, second)] + [joined(first, second)]
    if value(group) < sum(value(part) for part in parts):
        parts = [group]
    return parts, [part for part in values if len(part) > 1]
