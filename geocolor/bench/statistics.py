"""Uncertainty: intervals over seeds, and tests of paired differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = [
    "Interval",
    "PairedTest",
    "bootstrap_interval",
    "bootstrap_means",
    "holm",
    "paired_test",
    "shifted_geometric_mean",
    "smallest_p",
]

RESAMPLES = 2000
LEVEL = 0.95
# As many sign patterns as 13 differences have; from 14 on they are drawn.
_SIGN_FLIPS = 2**13
# Floats held at a time while they are drawn.
_BATCH = 2**18
_HALVES: dict[str, float] = {"two-sided": 2.0, "greater": 1.0}


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes
    ----------
    low, high : float
    level : float
        Coverage aimed at, such as 0.95.
    """

    low: float
    high: float
    level: float = LEVEL


@dataclass(frozen=True)
class PairedTest:
    """Sign-flip permutation test of paired differences.

    Attributes
    ----------
    pairs : int
        Differences.
    ties : int
        Those that are 0.
    mean : float
        Mean difference, ties included.
    p_value : float or None
        None if every difference is 0.
    note : str
        What the sample is too small to show; empty if it is not.
    """

    pairs: int
    ties: int
    mean: float
    p_value: float | None
    note: str = ""


def bootstrap_means(
    strata: Sequence[ArrayLike], *, seed: int = 0, resamples: int = RESAMPLES
) -> NDArray[np.float64] | None:
    """Resample seeds within each instance; the mean over instances of the mean over seeds.

    Parameters
    ----------
    strata : sequence of array_like, each of shape (seeds,) or (seeds, points)
        An instance each.
    seed : int
        Of the resampling.
    resamples : int
        How often.

    Returns
    -------
    ndarray of shape (resamples,) or (resamples, points), or None
        None if there is no instance, or one with a single seed: it says nothing of the spread.
    """
    arrays = [np.asarray(stratum, dtype=float) for stratum in strata]
    if not arrays or min(len(array) for array in arrays) < 2:
        return None
    rng = np.random.default_rng(seed)
    total = np.zeros((resamples, *arrays[0].shape[1:]))
    for array in arrays:
        # n - 1 draws of n seeds, not n: n draws make the variance too small by (n - 1) / n, which
        # matters for the 3 to 5 seeds that are usual (Rao and Wu, JASA 1988).
        draws = len(array) - 1
        counts = rng.multinomial(draws, np.full(len(array), 1 / len(array)), size=resamples)
        total += counts @ array / draws
    return total / len(arrays)


def bootstrap_interval(
    strata: Sequence[ArrayLike],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval | None:
    """Percentile interval of the mean over instances of the mean over seeds.

    It speaks of the seeds: what other seeds on the same instances would give. It says nothing of
    other instances.

    Parameters
    ----------
    strata, seed, resamples
        As in :func:`bootstrap_means`; one value a seed.
    level : float
        Coverage aimed at.

    Returns
    -------
    Interval or None
        None where :func:`bootstrap_means` is.
    """
    means = bootstrap_means(strata, seed=seed, resamples=resamples)
    if means is None:
        return None
    # Percentile, not BCa: the statistic is a mean of means, so it is linear and has no bias to
    # correct, and BCa is undefined where all seeds agree, which shares and gaps often do.
    # Percentiles also survive a monotone scale, so logarithms need nothing of their own.
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def shifted_geometric_mean(values: ArrayLike, shift: float = 1.0) -> float:
    """Geometric mean of values + shift, minus shift.

    Parameters
    ----------
    values : array_like
        Not below 0; for times in seconds.
    shift : float
        Positive; makes differences between small values count little.
    """
    logs = np.log(np.asarray(values, dtype=float) + shift)
    return float(np.exp(logs.mean()) - shift)


def smallest_p(untied: int, alternative: Literal["two-sided", "greater"] = "two-sided") -> float:
    """Smallest p-value that a sign-flip test of so many differences can give."""
    return min(1.0, math.ldexp(_HALVES[alternative], -untied))


def paired_test(
    differences: ArrayLike,
    *,
    seed: int = 0,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    alpha: float = 0.05,
) -> PairedTest:
    """Test whether paired differences are centred at 0.

    Signs are flipped: under the null hypothesis each difference is as likely as its negative.
    The statistic is the mean, which is what the tables show; Wilcoxon's test would rank the
    differences and need approximations for ties, which are common here. Up to 13 differences
    that are not 0 the p-value is exact, beyond it is drawn.

    Parameters
    ----------
    differences : array_like
        One a pair.
    seed : int
        Of the draws.
    alternative : {"two-sided", "greater"}
        greater: the differences are above 0.
    alpha : float
        Level that the note speaks of.

    Returns
    -------
    PairedTest
    """
    given = np.asarray(differences, dtype=float)
    untied = given[given != 0]
    ties = len(given) - len(untied)
    mean = float(given.mean()) if len(given) else 0.0
    if not len(untied):
        return PairedTest(len(given), ties, mean, None, "no pair differs")
    # Flipping a 0 changes nothing, so ties leave the p-value as it is; one stays where the library
    # would refuse a single difference.
    result = stats.permutation_test(
        (untied if len(untied) > 1 else np.append(untied, 0.0),),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        alternative=alternative,
        n_resamples=_SIGN_FLIPS,
        batch=max(1, _BATCH // len(untied)),
        rng=np.random.default_rng(seed),
    )
    least = smallest_p(len(untied), alternative)
    count = "1 pair differs" if len(untied) == 1 else f"{len(untied)} pairs differ"
    note = f"only {count}: p >= {least:.3g}" if least > alpha else ""
    return PairedTest(len(given), ties, mean, float(result.pvalue), note)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values of several tests together (Holm's step-down method), in the given order.

    Parameters
    ----------
    p_values : array_like
        One a test.

    Returns
    -------
    ndarray
        Compare with the level of the whole family.
    """
    given = np.asarray(p_values, dtype=float)
    order = np.argsort(given, kind="stable")
    steps = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted
