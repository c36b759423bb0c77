"""Measure a model once, then compress it as often as wanted."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence

from torch import Tensor, nn

from geocolor.compression.compressed import Compressed
from geocolor.compression.configuration import Configuration, check_keep, check_priced, resolved
from geocolor.compression.latency import time_units, token_uses
from geocolor.compression.planner import (
    Planned,
    plan_options,
    plan_sharing,
    priced_graph,
    propose_groups,
    whole_budget,
)
from geocolor.compression.prediction import PredictionFit
from geocolor.compression.progress import Progress
from geocolor.compression.random_plans import check_random_plans, measure_plans, random_plans
from geocolor.compression.record import Origin, unit_records
from geocolor.compression.report import ModelReport, PlannedLatency, Report, macs_per
from geocolor.compression.several import Divergences
from geocolor.compression.speed import writes
from geocolor.compression.values import changed_weights, group_weights, predict
from geocolor.criterion import (
    Budget,
    Counting,
    GroupCosts,
    LatencyTable,
    Metric,
    PricedPairs,
    Sizes,
    TimesCounting,
    dominant_pairs,
    oriented_views,
)
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph, SharingOptions
from geocolor.sharing import ModelSize, apply_plan, keep_ties, measure_size
from geocolor.sharing.equal import tie_equal
from geocolor.units import (
    Chain,
    Unit,
    Use,
    copy_of,
    matrix_of,
    models_of,
)

__all__ = ["Analysis", "unfolded_curvature"]

# Eigenpairs of a matrix's curvature that perturbations are kept out of.
_DOMINANT = 64
# Share of the parameters at whose price random plans find their groups.
_MIDDLE = 0.7


class Analysis:
    """A measured model; made by :func:`geocolor.compression.analyze`.

    Attributes
    ----------
    units : tuple of Unit
        What may share.
    curvature : Curvature
        Kronecker factors, with norms folded.
    latency : LatencyTable
        What a budget of ``latency`` counts with.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        unfolded: nn.Module | None,
        scales: dict[str, Tensor],
        units: tuple[Unit, ...],
        unreached: int,
        curvature: Curvature,
        chains: tuple[Chain, ...],
        uses: Mapping[str, Use],
        latency: LatencyTable | None,
        structure: str,
        divergence: Divergences,
        measured_on: str,
        seed: int,
        on_progress: Progress,
    ) -> None:
        self.units = units
        self.curvature = curvature
        self._model = model
        self._unfolded = unfolded
        self._scales = scales
        self._unreached = unreached
        self._chains = chains
        self._uses = uses
        self._latency = latency
        self._bytes = {
            unit.name: matrix_of(model.get_submodule(unit.name)).element_size() for unit in units
        }
        self._structure = structure
        self._divergence = divergence
        self._measured_on = measured_on
        self._seed = seed
        self._progress = on_progress
        self._measured: dict[tuple[Hashable, ...], GroupCosts] = {}
        self._costs: dict[tuple[Hashable, ...], GroupCosts] = {}
        self._fits: dict[tuple[Hashable, ...], PredictionFit | None] = {}
        self._spent = False

    def _basis(self, configuration: Configuration) -> tuple[nn.Module, Curvature]:
        """Model and curvature in the coordinates that the configuration works in."""
        if configuration.fold_norms or not self._scales:
            return self._model, self.curvature
        if self._unfolded is None:
            raise InputError(f"{configuration.name} does not work in place; use inplace=False")
        return self._unfolded, unfolded_curvature(self.curvature, self._scales)

    def costs(self, configuration: Configuration) -> GroupCosts:
        """Give the criterion of a configuration; costs once computed serve all that agree in it."""
        criterion = configuration.criterion
        key = (*criterion, configuration.budget, configuration.rank_multiple)
        if key in self._costs:
            return self._costs[key]
        if criterion not in self._measured:
            model, curvature = self._basis(configuration)
            views = oriented_views(
                self.units,
                {unit.name: matrix_of(model.get_submodule(unit.name)) for unit in self.units},
                curvature,
                configuration.metric,
                configuration.damping,
            )
            dominant = {}
            if configuration.metric is Metric.DOMINANT:
                self._progress("finding dominant eigenpairs", 0, 1)
                dominant = {
                    unit.name: dominant_pairs(curvature.factors[unit.name], unit.side, _DOMINANT)
                    for unit in self.units
                }
            self._measured[criterion] = GroupCosts(
                views,
                configuration.forms,
                refit=configuration.refit,
                chains=self._chains,
                dominant=dominant,
            )
        counting = self._counting(configuration.budget)
        costs = self._measured[criterion].counted(counting, configuration.rank_multiple)
        self._costs[key] = costs
        return costs

    @property
    def latency(self) -> LatencyTable:
        """What each layer takes: as was given, or measured here when first asked for.

        A model that writes tokens is timed on one, any other on the first calibration sample.
        """
        if self._latency is None:
            uses, tokens = self._uses, 0
            if all(writes(part) for part in models_of(self._model).values()):
                uses, tokens = token_uses(self._model, self.units, 1), 1
            self._latency = time_units(
                self._model, self.units, uses, tokens, on_progress=self._progress
            )
        return self._latency

    def _counting(self, budget: Budget) -> Sizes:
        if budget is Budget.LATENCY:
            return TimesCounting(self.latency, self._uses)
        return Counting(budget, self._bytes, self._uses)

    def forget(self, besides: str | Configuration) -> None:
        """Drop the costs computed so far that a method has no use for, to free their memory."""
        useful = resolved(besides).criterion
        self._measured = {key: costs for key, costs in self._measured.items() if key == useful}
        self._costs = {key: costs for key, costs in self._costs.items() if key[:-2] == useful}

    def conflict_graph(
        self, keep: float, configuration: str | Configuration = "default"
    ) -> ConflictGraph:
        """Build the weighted conflict graph at the price of a budget: of :meth:`priced_pairs`."""
        return self.priced_pairs(keep, configuration).graph()

    def priced_pairs(
        self, keep: float, configuration: str | Configuration = "default"
    ) -> PricedPairs:
        """Price pairs of units at the price of a budget, and estimate what no pricing is worth.

        `keep` is the share of the units' parameters to keep, in (0, 1).

        Raises
        ------
        InputError
            `keep` is out of range, or the method puts no price on parameters.
        """
        method = resolved(configuration)
        check_priced(keep, method)
        costs = self.costs(method)
        budget = whole_budget(self.units, costs, keep)
        return priced_graph(self.units, costs, method, budget, self._progress)

    def options(
        self, keep: float, configuration: str | Configuration = "default"
    ) -> SharingOptions:
        """List what groups of units may be stored as: what :meth:`compress` chooses from.

        Parameters
        ----------
        keep : float
            Share of the units' parameters, in (0, 1), at whose price groups of three and more are
            looked for; what is found serves any budget.
        configuration : str or Configuration
            The criterion and the rule of grouping.

        Raises
        ------
        InputError
            `keep` is out of range, or the method puts no price on parameters.
        """
        method = resolved(configuration)
        check_priced(keep, method)
        costs = self.costs(method)
        return plan_options(
            self.units, costs, method, keep, seed=self._seed, progress=self._progress
        )

    def fit_prediction(
        self, configuration: str | Configuration = "default", *, plans: int = 8
    ) -> PredictionFit | None:
        """Measure random plans, to learn what predicted increases are worth.

        Reports of later compressions by the same criterion carry it. Each plan takes about as long
        as a compression; the model is the same afterwards. Plans that cost nothing are left out,
        and others drawn; where fewer than four are left there is no fit.

        Parameters
        ----------
        configuration : str or Configuration
            A method that prices parameters.
        plans : int
            At least four.

        Raises
        ------
        InputError
            The method sets ranks without a price, or fewer than four plans are asked for.
        """
        method = resolved(configuration)
        check_random_plans(plans, method)
        self._require_unspent()
        model, curvature = self._basis(method)
        costs = self.costs(method)
        budget = whole_budget(self.units, costs, _MIDDLE)
        self._fits[method.criterion] = None
        proposal = propose_groups(
            self.units, costs, method, budget, seed=self._seed, progress=self._progress
        )
        drawn = random_plans(self.units, costs, proposal, plans, self._seed)
        self._fits[method.criterion] = measure_plans(
            drawn,
            costs,
            model,
            curvature,
            self._divergence,
            plans,
            lambda done: self._progress("measuring random plans", done, plans),
        )
        return self._fits[method.criterion]

    def _require_unspent(self) -> None:
        if self._spent:
            raise InputError("the model was compressed in place; analyze it anew")

    def compress(self, keep: float, configuration: str | Configuration = "default") -> Compressed:
        """Plan, apply, measure.

        Parameters
        ----------
        keep : float
            Share to keep of what the method's budget counts of the units, in (0, 1].
        configuration : str or Configuration
            A preset's name or a method of your own.

        Raises
        ------
        InputError
            `keep` is out of range, the preset unknown, or the budget too small.
        """
        started = time.monotonic()
        method = resolved(configuration)
        check_keep(keep)
        keep = float(keep)
        self._require_unspent()
        model, curvature = self._basis(method)
        costs = self.costs(method)
        planned = plan_sharing(
            self.units, costs, method, keep, seed=self._seed, progress=self._progress
        )
        names = [unit.name for unit in self.units]
        before = measure_size(model, names, self._uses)
        before_each = _sizes_by_model(model, self.units, self._uses)
        weights = group_weights(planned, costs, self._progress)
        changed = changed_weights(planned.plan, weights, model)
        predicted = predict(changed, model, curvature)
        del changed
        self._spent = self._unfolded is None
        smaller = model if self._spent else copy_of(model)
        apply_plan(smaller, planned.plan, weights)
        if isinstance(smaller, nn.ModuleList):
            tie_equal(smaller)
        keep_ties(smaller)
        measured = self._divergence.each(
            smaller.eval(), lambda done: self._progress("measuring", done, 0)
        )
        fit = self._fits.get(method.criterion)
        after_each = _sizes_by_model(smaller, self.units, self._uses)
        report = Report.of(
            planned,
            method,
            keep=keep,
            before=before,
            after=measure_size(smaller, names, self._uses),
            budget=method.budget,
            latency=self._planned_latency(planned, costs)
            if method.budget is Budget.LATENCY
            else None,
            macs_per=macs_per(self._uses),
            predicted_increase=predicted,
            measured_increase=sum(measured),
            models=tuple(map(ModelReport, before_each, after_each, measured)),
            measured_on=self._measured_on,
            unreached=self._unreached,
            fit=fit,
            unfitted=fit is None and method.criterion in self._fits,
            seconds=time.monotonic() - started,
        )
        return Compressed(
            smaller,
            planned.plan,
            report,
            self.units,
            method,
            planned,
            self._structure,
            None if self._spent else model,
            unit_records(self.units, smaller, costs, self._uses),
            Origin.of(smaller, self.curvature.tokens, self.curvature.outputs, self._seed),
        )

    def _planned_latency(self, planned: Planned, costs: GroupCosts) -> PlannedLatency:
        before = costs.whole(unit.name for unit in self.units)
        return PlannedLatency(before, planned.allocation.size, self.latency)


def _sizes_by_model(
    model: nn.Module, units: Sequence[Unit], uses: Mapping[str, Use]
) -> list[ModelSize]:
    """Measure each of several models; of one there is no more to say."""
    if not isinstance(model, nn.ModuleList):
        return []
    sizes = []
    for at, part in enumerate(models_of(model).values()):
        own = {unit.place: uses[unit.name] for unit in units if unit.model == at}
        sizes.append(measure_size(part, own, own))
    return sizes


def unfolded_curvature(curvature: Curvature, scales: dict[str, Tensor]) -> Curvature:
    """Take norm scales back out of the input factors; readers of one norm stay one object."""
    moved: dict[int, Tensor] = {}
    factors = dict(curvature.factors)
    for name, scale in scales.items():
        if name not in factors:
            continue
        inputs = factors[name].inputs
        if id(inputs) not in moved:
            wide = scale.to(inputs.dtype)
            moved[id(inputs)] = wide[:, None] * inputs * wide
        factors[name] = KroneckerFactors(moved[id(inputs)], factors[name].gradients)
    return Curvature(factors, curvature.tokens, curvature.outputs)
