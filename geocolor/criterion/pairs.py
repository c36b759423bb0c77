"""The weighted conflict graph: what each pair of units would gain or lose by sharing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.criterion.costs import GroupCosts
from geocolor.criterion.curves import Form
from geocolor.criterion.sketch import estimate_pairs
from geocolor.criterion.workers import one_thread_each
from geocolor.graph import ConflictGraph
from geocolor.units import Unit

__all__ = ["PricedPairs", "candidate_pairs", "price_pairs"]

# Pairs priced between two looks at that, whatever the number of workers.
_AT_ONCE = 16
# A gain that is no rounding, relative to what both units cost alone.
_ROUNDING = 1e-9

# Told the stage, the pairs done and the pairs in all.
_Progress = Callable[[str, int, int], None]

_Pair = tuple[str, str]

# As many pairs and fewer are all priced: estimates need a root and a Gram matrix of every unit.
_FEW = 512
# Pairs priced in vain, the most promising first, before the others keep their estimates.
_PATIENCE = 256


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
    estimated : frozenset of (int, int)
        Pairs whose weights are estimates, of a loss.
    """

    units: tuple[Unit, ...]
    pairs: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    price: float
    estimated: frozenset[tuple[int, int]] = frozenset()

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
    on_progress: _Progress = lambda stage, done, total: None,
) -> PricedPairs:
    """Price candidate pairs; curves are computed once and serve every price.

    Many are estimated first (:func:`estimate_pairs`), and priced in the order of what they are
    estimated to lose, until of some 256 in a row none gains. The others keep their estimates. What
    may be tied is priced whatever a basis costs.

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
    on_progress : callable
        Told the stage, the pairs done and the pairs in all.
    """
    taken = tuple(pairs)
    names = [(units[i].name, units[j].name) for i, j in taken]
    alone = {unit.name: costs.best((unit.name,), price).value for unit in units}
    apart = np.array([alone[first] + alone[second] for first, second in names])
    dense = np.array([costs.curve(Form.DENSE, pair).best(price).value for pair in names])
    device = next(iter(costs.views.values())).inner.device
    with one_thread_each(device) as workers:
        together = _estimates(names, costs, price, dense, workers, on_progress)
        exact = _price_in_turn(names, costs, price, apart, together, workers, on_progress)
    if Form.DENSE in costs.forms:
        together = np.minimum(together, dense)
    return PricedPairs(
        tuple(units),
        taken,
        tuple((together - apart).tolist()),
        price,
        frozenset(taken) - {taken[at] for at in exact},
    )


def _price_in_turn(
    names: Sequence[_Pair],
    costs: GroupCosts,
    price: float,
    apart: NDArray[np.float64],
    together: NDArray[np.float64],
    workers: Executor,
    on_progress: _Progress,
) -> set[int]:
    """Put values in the place of what is unknown, and of estimates until that is in vain.

    Gives the pairs that were priced.
    """
    loss = (together - apart) / np.maximum(apart, np.finfo(np.float64).tiny)
    unknown = np.flatnonzero(np.isnan(together)).tolist()
    turn = [*unknown, *(at for at in np.argsort(loss).tolist() if np.isfinite(loss[at]))]
    done = vain = 0
    while done < len(turn) and (done < len(unknown) or vain < _PATIENCE):
        batch = turn[done : done + _AT_ONCE]
        choices = workers.map(lambda at: costs.best(names[at], price), batch)
        for at, choice in zip(batch, choices, strict=True):
            together[at] = choice.value
            gains = choice.value < (1 - _ROUNDING) * apart[at]
            vain = 0 if gains or done < len(unknown) else vain + 1
            done += 1
            to_come = max(len(unknown), done + _PATIENCE - vain)
            on_progress("pricing pairs", done, min(len(turn), to_come))
    return set(turn[:done])


def _estimates(
    names: Sequence[_Pair],
    costs: GroupCosts,
    price: float,
    dense: NDArray[np.float64],
    workers: Executor,
    on_progress: _Progress,
) -> NDArray[np.float64]:
    """Estimate pairs on a basis of their own.

    Not a number where a pair is to be priced; infinite where no basis beats both matrices as they
    are.
    """
    found = np.full(len(names), np.nan)
    if not costs.refit or Form.BASIS not in costs.forms:
        return found
    left = [at for at, pair in enumerate(names) if not costs.may_tie(pair)]
    if len(left) <= _FEW:
        return found
    found[left] = np.inf
    steps = np.array([costs.rank_size(pair) for pair in names], dtype=np.float64)
    if Form.DENSE in costs.forms:
        left = [at for at in left if _least(names[at], costs, price * steps[at]) < dense[at]]
    place = {name: at for at, name in enumerate(costs.views)}
    found[left] = estimate_pairs(
        list(costs.views.values()),
        [(place[first], place[second]) for first, second in (names[at] for at in left)],
        price * steps[left],
        workers,
        lambda done: on_progress("estimating pairs", done, len(left)),
    )
    return found


def _least(pair: _Pair, costs: GroupCosts, rank_price: float) -> float:
    """Bound a pair on one basis from below: at each rank both have the best for themselves."""
    curves = [costs.curve(Form.BASIS, (name,)) for name in pair]
    ranks = np.union1d(curves[0].ranks, curves[1].ranks)
    least = np.zeros(ranks[-1] + 1)
    for curve in curves:
        least[curve.ranks] += curve.costs
    return float((least[ranks] + rank_price * ranks).min())
