"""Costs of groups in integers, and the exact search for groups that cost less than their duals.

Every search is one for groups of low pair sums. A pair sum is that by itself; of a normalised pair
sum, ``W(S) / s(S) < dual(S) + bar`` is ``W(S) - s(S) (dual(S) + bar) < 0``, whose products of sizes
and duals belong to pairs and nodes; and an oracle's bound, ``W(S) / (|S| - 1)``, goes the same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError
from geocolor.solvers.set_partition.pricing import ALL_WORK, GroupSearch, Room

__all__ = [
    "BITS",
    "FINE",
    "Found",
    "IntegerCosts",
    "PairCosts",
    "RatioCosts",
    "products",
    "require_bits",
]

# Steps of a cost in a step of the integer weights.
FINE = 1 << 10
# Integers stay below this many bits, sums and products included.
BITS = 62


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes
    ----------
    groups : ndarray of bool, shape (groups, n)
        Below the bar.
    values : ndarray of int64, shape (groups,)
        Their costs less their duals.
    least : int
        No group has a lower value, nor has any the bar; meaningless unless finished.
    finished : bool
        Whether the search came to its end.
    """

    groups: NDArray[np.bool_]
    values: NDArray[np.int64]
    least: int
    finished: bool


class IntegerCosts(ABC):
    """What groups cost, in integer steps, rounded down.

    Attributes
    ----------
    step : int
        All costs are multiples of it.
    equations : bool
        Whether a node in two groups could be cheaper than in one of them.
    unit : float
        What one step is worth.
    below, above : float
        A partition costs between its steps less `below`, and its steps plus `above`.
    """

    def __init__(
        self, *, step: int, equations: bool, unit: float, below: float, above: float
    ) -> None:
        self.step = step
        self.equations = equations
        self.unit = unit
        self.below = below
        self.above = above

    @property
    def error(self) -> float:
        """Most by which an optimum in integers can miss the optimum."""
        return self.below + self.above

    def lower_bound(self, steps: int) -> float:
        """Turn a bound in steps into one on the cost itself."""
        return steps * self.unit - self.below

    @abstractmethod
    def of(self, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Cost each group, in steps."""

    @abstractmethod
    def search(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        halt: Callable[[], bool],
        *,
        most: int,
        every: bool = False,
        root_work: int = ALL_WORK,
    ) -> Found:
        """Look for groups whose costs less their duals are below `bar`.

        Parameters
        ----------
        apart : ndarray of bool, shape (n, n)
            Hard conflicts.
        duals : ndarray of int64, shape (n,)
            In steps.
        bar : int
            In steps.
        halt : callable
            Asked every few milliseconds whether to stop.
        most : int
            Groups after which to stop.
        every : bool
            All of them; else some, and the least value of any.
        root_work : int
            See :class:`GroupSearch`; with :data:`ALL_WORK` the search comes to its end, if it can.
        """


class PairCosts(IntegerCosts):
    """Sums over pairs.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal; the sum of their sizes is below 2^53.
    unit, below, above : float
        See :class:`IntegerCosts`; the unit is that of a weight.
    room : Room, optional
        What a group may hold; larger ones are no groups.
    """

    def __init__(
        self,
        weights: NDArray[np.int64],
        unit: float = 1.0,
        below: float = 0.0,
        above: float = 0.0,
        room: Room | None = None,
    ) -> None:
        signed = bool((weights < 0).any())
        super().__init__(step=FINE, equations=signed, unit=unit / FINE, below=below, above=above)
        require_bits(float(np.abs(weights).sum(dtype=np.float64)) * FINE)
        self._weights = weights
        self._fine = weights * FINE
        self._room = room

    def of(self, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Cost each group, in steps."""
        return _pair_sums(self._weights, groups) * FINE

    def search(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        halt: Callable[[], bool],
        *,
        most: int,
        every: bool = False,
        root_work: int = ALL_WORK,
    ) -> Found:
        """Look for groups below `bar`; see :meth:`IntegerCosts.search`."""
        search = GroupSearch(
            self._fine,
            apart,
            duals,
            bar,
            every=every,
            most=most,
            root_work=root_work,
            room=self._room,
        )
        search.run(halt)
        least = int(search.values.min(initial=bar))
        return Found(search.groups, search.values, least, search.finished)


class RatioCosts(IntegerCosts):
    """Sums over pairs, over the sizes of the groups.

    Parameters
    ----------
    weights : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal: what a pair adds to the numerator.
    sizes : ndarray of int64, shape (n,)
        Positive.
    unit, below, above : float
        See :class:`IntegerCosts`; the unit is that of a weight over a size.
    """

    def __init__(
        self,
        weights: NDArray[np.int64],
        sizes: NDArray[np.int64],
        unit: float = 1.0,
        below: float = 0.0,
        above: float = 0.0,
    ) -> None:
        # Each group may lose a step by rounding.
        above += len(sizes) * unit / FINE
        super().__init__(step=1, equations=True, unit=unit / FINE, below=below, above=above)
        self.weights = weights
        self.sizes = sizes

    def of(self, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Cost each group, in steps."""
        costs: NDArray[np.int64] = _pair_sums(self.weights, groups) * FINE // (groups @ self.sizes)
        return costs

    def search(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        halt: Callable[[], bool],
        *,
        most: int,
        every: bool = False,
        root_work: int = ALL_WORK,
    ) -> Found:
        """Look for groups below `bar`; see :meth:`IntegerCosts.search`."""
        groups = np.zeros((0, len(duals)), dtype=np.bool_)
        values = np.zeros(0, dtype=np.int64)
        while True:
            search = self._below(apart, duals, bar, every, most, root_work)
            search.run(halt)
            more = self.of(search.groups) - search.groups @ duals
            groups, values = np.concatenate([groups, search.groups]), np.append(values, more)
            if every or not len(more) or not search.finished:
                return Found(groups, values, bar, search.finished)
            # Dinkelbach's iteration: the lowest of the products need not be that of the ratios.
            bar = int(more.min())

    def _below(
        self,
        apart: NDArray[np.bool_],
        duals: NDArray[np.int64],
        bar: int,
        every: bool,
        most: int,
        root_work: int,
    ) -> GroupSearch:
        pairs, nodes = products(self.weights, self.sizes, duals, bar)
        return GroupSearch(pairs, apart, nodes, 0, every=every, most=most, root_work=root_work)


def products(
    weights: NDArray[np.int64], sizes: NDArray[np.int64], duals: NDArray[np.int64], bar: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give pair sums and node sums of ``W(S) - s(S) (dual(S) + bar)``."""
    require_bits(int(sizes.sum()) * (int(np.abs(duals).sum()) + abs(bar)))
    pairs = weights * FINE - np.outer(sizes, duals) - np.outer(duals, sizes)
    np.fill_diagonal(pairs, 0)
    return pairs, sizes * (duals + bar)


def _pair_sums(weights: NDArray[np.int64], groups: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sum over the pairs inside; exact in float64, and much faster there."""
    inside = groups.astype(np.float64)
    doubled = np.einsum("ij,ij->i", inside @ weights.astype(np.float64), inside)
    sums: NDArray[np.int64] = np.rint(doubled / 2).astype(np.int64)
    return sums


def require_bits(size: float) -> None:
    """Refuse numbers that products would not fit into 63 bits of.

    Raises
    ------
    InputError
        They do not.
    """
    if size >= 1 << BITS:
        raise InputError("the costs spread too far for integers")
