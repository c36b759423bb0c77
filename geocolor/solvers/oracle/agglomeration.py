"""Greedy agglomeration: merge the two groups that save most, until no two save anything."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence

import numpy as np

from geocolor.solvers.oracle.links import Links
from geocolor.solvers.oracle.values import Group, Values, joined

__all__ = ["agglomerate"]


def agglomerate(
    values: Values,
    links: Links,
    groups: Sequence[Group],
    noise: float = 0.0,
    random: np.random.Generator | None = None,
) -> list[Group]:
    """Merge groups while that saves anything.

    Lazy: a merged group is taken to save, with another, as much as the better of its parts did,
    and asked about when that comes first.

    Parameters
    ----------
    values : Values
        What groups cost nearly.
    links : Links
        Groups without a link are not merged.
    groups : sequence of Group
        Disjoint.
    noise : float
        Standard deviation of the factor that savings are seen with.
    random : numpy.random.Generator, optional
        Of the noise; without it there is none.

    Raises
    ------
    SpentError
        The budget is over.
    """
    alive = dict(enumerate(groups))
    fresh = itertools.count(len(alive))
    # What merging two saves, as far as that is known, by number.
    savings: dict[int, dict[int, float]] = {number: {} for number in alive}
    heap: list[tuple[float, int, int, bool]] = []

    def enter(a: int, b: int, saving: float, *, known: bool) -> None:
        savings[a][b] = savings[b][a] = saving
        if saving > 0:
            seen = 1.0 if random is None else max(0.0, 1.0 + noise * random.standard_normal())
            heapq.heappush(heap, (-saving * seen, a, b, known))

    for a, b, gain in links.between(groups):
        if values.may_join(alive[a], alive[b]):
            enter(a, b, gain, known=len(alive[a]) == len(alive[b]) == 1)
    while heap:
        _, a, b, known = heapq.heappop(heap)
        if a not in alive or b not in alive:
            continue
        if not known:
            enter(a, b, values.gain(alive[a], alive[b]), known=True)
            continue
        merged, number = joined(alive.pop(a), alive.pop(b)), next(fresh)
        parts = savings.pop(a), savings.pop(b)
        savings[number] = {}
        for other in sorted(parts[0].keys() | parts[1].keys()):
            best = max(part.get(other, 0.0) for part in parts)
            if other in alive and best > 0 and values.may_join(merged, alive[other]):
                enter(other, number, best, known=False)
        alive[number] = merged
    return sorted(alive.values())
