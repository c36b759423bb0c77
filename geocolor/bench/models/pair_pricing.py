"""What pricing all pairs of a model's matrices costs, and what its estimates are worth."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from geocolor.compression.analysis import Analysis
from geocolor.compression.configuration import Configuration
from geocolor.compression.planner import priced_graph, whole_budget
from geocolor.compression.progress import Progress, silent
from geocolor.criterion import Form, GroupCosts, PricedPairs

__all__ = ["PairPricing", "measure_pair_pricing"]

# Differences that are rounding, relative to a value.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairPricing:
    """Seconds that all pairs took, and estimates beside prices.

    Errors are estimated less exact weights, as shares of what both units cost alone.

    Attributes
    ----------
    units, pairs : int
        Matrices, and pairs of them that have a space in common.
    priced, paying : int
        Pairs priced exactly, and those of them that gain by sharing.
    seconds, cpu_seconds : float
        From the curvature to the weights of all pairs, those of single matrices included.
    sampled, missed : int
        Estimated pairs that were priced afterwards, half of them by chance and half those estimated
        to lose least; and those that gain by sharing all the same.
    correlation : float or None
        Spearman's, of estimated and exact weights of the sample; None of fewer than three.
    errors : tuple of float
        Least, median and largest error of the sample.
    """

    units: int
    pairs: int
    priced: int
    paying: int
    seconds: float
    cpu_seconds: float
    sampled: int
    missed: int
    correlation: float | None
    errors: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Show it as people read it."""
        lines = [
            f"pairs        {self.pairs:,} of {self.units} matrices",
            f"priced       {self.priced:,} exactly, {self.paying:,} gain by sharing",
            f"time         {self.seconds:.1f} s, {self.cpu_seconds:.1f} CPU-s",
        ]
        if self.sampled:
            least, middle, most = (100 * error for error in self.errors)
            told = "" if self.correlation is None else f", correlation {self.correlation:.3f}"
            lines += [
                f"sample       {self.sampled} estimated pairs, {self.missed} gain after all",
                f"error        {least:+.2f}% to {most:+.2f}%, median {middle:+.2f}%{told}",
            ]
        return "\n".join(lines)


def measure_pair_pricing(
    analysis: Analysis,
    configuration: Configuration,
    keep: float,
    *,
    sample: int,
    seed: int = 0,
    on_progress: Progress = silent,
) -> PairPricing:
    """Price all pairs at the price of a budget, and some of the estimated ones once more.

    Parameters
    ----------
    analysis : Analysis
        Of the model.
    configuration : Configuration
        The criterion.
    keep : float
        Share of the matrices' parameters, in (0, 1), that sets the price.
    sample : int
        Estimated pairs to price exactly, at most.
    seed : int
        Of the sample.
    on_progress : callable
        Told the stage, the steps done and the steps in all.
    """
    units = analysis.units
    everywhere = replace(configuration, reach=len(units), across_roles=True)
    started, worked = time.monotonic(), time.process_time()
    costs = analysis.costs(everywhere)
    budget = whole_budget(units, costs, keep)
    priced = priced_graph(units, costs, everywhere, budget, on_progress)
    seconds, worked = time.monotonic() - started, time.process_time() - worked
    chosen = _sample(priced, costs, sample, seed)
    guessed = np.array([priced.weights[at] for at in chosen])
    exact, apart = np.empty(len(chosen)), np.empty(len(chosen))
    for done, at in enumerate(chosen):
        on_progress("pricing a sample", done, len(chosen))
        first, second = (units[member].name for member in priced.pairs[at])
        apart[done] = _apart(costs, (first, second), priced.price)
        exact[done] = costs.best((first, second), priced.price).value - apart[done]
    errors = (guessed - exact) / apart
    weights = np.array(priced.weights)
    pairs = [(units[i].name, units[j].name) for i, j in priced.pairs]
    alone = np.array([_apart(costs, pair, priced.price) for pair in pairs])
    return PairPricing(
        units=len(units),
        pairs=len(priced.pairs),
        priced=len(priced.pairs) - len(priced.estimated),
        paying=int((weights < -_ROUNDING * alone).sum()),
        seconds=seconds,
        cpu_seconds=worked,
        sampled=len(chosen),
        missed=int((exact < -_ROUNDING * apart).sum()),
        correlation=_correlation(guessed, exact),
        errors=tuple(np.quantile(errors, (0, 0.5, 1)).tolist()) if len(chosen) else (),
    )


def _apart(costs: GroupCosts, pair: tuple[str, str], price: float) -> float:
    return sum(costs.best((name,), price).value for name in pair)


def _sample(priced: PricedPairs, costs: GroupCosts, size: int, seed: int) -> list[int]:
    """Choose among pairs estimated to do better than both matrices as they are."""
    found = []
    for at, (i, j) in enumerate(priced.pairs):
        both = (priced.units[i], priced.units[j])
        value = priced.weights[at] + _apart(costs, (both[0].name, both[1].name), priced.price)
        dense = costs.curve(Form.DENSE, (both[0].name, both[1].name)).best(priced.price).value
        if (i, j) in priced.estimated and value < (1 - _ROUNDING) * dense:
            found.append(at)
    found.sort(key=lambda at: priced.weights[at])
    size = min(size, len(found))
    near, rest = found[: size // 2], found[size // 2 :]
    others = np.random.default_rng(seed).choice(rest, size - len(near), replace=False)
    return [*near, *others.tolist()]


def _correlation(guessed: NDArray[np.float64], exact: NDArray[np.float64]) -> float | None:
    if min(len(np.unique(guessed)), len(np.unique(exact))) < 3:
        return None
    return float(spearmanr(guessed, exact).statistic)
