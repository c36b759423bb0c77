"""What a compression did, plainly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from geocolor.compression.configuration import Configuration, RankRule
from geocolor.compression.planner import Planned
from geocolor.compression.prediction import PredictionFit
from geocolor.compression.recovery import Recovery
from geocolor.criterion import Budget, LatencyTable
from geocolor.errors import InputError
from geocolor.sharing import ModelSize
from geocolor.timing import Timing
from geocolor.units import Use
from geocolor.wording import counted

__all__ = ["UNFITTED", "ModelReport", "PlannedLatency", "Report", "macs_per"]

# Why a report has no fit though one was asked for.
UNFITTED = "too few random plans cost anything to say what it is worth"
# What of a size each budget counts, and how a report calls it.
_COUNTED = {
    Budget.PARAMS: "unit_parameters",
    Budget.BYTES: "unit_bytes",
    Budget.MACS: "unit_macs",
}
_OF = {
    Budget.PARAMS: "",
    Budget.BYTES: "' bytes",
    Budget.MACS: "' multiply-adds",
    Budget.LATENCY: "' time",
}


@dataclass(frozen=True)
class ModelReport:
    """One of several models that were compressed together.

    Attributes
    ----------
    before, after : ModelSize
        Of the model by itself; what it shares with others is counted in each.
    measured_increase : float
        Nats per scored output.
    """

    before: ModelSize
    after: ModelSize
    measured_increase: float


@dataclass(frozen=True)
class PlannedLatency:
    """What a plan made for a budget of time is expected to take.

    Attributes
    ----------
    before, after : int
        Nanoseconds of the units, added up from times of single layers: an estimate.
    table : LatencyTable
        Those times. The plan is the same wherever it is made with them.
    """

    before: int
    after: int
    table: LatencyTable

    def __str__(self) -> str:
        """Show it as people read it."""
        return (
            f"{self.before / 1e6:.3g} -> {self.after / 1e6:.3g} ms expected "
            f"({self.after / self.before:.1%}) by times of single layers: {self.table.setting}"
        )


@dataclass(frozen=True)
class Report:
    """Sizes before and after, predicted and measured loss increase.

    Of several models compressed together, sizes count what they share once, and losses are sums
    over the models.

    Attributes
    ----------
    method : str
        Name of the configuration.
    keep : float
        Share of the units asked for, of what `budget` counts.
    before, after : ModelSize
        Unique parameters, bytes and multiply-accumulates.
    predicted_increase : float
        Nats per scored output, by the Kronecker criterion on what was stored.
    measured_increase : float
        Nats per scored output: divergence from the original's predictions, before a recovery;
        after one, `recovery` has it on held-out data.
    measured_on : str
        ``evaluation``: batches given for it. ``calibration``: the batches the plan was made on,
        which flatters it.
    fit : PredictionFit or None
        What random plans say predictions of this model are worth, where some were measured.
    unfitted : bool
        Whether random plans were asked for, and too few that cost anything were found to fit.
    shared_groups : int
        Groups of units that share parameters.
    narrowed_groups : int
        Hidden layers with fewer hidden units than they had.
    price : float
        Nats per parameter at which the groups decided; 0 where ranks are uniform.
    planned_cost, planned_bound : float or None
        What the plan costs in the method's own metric, damping included, and what no choice among
        the groups priced costs less than, in nats per scored output; None where ranks are uniform.
    groups_priced : int
        Groups of one or more units to choose from.
    coloring_status : str or None
        What is proven of the coloring of the conflict graph; None where no graph was colored.
    seconds : float
        Wall clock of planning, applying and measuring; calibration is not in it.
    models : tuple of ModelReport
        Each of several models; of one, none.
    recovery : Recovery or None
        What distillation gained after all of that, if it was tried.
    unreached : int
        Matrices that stay as they are and are not counted among the units: no output depends on
        them, as on experts that no calibration data reached, or it does otherwise than by calls of
        their layers.
    budget : Budget
        What `keep` counts.
    macs_per : str
        What multiply-adds are of: a ``token``, or a ``place`` of an image or a signal, where all
        layers are called at as many; or a whole ``sample``.
    latency : PlannedLatency or None
        What the units are expected to take, if that is what `keep` counts.
    speed : tuple of Timing
        Beside the original in turns, where that was measured.
    """

    method: str
    keep: float
    before: ModelSize
    after: ModelSize
    predicted_increase: float
    measured_increase: float
    measured_on: str
    fit: PredictionFit | None
    shared_groups: int
    narrowed_groups: int
    price: float
    planned_cost: float | None
    planned_bound: float | None
    groups_priced: int
    coloring_status: str | None
    seconds: float
    models: tuple[ModelReport, ...] = ()
    recovery: Recovery | None = None
    unreached: int = 0
    budget: Budget = Budget.PARAMS
    macs_per: str = "token"
    latency: PlannedLatency | None = None
    speed: tuple[Timing, ...] = ()
    unfitted: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that nothing can be a share of."""
        whole = [self.before.unit_parameters, self.before.unit_macs]
        if self.latency is not None:
            whole.append(self.latency.before)
        elif self.budget in _COUNTED:
            whole.append(getattr(self.before, _COUNTED[self.budget]))
        whole += [model.before.bytes for model in self.models]
        if min(whole) < 1:
            raise InputError("before compression there was nothing of what is counted")

    @classmethod
    def of(cls, planned: Planned, method: Configuration, **measured: Any) -> Report:
        """Fill in what the plan says; `measured` is the rest."""
        allocation = planned.allocation
        priced = method.ranks is RankRule.PRICED
        return cls(
            method=method.name,
            shared_groups=len(planned.plan.shared_groups),
            narrowed_groups=len(planned.plan.narrowed_groups),
            price=allocation.price,
            planned_cost=allocation.cost if priced else None,
            planned_bound=allocation.lower_bound if priced else None,
            groups_priced=allocation.candidates,
            coloring_status=None if planned.coloring is None else planned.coloring.status.value,
            **measured,
        )

    @property
    def kept(self) -> float:
        """Share of the units in fact kept, of what the budget counts."""
        if self.latency is not None:
            return self.latency.after / self.latency.before
        counted = _COUNTED[self.budget]
        return float(getattr(self.after, counted) / getattr(self.before, counted))

    @property
    def share_of(self) -> str:
        """What `keep` and `kept` are shares of, in words."""
        return f"matrices{_OF[self.budget]}"

    @property
    def expected_increase(self) -> float | None:
        """What the prediction comes to by the fit; None without one."""
        return None if self.fit is None else self.fit.increase(self.predicted_increase)

    @property
    def before_recovery(self) -> str:
        """What to add to a loss measured, where a recovery has come since."""
        return "" if self.recovery is None else " before recovery"

    @property
    def cost_gap(self) -> float | None:
        """How far the plan's cost may be above the best of all groups priced, relative."""
        if self.planned_cost is None or self.planned_bound is None:
            return None
        if self.planned_cost <= 0:
            return 0.0
        return max(0.0, self.planned_cost - self.planned_bound) / self.planned_cost

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            **asdict(self),
            "fit": None if self.fit is None else self.fit.to_json(),
            "expected_increase": self.expected_increase,
            "kept": self.kept,
            "cost_gap": self.cost_gap,
        }

    def __str__(self) -> str:
        """Show it as people read it."""
        before, after = self.before, self.after
        plan = []
        if self.planned_cost is not None and self.planned_bound is not None:
            plan.append(
                f"plan        costs {self.planned_cost:.6g} nats; no choice among the "
                f"{self.groups_priced:,} groups priced costs less than {self.planned_bound:.6g}"
            )
        expected = ""
        if self.expected_increase is not None:
            expected = f"{self.expected_increase:+.4f} as such plans go, "
        return "\n".join(
            (
                f"method      {self.method}, keep {self.keep:g} of the shareable {self.share_of}",
                f"matrices    {before.unit_parameters:,} -> {after.unit_parameters:,} parameters "
                f"({after.unit_parameters / before.unit_parameters:.1%})",
                f"model       {before.parameters:,} -> {after.parameters:,} parameters, "
                f"{before.bytes / 1e6:.1f} -> {after.bytes / 1e6:.1f} MB",
                f"arithmetic  {before.unit_macs:,} -> {after.unit_macs:,} multiply-adds a "
                f"{self.macs_per} "
                f"({after.unit_macs / before.unit_macs:.1%})",
                *([] if self.latency is None else [f"latency     {self.latency}"]),
                *self._speeds(),
                f"shared      {counted(self.shared_groups, 'group')} of matrices",
                f"narrowed    {counted(self.narrowed_groups, 'hidden layer')}",
                *self._left(),
                *plan,
                f"loss        {self.predicted_increase:+.4f} predicted, {expected}"
                f"{self.measured_increase:+.4f} measured{self.before_recovery} "
                f"(nats, on {self.measured_on} data)",
                *self._by_model(),
                *([] if self.fit is None else [f"prediction  {self.fit}"]),
                *([f"prediction  {UNFITTED}"] if self.unfitted else []),
                *([] if self.recovery is None else [f"recovery    {self.recovery}"]),
            )
        )

    def _left(self) -> list[str]:
        if not self.unreached:
            return []
        return [
            f"unreached   {counted(self.unreached, 'matrix', 'matrices')} that calibration data do "
            "not reach, or not by calls of their layers alone: left as they were, not counted above"
        ]

    def _speeds(self) -> list[str]:
        return [
            f"speed       {timing.phase}, batch {timing.batch}: {timing.speedup:.2f} times the "
            f"original's by the clock, {timing.cpu_speedup or 0:.2f} by processor time "
            f"({timing.rate:,.0f} {timing.unit}s a second)"
            for timing in self.speed
        ]

    def _by_model(self) -> list[str]:
        if not self.models:
            return []
        largest = max(model.before.bytes for model in self.models)
        return [
            f"together    {len(self.models)} models in {self.after.bytes / largest:.3f} times the "
            "bytes of the largest; sizes and losses above are of all",
            *(
                f"model {at:<5} {model.measured_increase:+.4f} measured, "
                f"{model.before.unit_macs:,} -> {model.after.unit_macs:,} multiply-adds a "
                f"{self.macs_per}"
                for at, model in enumerate(self.models)
            ),
        ]


def macs_per(uses: Mapping[str, Use]) -> str:
    """Say what multiply-adds are of: a token, a place of an image, or a sample."""
    return next(iter(uses.values())).per
