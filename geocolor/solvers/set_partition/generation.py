"""The linear program over groups, by column generation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geocolor.errors import SolverError
from geocolor.solvers.set_partition.certificate import GroupBound
from geocolor.solvers.set_partition.costs import Found, IntegerCosts
from geocolor.solvers.set_partition.pricing import ALL_WORK

__all__ = ["Duals", "GroupGeneration"]

# Candidates that a root's search may look at to begin with, and the factor when that finds nothing.
_ROOT_WORK, _MORE_WORK = 20_000, 8
# The linear program is solved when bound and value are this close, relative to the bound.
_CLOSE = 1e-7
# How linprog says that a limit was met.
_LIMIT = 1


@dataclass(frozen=True, eq=False)
class Duals:
    """An optimum of the linear program over the groups known, in steps of the costs.

    Attributes
    ----------
    value : float
        Cost, in fractions of groups.
    nodes : ndarray of float64, shape (n,)
        What each node costs.
    price : float
        What a further group saves; not positive.
    """

    value: float
    nodes: NDArray[np.float64]
    price: float

    def halfway(self, other: Duals) -> Duals:
        """Give the duals in the middle."""
        return Duals(
            (self.value + other.value) / 2,
            (self.nodes + other.nodes) / 2,
            (self.price + other.price) / 2,
        )


class GroupGeneration:
    """A linear program over groups that grows until no group would improve it.

    Groups of least value come from an exact search (:meth:`IntegerCosts.search`) with each node as
    a root, cut short at first. Duals to price at lie halfway between those of the best bound and
    those of the linear program (Wentges 1997), unless that gives neither a new group nor a better
    bound. Bounds come from searches that were not cut short, in integers.

    Parameters
    ----------
    costs : IntegerCosts
        What groups cost.
    apart : ndarray of bool, shape (n, n)
        Hard conflicts.
    k : int
        Most groups.
    groups : iterable of ndarray of bool, shape (n,)
        Groups to begin with, among them a partition.

    Attributes
    ----------
    bound : GroupBound or None
        The best so far, proven.
    value : float
        Of the linear program over the groups known; infinite before it is solved.
    rounds : int
        Linear programs solved.
    """

    def __init__(
        self,
        costs: IntegerCosts,
        apart: NDArray[np.bool_],
        k: int,
        groups: Iterable[NDArray[np.bool_]],
    ) -> None:
        self._costs = costs
        self._apart = apart
        self._k = k
        self._known: set[bytes] = set()
        self._members: list[NDArray[np.int64]] = []
        self._prices: list[int] = []
        self._center: Duals | None = None
        self._root_work = _ROOT_WORK
        self.bound: GroupBound | None = None
        self.value = np.inf
        self.rounds = 0
        self._add(np.array([*groups, *np.eye(len(apart), dtype=np.bool_)]))

    def __len__(self) -> int:
        """Count the groups."""
        return len(self._members)

    def _add(self, groups: NDArray[np.bool_]) -> bool:
        """Take in groups; whether any was new."""
        keys = [group.tobytes() for group in groups]
        new = {key: i for i, key in enumerate(keys) if key not in self._known}
        if new:
            self._known.update(new)
            self._members += [np.flatnonzero(groups[i]) for i in new.values()]
            self._prices += self._costs.of(groups[list(new.values())]).tolist()
        return bool(new)

    def groups(self) -> NDArray[np.bool_]:
        """Give all groups known, shape (groups, n)."""
        table = np.zeros((len(self), len(self._apart)), dtype=np.bool_)
        for row, nodes in zip(table, self._members, strict=True):
            row[nodes] = True
        return table

    @property
    def converged(self) -> bool:
        """Whether the bound is as high as the linear program lets it be."""
        if self.bound is None:
            return False
        gap = self.value - self.bound.steps
        return gap <= _CLOSE * max(1, abs(self.bound.steps))

    def round(self, halt: Callable[[], bool], seconds: float) -> bool:
        """Solve the linear program, then look for groups or a better bound; False at the end.

        Parameters
        ----------
        halt : callable
            Asked every few milliseconds whether to return.
        seconds : float
            Time limit of the linear program.
        """
        duals = self._solve(seconds)
        if duals is None:
            return False
        self.value = duals.value
        self.rounds += 1
        outside = self._center is None
        while not (halt() or self.converged):
            at = duals if outside or self._center is None else duals.halfway(self._center)
            found, better = self._price(at, halt)
            if self._add(found.groups):
                return True
            if better:
                outside = False
            elif not outside:
                outside = True
            elif found.finished or self._root_work == ALL_WORK:
                return False
            else:
                self._root_work = min(_MORE_WORK * self._root_work, ALL_WORK)
                outside = self._center is None
        return False

    def _price(self, at: Duals, halt: Callable[[], bool]) -> tuple[Found, bool]:
        """Look for groups of least value; whether the bound has risen."""
        nodes = np.floor(at.nodes).astype(np.int64)
        price = int(np.floor(at.price))
        found = self._costs.search(
            self._apart, nodes, price, halt, most=len(nodes) + 1, root_work=self._root_work
        )
        if not found.finished:
            return found, False
        bound = GroupBound(nodes, min(price, found.least), self._k)
        if self.bound is not None and bound.steps <= self.bound.steps:
            return found, False
        self.bound = bound
        self._center = Duals(float(bound.steps), nodes.astype(np.float64), float(bound.price))
        return found, True

    def _solve(self, seconds: float) -> Duals | None:
        """Solve the linear program over the groups known; None if the time ran out."""
        # Late, as it takes a third of a second.
        from scipy.optimize import linprog

        if seconds <= 0:
            return None
        rows, columns = len(self._apart), len(self)
        starts = np.zeros(columns + 1, dtype=np.int64)
        np.cumsum([len(nodes) for nodes in self._members], out=starts[1:])
        cover = sp.csc_array(
            (np.ones(starts[-1]), np.concatenate(self._members), starts), shape=(rows, columns)
        )
        count = sp.csc_array(np.ones((1, columns)))
        limit = {"time_limit": seconds} if np.isfinite(seconds) else {}
        # Costs of about one, which is what tolerances are made for.
        prices = np.array(self._prices, dtype=np.float64)
        unit = max(1.0, float(np.abs(prices).max()))
        costs = prices / unit
        if self._costs.equations:
            found = linprog(
                costs,
                A_eq=cover,
                b_eq=np.ones(rows),
                A_ub=count,
                b_ub=[self._k],
                method="highs-ds",
                options=limit,
            )
        else:
            # Where groups get no cheaper by more nodes, a node too many costs nothing more, and
            # duals are positive.
            found = linprog(
                costs,
                A_ub=sp.vstack([-cover, count], format="csc"),
                b_ub=np.append(-np.ones(rows), self._k),
                method="highs-ds",
                options=limit,
            )
        if found.status == _LIMIT:
            return None
        if found.status != 0:
            raise SolverError(f"HiGHS could not solve a linear program: {found.message}")
        price = min(float(found.ineqlin.marginals[-1]), 0.0)
        nodes = (
            found.eqlin.marginals
            if self._costs.equations
            else np.maximum(-found.ineqlin.marginals[:-1], 0.0)
        )
        return Duals(float(found.fun) * unit, nodes * unit, price * unit)
