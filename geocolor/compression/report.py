"""What a compression did, plainly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from geocolor.sharing import ModelSize

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """Sizes before and after, predicted and measured loss increase.

    Attributes
    ----------
    method : str
        Name of the configuration.
    keep : float
        Share of the units' parameters asked for.
    before, after : ModelSize
        Unique parameters, bytes and multiply-accumulates.
    predicted_increase : float
        Nats per scored output, by the Kronecker criterion on what was stored.
    measured_increase : float
        Nats per scored output: divergence from the original's predictions.
    measured_on : str
        ``evaluation``: batches given for it. ``calibration``: the batches the plan was made on,
        which flatters it.
    shared_groups : int
        Groups of units that share parameters.
    price : float
        Nats per parameter at which the groups decided; 0 where ranks are uniform.
    cost_gap : float or None
        How far the plan's cost may be above the best forms and ranks for its groups, relative
        and in the method's own metric; None where ranks are uniform.
    coloring_status : str or None
        What is proven of the coloring of the conflict graph; None where no graph was colored.
    seconds : float
        Wall clock of planning, applying and measuring; calibration is not in it.
    """

    method: str
    keep: float
    before: ModelSize
    after: ModelSize
    predicted_increase: float
    measured_increase: float
    measured_on: str
    shared_groups: int
    price: float
    cost_gap: float | None
    coloring_status: str | None
    seconds: float

    @property
    def kept(self) -> float:
        """Share of the units' parameters in fact kept."""
        return self.after.unit_parameters / self.before.unit_parameters

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**asdict(self), "kept": self.kept}

    def __str__(self) -> str:
        """Show it as people read it."""
        before, after = self.before, self.after
        return "\n".join(
            (
                f"method      {self.method}, keep {self.keep:g} of the shareable matrices",
                f"matrices    {before.unit_parameters:,} -> {after.unit_parameters:,} parameters "
                f"({self.kept:.1%})",
                f"model       {before.parameters:,} -> {after.parameters:,} parameters, "
                f"{before.bytes / 1e6:.1f} -> {after.bytes / 1e6:.1f} MB",
                f"arithmetic  {before.unit_macs:,} -> {after.unit_macs:,} multiply-adds a token "
                f"({after.unit_macs / before.unit_macs:.1%})",
                f"shared      {self.shared_groups} groups",
                f"loss        +{self.predicted_increase:.4f} predicted, "
                f"+{self.measured_increase:.4f} measured (nats, on {self.measured_on} data)",
            )
        )
