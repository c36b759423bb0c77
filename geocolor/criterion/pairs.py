"""The weighted conflict graph: what each pair of units would gain or lose by sharing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from geocolor.criterion.costs import GroupCosts
from geocolor.graph import ConflictGraph
from geocolor.units import Unit

__all__ = ["PricedPairs", "candidate_pairs", "price_pairs"]


def candidate_pairs(
    units: Sequence[Unit], reach: int, *, across_roles: bool = False
) -> list[tuple[int, int]]:
    """List the pairs worth pricing: one family, and near each other.

    Two units of one role pair if their layers are at most `reach` apart; two of different roles
    if they stand side by side in one block, as q, k and v do, where they read the same tensor.
    Of several models, units pair if they stand at the same place of two.

    Parameters
    ----------
    units : sequence of Unit
        All units.
    reach : int
        Layers with that role that a pair of one role may be apart.
    across_roles : bool
        Whether units of different roles pair as far apart, counted in blocks.

    Returns
    -------
    list of (int, int)
        Positions in `units`, the first below the second.
    """
    layers: dict[str, set[int]] = defaultdict(set)
    for unit in units:
        layers[unit.role].add(unit.layer)
    # Blocks that hold no unit of the role (activations of a Sequential, say) do not count.
    depth = {
        (role, layer): position
        for role, numbers in layers.items()
        for position, layer in enumerate(sorted(numbers))
    }

    def near(first: Unit, second: Unit) -> bool:
        if first.model is not None:
            return first.place == second.place
        if first.role == second.role:
            apart = depth[first.role, first.layer] - depth[second.role, second.layer]
            return abs(apart) <= reach
        if across_roles and abs(first.layer - second.layer) <= reach:
            return True
        return first.name.rpartition(".")[0] == second.name.rpartition(".")[0]

    return [
        (i, j)
        for i, first in enumerate(units)
        for j, second in enumerate(units[i + 1 :], start=i + 1)
        if first.family == second.family and near(first, second)
    ]


@dataclass(frozen=True)
class PricedPairs:
    """Pair weights at one price.

    Attributes
    ----------
    units : tuple of Unit
        The nodes.
    pairs : tuple of (int, int)
        Candidate pairs.
    weights : tuple of float
        ``v({i, j}) - v({i}) - v({j})`` of each: positive is a loss, negative a gain, in nats.
    price : float
        Nats per parameter.
    """

    units: tuple[Unit, ...]
    pairs: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    price: float

    def graph(self) -> ConflictGraph:
        """Build the conflict graph; pairs that are no candidates are hard conflicts.

        Nodes carry unit names as labels and parameters as sizes.
        """
        count = len(self.units)
        open_pairs = np.zeros((count, count), dtype=bool)
        for i, j in self.pairs:
            open_pairs[i, j] = True
        hard = np.argwhere(np.triu(~open_pairs, 1))
        return ConflictGraph.from_edges(
            count,
            list(self.pairs),
            list(self.weights),
            conflicts=hard,
            labels=[unit.name for unit in self.units],
            sizes=[unit.parameters for unit in self.units],
        )


def price_pairs(
    units: Sequence[Unit],
    pairs: Iterable[tuple[int, int]],
    costs: GroupCosts,
    price: float,
    on_progress: Callable[[int], None] | None = None,
) -> PricedPairs:
    """Price candidate pairs; curves are computed once and serve every price.

    Parameters
    ----------
    units : sequence of Unit
        The nodes.
    pairs : iterable of (int, int)
        From :func:`candidate_pairs`.
    costs : GroupCosts
        The criterion.
    price : float
        Nats per parameter.
    on_progress : callable, optional
        Called with the number of pairs done.
    """
    alone = [costs.best((unit.name,), price).value for unit in units]
    taken = tuple(pairs)
    weights = []
    for done, (i, j) in enumerate(taken, start=1):
        together = costs.best((units[i].name, units[j].name), price).value
        weights.append(together - alone[i] - alone[j])
        if on_progress is not None:
            on_progress(done)
    return PricedPairs(tuple(units), taken, tuple(weights), price)
