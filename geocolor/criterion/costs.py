"""The cost of any group of units, in every form, with a cache."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from geocolor.criterion.basis import BasisFitter, SharedBasis
from geocolor.criterion.counting import Counting, Sizes
from geocolor.criterion.curves import Choice, CostCurve, Form
from geocolor.criterion.dominant import DominantPairs
from geocolor.criterion.metric import View
from geocolor.criterion.narrow import Narrowing, interpolated, narrow, narrow_curve
from geocolor.criterion.residual import SharedMatrix, fit_residual, residual_curve
from geocolor.criterion.tie import alignment, merge, pair_tie_bound, tie_cost
from geocolor.errors import InputError
from geocolor.units import Chain, Side

__all__ = ["GroupCosts"]

Group = tuple[str, ...]

# Trust region of ties. Matrices of like importance that point apart lose about half their energy
# when merged, which no saving repays; where one matters little, dropping it costs no more than
# tying it to the other. It is a rule, not a bound: bounds that would show it cost a merge each.
_TIE_ALIGNMENT = 0.5


class GroupCosts:
    """Values groups exactly, each form's curve at most once.

    Parameters
    ----------
    views : mapping of str to View
        All units, by name.
    forms : collection of Form
        Forms allowed.
    refit : bool
        Whether a shared basis gets coefficients fitted in each unit's own metric.
    chains : collection of Chain
        Hidden layers; the matrices of one are a group where NARROW is allowed.
    dominant : mapping of str to DominantPairs
        Eigenpairs that coefficients on a shared basis keep out of, in plain distance.

    Attributes
    ----------
    forms, refit
        As given.
    chains : dict of tuple of str to Chain
        Those that may be narrowed, by their members.
    """

    def __init__(
        self,
        views: Mapping[str, View],
        forms: Collection[Form],
        *,
        refit: bool = True,
        chains: Collection[Chain] = (),
        dominant: Mapping[str, DominantPairs] | None = None,
    ) -> None:
        self.views = views
        self.dominant = dominant or {}
        self.forms = frozenset(forms)
        self.refit = refit
        usable = chains if Form.NARROW in self.forms else ()
        self.chains = {chain.members: chain for chain in usable}
        self._narrowings: dict[Group, Narrowing] = {}
        self._fitter = BasisFitter(refit=refit, dominant=dominant)
        self._measured: dict[tuple[Form, Group], CostCurve] = {}
        self._curves: dict[tuple[Form, Group], CostCurve] = {}
        self._counting: Sizes = Counting()
        self._rank_multiple = 1
        self._tie_bounds: dict[Group, float] = {}

    def group(self, names: Sequence[str]) -> list[View]:
        """Look up the views of a group.

        Raises
        ------
        InputError
            The units are not all of one family.
        """
        views = [self.views[name] for name in names]
        families = {view.unit.family for view in views}
        if len(families) != 1:
            raise InputError(f"{', '.join(names)} do not share a space")
        return views

    def curve(self, form: Form, names: Group) -> CostCurve:
        """Exact curve of one form; computed on first use.

        Raises
        ------
        InputError
            The units have no space in common, or are no hidden layer.
        """
        key = (form, names)
        if key not in self._curves:
            if key not in self._measured:
                self._measured[key] = (
                    narrow_curve(self._narrowing(names), self._parameters_per_hidden_unit(names))
                    if form is Form.NARROW
                    else self._compute(form, self.group(names))
                )
            self._curves[key] = self._counted(names, self._measured[key])
        return self._curves[key]

    def counted(self, counting: Sizes, rank_multiple: int = 1) -> GroupCosts:
        """Give the same costs against other sizes, at some of the ranks; nothing is computed twice.

        Parameters
        ----------
        counting : Sizes
            What the budget counts.
        rank_multiple : int
            Ranks, and hidden units that stay, are multiples of it, or as many as there are.
        """
        other = copy.copy(self)
        other._curves, other._counting, other._rank_multiple = {}, counting, rank_multiple
        return other

    def _counted(self, names: Group, curve: CostCurve) -> CostCurve:
        kept = curve.ranks % self._rank_multiple == 0
        if curve.form in (Form.BASIS, Form.NARROW):
            kept[-1] = True  # nothing is lost there, which no multiple may be
        ranks, costs = curve.ranks[kept], curve.costs[kept]
        sizes = self._sizes(curve.form, names, ranks)
        # Of ranks that take the same time the highest loses least.
        last = np.append(sizes[:-1] < sizes[1:], True)
        return CostCurve(curve.form, costs[last], sizes[last], ranks[last])

    def _sizes(self, form: Form, names: Group, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._counting.sizes(form, [self.views[name].unit for name in names], ranks)

    def rank_size(self, names: Group) -> float:
        """Count what each rank at least adds to a basis that a group shares."""
        unit = self.views[names[0]].unit
        ranks = np.arange(1, 1 + unit.shape[1 if unit.side is Side.READ else 0])
        return float((self._sizes(Form.BASIS, names, ranks) / ranks).min())

    def whole(self, names: Iterable[str]) -> int:
        """Count what units are as they are."""
        return sum(self.curve(Form.DENSE, (name,)).best(0.0).size for name in names)

    def _narrowing(self, names: Group) -> Narrowing:
        if names not in self.chains:
            raise InputError(f"{', '.join(names)} are no hidden layer that may be narrowed")
        if names not in self._narrowings:
            self._narrowings[names] = narrow(self.views[self.chains[names].reader])
        return self._narrowings[names]

    def _parameters_per_hidden_unit(self, names: Group) -> int:
        chain = self.chains[names]
        inputs = sum(self.views[name].unit.shape[1] for name in chain.writers)
        return inputs + self.views[chain.reader].unit.shape[0]

    def _compute(self, form: Form, views: Sequence[View]) -> CostCurve:
        if form is Form.BASIS:
            return self._fitter.curve(views)
        if form is Form.RESIDUAL:
            return residual_curve(views)
        if form is Form.TIED:
            cost = tie_cost(views, merge(views))
            return CostCurve.straight(form, np.array([cost]), views[0].unit.parameters, 0)
        whole = sum(view.unit.parameters for view in views)
        return CostCurve.straight(form, np.zeros(1), whole, 0)

    def curves(self, names: Group, price: float) -> tuple[CostCurve, ...]:
        """Give the curves of all forms that may pay.

        A tie is computed only between matrices that point the same way (cosine at least 0.5),
        and where a lower bound on its cost leaves it a chance at this price; one with low-rank
        differences between all that point the same way.

        Parameters
        ----------
        names : tuple of str
            Units of one family, or the members of a hidden layer.
        price : float
            Nats per parameter, or what else sizes count.
        """
        narrowed = [self.curve(Form.NARROW, names)] if names in self.chains else []
        if narrowed and len({self.views[name].unit.family for name in names}) > 1:
            return tuple(narrowed)  # no space in common
        found = [self.curve(form, names) for form in (Form.BASIS, Form.DENSE) if form in self.forms]
        found += narrowed
        if Form.RESIDUAL in self.forms and self._in_trust(names):
            found.append(self.curve(Form.RESIDUAL, names))
        elif Form.TIED in self.forms:
            to_beat = min(curve.best(price).value for curve in found)
            if self._tie_may_pay(names, price, to_beat):
                found.append(self.curve(Form.TIED, names))
        return tuple(found)

    def best(self, names: Group, price: float) -> Choice:
        """Choose form and rank of least cost plus price times size, of :meth:`curves`."""
        return min(
            (curve.best(price) for curve in self.curves(names, price)),
            # At one value the smaller form is better: at price 0 many are lossless.
            key=lambda choice: (choice.value, choice.size),
        )

    def may_tie(self, names: Group) -> bool:
        """Whether ties of a group are looked at, with differences or without."""
        return bool({Form.TIED, Form.RESIDUAL} & self.forms) and self._in_trust(names)

    def _in_trust(self, names: Group) -> bool:
        """Whether a group is of one shape and in the trust region."""
        shapes = {self.views[name].unit.shape for name in names}
        return len(names) > 1 and len(shapes) == 1 and self._tie_bound(names) < math.inf

    def _tie_may_pay(self, names: Group, price: float, to_beat: float) -> bool:
        if not self._in_trust(names):
            return False
        tied = int(self._sizes(Form.TIED, names, np.zeros(1, dtype=np.int64))[0])
        room = to_beat - price * tied
        return room > 0 and self._tie_bound(names) < room

    def _tie_bound(self, names: Group) -> float:
        """Bound a tie from below; infinite outside the trust region.

        ``sum of pair costs / (|S| - 1)`` bounds a tie of more than two, and so do pair bounds.
        """
        if names not in self._tie_bounds:
            if len(names) == 2:
                first, second = (self.views[name] for name in names)
                aligned = alignment(first, second) >= _TIE_ALIGNMENT
                bound = pair_tie_bound(first, second) if aligned else math.inf
            else:
                pairs = combinations(names, 2)
                bound = sum(self._tie_bound(pair) for pair in pairs) / (len(names) - 1)
            self._tie_bounds[names] = bound
        return self._tie_bounds[names]

    def fit_basis(self, names: Group, rank: int) -> SharedBasis:
        """Give the factors of a group in BASIS form, oriented."""
        return self._fitter.fit(self.group(names), rank)

    def fit_narrow(self, names: Group, count: int) -> tuple[Tensor, Tensor]:
        """Give the hidden units that stay where `count` do, and the reader's columns for them."""
        kept = self._narrowing(names).kept(count)
        return kept, interpolated(self.views[self.chains[names].reader], kept)

    def fit_residual(self, names: Group, rank: int) -> SharedMatrix:
        """Give the matrix and differences of a group in RESIDUAL form, oriented."""
        return fit_residual(self.group(names), rank)

    def fit_tie(self, names: Group) -> Tensor:
        """Merge a group into the one matrix of its TIED form, oriented."""
        return merge(self.group(names))
