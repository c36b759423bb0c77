"""Values of groups on a shared basis at one price, fast enough for searches over many small units.

They are what :class:`GroupCosts` gives for the forms BASIS and DENSE, in float64: with rows
``R_i = outer_i^1/2 W_i`` stacked over the members, the pooled basis of p rows comes from a p x p
matrix as long as there are fewer rows than dimensions, and only ranks that can pay are looked at.
Estimates do all in the span of the members' strongest rows, and in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geocolor.criterion.basis import Root
from geocolor.criterion.metric import View
from geocolor.errors import InputError

__all__ = ["StackedValues"]

# Directions of a unit that estimates look at: those that save this many times what the unit's own
# coefficients of one more rank cost. A basis of few members costs more than that.
_WORTH = 4.0

# Gram matrix in one metric of the first directions of a basis, and their products with the units
# there, up to a rank.
_Space = Callable[[int], tuple[Tensor, Tensor]]


class StackedValues:
    """What groups of one family cost, parameters priced; groups are rows of booleans.

    Parameters
    ----------
    views : sequence of View
        The units.
    price : float
        Nats per parameter.

    Attributes
    ----------
    floors : ndarray of float64, shape (units,)
        What each unit costs at least in any group: on its own best basis, if that were free.

    Raises
    ------
    InputError
        The units are not all of one family.
    """

    def __init__(self, views: Sequence[View], price: float) -> None:
        if len({view.unit.family for view in views}) != 1:
            raise InputError("the units do not share a space")
        self._price = price
        spaces: dict[int, int] = {}
        self._space = np.array([spaces.setdefault(id(v.inner), len(spaces)) for v in views])
        first = [int(np.argmax(self._space == space)) for space in range(len(spaces))]
        self._inner = [views[at].inner.double() for at in first]
        self._lower = [Root.of(inner).lower for inner in self._inner]
        self._width = len(self._inner[0])
        self._heights = np.array([len(view.weight) for view in views])
        self._rows: list[Tensor] = []
        self._own: list[Tensor] = []
        spectra = np.zeros((len(views), int(self._heights.max())))
        for at, view in enumerate(views):
            rows = Root.of(view.outer.double()).lower.T @ view.weight.double()
            seen = rows @ self._lower[self._space[at]]
            values, turn = torch.linalg.eigh(seen @ seen.T)
            # Turned so that the strongest direction of a unit is its first row.
            self._rows.append(turn.flip(1).T @ rows)
            self._own.append(turn.flip(1).T @ seen)
            spectra[at, : len(values)] = values.flip(0).clamp_min(0).cpu().numpy()
        self._energy = spectra.sum(axis=1)
        self._price_ranks(spectra)
        strong = (spectra / 2 > _WORTH * price * self._heights[:, None]).sum(axis=1)
        self._strong = [
            rows[: max(1, count)].float()
            for rows, count in zip(self._rows, strong.tolist(), strict=True)
        ]
        self._images = [
            (rows @ self._inner[space]).float()
            for rows, space in zip(self._rows, self._space.tolist(), strict=True)
        ]
        self._seen: dict[tuple[int, int], Tensor] = {}

    def _price_ranks(self, spectra: NDArray[np.float64]) -> None:
        """Cost each unit by itself, at every rank."""
        count, most = spectra.shape
        left = spectra[:, ::-1].cumsum(axis=1)[:, ::-1] / 2
        self._tails = np.concatenate([left, np.zeros((count, 1))], axis=1)
        heights, ranks = self._heights[:, None], np.arange(most + 1)
        dense = self._price * self._width * self._heights
        alone = self._tails + self._price * ranks * (self._width + heights)
        self._alone = np.minimum(alone.min(axis=1), dense)
        free = self._tails + self._price * ranks * heights
        self.floors: NDArray[np.float64] = np.minimum(free.min(axis=1), dense)

    def __call__(self, groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Value each of several groups, as the criterion does."""
        return np.array([self._value(np.flatnonzero(group), exact=True) for group in groups])

    def estimate(self, groups: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Value each of several groups, nearly, in a fraction of the time."""
        return np.array([self._value(np.flatnonzero(group), exact=False) for group in groups])

    @torch.no_grad()
    def _value(self, group: NDArray[np.int64], *, exact: bool) -> float:
        alone = float(self._alone[group].sum())
        if len(group) == 1:
            return alone
        height = int(self._heights[group].sum())
        dense = self._price * self._width * height
        rank_price = self._price * (self._width + height)
        # What each rank costs at least, each unit having the best basis for itself.
        least = rank_price * np.arange(min(self._width, height) + 1)
        known = self._tails[group].sum(axis=0)[: len(least)]
        least[: len(known)] += known
        spaces = self._basis(group, exact=exact)
        energy = float(self._energy[group].sum())

        def best(bar: float) -> float:
            rank = int(np.flatnonzero(least < bar).max(initial=1))
            captured = torch.stack([_captured(*space(rank)) for space in spaces]).sum(0)
            kept = np.concatenate([[0.0], captured.cpu().numpy().cumsum()])
            costs = np.maximum(energy - kept, 0.0) / 2
            return min(dense, float((costs + rank_price * np.arange(len(costs))).min()))

        bar = min(dense, alone)
        value = best(bar)
        # A group that loses by sharing may lose least at a rank that cannot win.
        return best(value) if exact and value > bar else value

    def _basis(self, group: NDArray[np.int64], *, exact: bool) -> list[_Space]:
        """Find the basis of a group, in the metric of its members weighted by their energies."""
        numbers = self._space[group]
        members = {int(space): group[numbers == space] for space in np.unique(numbers)}
        energy = {space: float(self._energy[inside].sum()) for space, inside in members.items()}
        total = sum(energy.values())
        share = {s: e / total if total > 0 else 1 / len(energy) for s, e in energy.items()}
        # More rows than dimensions are no short cut.
        if exact or sum(len(self._strong[at]) for at in group) > self._width:
            return self._exact(group, members, share)
        return self._nearly(group, members, share)

    def _exact(
        self, group: NDArray[np.int64], members: dict[int, NDArray[np.int64]], share: _Shares
    ) -> list[_Space]:
        rows = torch.cat([self._rows[at] for at in group])
        inner = torch.stack([part * self._inner[space] for space, part in share.items()]).sum(0)
        if len(rows) <= self._width:
            basis = rows.T @ _directions(rows @ inner @ rows.T)
        else:
            root = Root.of(inner)
            seen = rows @ root.lower
            basis = root.dual(_directions(seen.T @ seen))

        def of(space: int) -> _Space:
            own = torch.cat([self._own[at] for at in members[space]])

            def at(rank: int) -> tuple[Tensor, Tensor]:
                image = basis[:, :rank].T @ self._lower[space]
                return image @ image.T, image @ own.T

            return at

        return [of(space) for space in members]

    def _nearly(
        self, group: NDArray[np.int64], members: dict[int, NDArray[np.int64]], share: _Shares
    ) -> list[_Space]:
        rows = torch.cat([self._strong[at] for at in group])
        grams = {
            space: torch.cat([self._image(int(at), space) for at in group]) @ rows.T
            for space in members
        }
        turn = _directions(torch.stack([share[space] * grams[space] for space in members]).sum(0))

        def of(space: int) -> _Space:
            own = rows @ torch.cat([self._images[at] for at in members[space]]).T

            def at(rank: int) -> tuple[Tensor, Tensor]:
                some = turn[:, :rank]
                return some.T @ (grams[space] @ some), some.T @ own

            return at

        return [of(space) for space in members]

    def _image(self, at: int, space: int) -> Tensor:
        """Strong rows of a unit, times the metric of a space."""
        strong = self._strong[at]
        if self._space[at] == space:
            own: Tensor = self._images[at][: len(strong)]
            return own
        if (at, space) not in self._seen:
            self._seen[at, space] = (strong.double() @ self._inner[space]).float()
        return self._seen[at, space]


_Shares = dict[int, float]


def _directions(gram: Tensor) -> Tensor:
    """Eigenvectors, the strongest first and each of energy 1, without those that are rounding."""
    values, vectors = torch.linalg.eigh((gram + gram.T) / 2)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = float(values[0]) * len(values) * torch.finfo(values.dtype).eps
    kept = int((values > noise).sum())
    directions: Tensor = vectors[:, :kept] / values[:kept].sqrt()
    return directions


def _captured(gram: Tensor, onto: Tensor) -> Tensor:
    """Energy that each direction adds: the Cholesky factor makes all prefixes orthonormal."""
    lower = Root.of((gram + gram.T) / 2).lower
    own = torch.linalg.solve_triangular(lower, onto, upper=False)
    energy: Tensor = own.double().square().sum(1)
    return energy
