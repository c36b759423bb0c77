"""Classes of layers by the perturbation that a class's basis means to each.

The rule of "Rethinking Parameter Sharing as Graph Coloring for Structured Compression"
(arXiv 2511.06786), made definite where the paper is silent: see docs/design/0025.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from geocolor.criterion import GroupCosts, View
from geocolor.units import Side, Unit

__all__ = ["assigned_groups"]

Group = tuple[str, ...]

# Layers for each class, on average.
_LAYERS = 2
# Rounds of assigning and fitting anew; most roles come to rest after three or four.
_ROUNDS = 10


def assigned_groups(units: Sequence[Unit], costs: GroupCosts, budget: int) -> list[Group]:
    """Put each layer into the class whose basis costs it least in its dominant eigenpairs.

    Role by role, as k-means does: classes begin as runs of neighbouring layers; bases are fitted
    to them, layers go to the basis of least energy, until none moves. O(layers^2) energies of
    perturbations for each role and round.

    Parameters
    ----------
    units : sequence of Unit
        All units.
    costs : GroupCosts
        With dominant eigenpairs, in plain distance.
    budget : int
        Of all units; it sets the rank of the bases compared.
    """
    roles: dict[tuple[str, tuple[Side, str], tuple[int, int]], list[str]] = defaultdict(list)
    for unit in units:
        roles[unit.role, unit.family, unit.shape].append(unit.name)
    keep = budget / costs.whole(unit.name for unit in units)
    return [group for names in roles.values() for group in _classes(names, costs, keep)]


@torch.no_grad()
def _classes(names: Sequence[str], costs: GroupCosts, keep: float) -> list[Group]:
    count = -(-len(names) // _LAYERS)
    classes = [list(names[at * _LAYERS : (at + 1) * _LAYERS]) for at in range(count)]
    rank = _rank(costs.views[names[0]], keep)
    for _ in range(_ROUNDS):
        bases = [costs.fit_basis(tuple(members), rank).basis for members in classes]
        moved: list[list[str]] = [[] for _ in classes]
        for name in names:
            energies = [_energy(name, basis, costs) for basis in bases]
            moved[energies.index(min(energies))].append(name)
        moved = [members for members in moved if members]
        if moved == classes:
            break
        classes = moved
    return [tuple(members) for members in classes]


def _rank(view: View, keep: float) -> int:
    """Rank at which a class of the average size has its share of the parameters."""
    outer, inner = view.weight.shape
    return max(1, min(inner, int(keep * _LAYERS * outer * inner / (inner + _LAYERS * outer))))


def _energy(name: str, basis: Tensor, costs: GroupCosts) -> float:
    weight, pairs = costs.views[name].weight, costs.dominant[name]
    return pairs.energy(weight - pairs.corrected(weight, basis) @ basis.T)
