"""Whether a predicted loss increase can be believed, and what it comes to.

The criterion adds up what each change costs alone, on the calibration data. Errors of one layer
pass through the layers behind it, and ranks chosen on the calibration data fit it better than other
data, so that more is measured than was predicted. How much more follows a power law for the plans
of one model, which some random plans are enough to fit.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import InputError

__all__ = ["LEAST_PLANS", "PredictionFit"]

# Plans to fit two numbers to and leave one out.
LEAST_PLANS = 4
# What a prediction has to reach to be relied on.
_RANK_CORRELATION, _ERROR = 0.95, 0.25


@dataclass(frozen=True)
class PredictionFit:
    """Measured increases as a power of predicted ones, fitted to random plans.

    Attributes
    ----------
    predicted, measured : tuple of float
        Nats per scored output, of each plan.

    Raises
    ------
    InputError
        There are fewer than four plans, or one of them was predicted or measured to cost nothing.

    Examples
    --------
    >>> fit = PredictionFit((0.1, 0.2, 0.4, 0.8), (0.3, 0.6, 1.2, 2.4))
    >>> round(fit.increase(0.3), 6), fit.rank_correlation, fit.believable
    (0.9, 1.0, True)
    """

    predicted: tuple[float, ...]
    measured: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.predicted) != len(self.measured):
            raise InputError("each plan needs its predicted and its measured increase")
        if len(self.predicted) < LEAST_PLANS:
            raise InputError(f"a fit takes {LEAST_PLANS} plans or more, not {len(self.predicted)}")
        if not all(0 < value < math.inf for value in (*self.predicted, *self.measured)):
            raise InputError("plans that cost nothing, or beyond all bounds, cannot be fitted")

    @cached_property
    def _line(self) -> tuple[float, float]:
        return _line(np.log(self.predicted), np.log(self.measured))

    @property
    def exponent(self) -> float:
        """Power of the predicted increase that the measured one grows with."""
        return self._line[0]

    @property
    def factor(self) -> float:
        """Increase to expect where one nat is predicted."""
        return math.exp(self._line[1])

    def increase(self, predicted: float) -> float:
        """Give the increase to expect where the criterion predicts `predicted` nats."""
        return self.factor * predicted**self.exponent if predicted > 0 else 0.0

    @cached_property
    def rank_correlation(self) -> float:
        """Spearman's correlation between predicted and measured increases."""
        # Late, as it takes half a second.
        from scipy.stats import spearmanr

        return float(spearmanr(self.predicted, self.measured).statistic)

    @cached_property
    def error(self) -> float:
        """Median relative error, each plan being foretold from the others alone."""
        predicted, measured = np.log(self.predicted), np.log(self.measured)
        errors = []
        for left_out in range(len(predicted)):
            others = np.arange(len(predicted)) != left_out
            exponent, level = _line(predicted[others], measured[others])
            foretold = exponent * predicted[left_out] + level
            errors.append(abs(math.expm1(foretold - measured[left_out])))
        return float(np.median(errors))

    @property
    def believable(self) -> bool:
        """Whether plans are ranked rightly (0.95) and foretold to within 25%, by the median."""
        return self.rank_correlation >= _RANK_CORRELATION and self.error <= _ERROR

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            **asdict(self),
            "factor": self.factor,
            "exponent": self.exponent,
            "rank_correlation": self.rank_correlation,
            "error": self.error,
            "believable": self.believable,
        }

    def __str__(self) -> str:
        """Say what the fit is worth, in one line."""
        worth = (
            f"{len(self.predicted)} random plans: rank correlation {self.rank_correlation:.2f}, "
            f"each foretold from the others to within {self.error:.0%} (median)"
        )
        return worth if self.believable else f"{worth}; do not rely on it"


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Fit slope and level by least squares; where all x agree, the slope is 1."""
    spread = x - x.mean()
    square = float(spread @ spread)
    slope = float(spread @ y) / square if square > 0 else 1.0
    return slope, float(y.mean() - slope * x.mean())
