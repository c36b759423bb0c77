"""The data of performance profiles, cactus plots and anytime curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.measures import Measured, Run
from geocolor.bench.statistics import LEVEL, bootstrap_means
from geocolor.errors import InputError

__all__ = [
    "Anytime",
    "Cactus",
    "Goal",
    "Profile",
    "anytime",
    "cactus",
    "performance_profile",
]

Goal = Literal["target", "proof"]
Floats = NDArray[np.float64]

# Below a millisecond a clock measures itself; such times count as equal.
FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class Profile:
    """Performance profile (Dolan and More, 2002).

    Attributes
    ----------
    solvers : tuple of str
    ratios : ndarray, shape (steps,)
        From 1 up: how many times the fastest solver's time.
    shares : ndarray, shape (solvers, steps)
        Share of the instances on which a solver needs at most so many times the fastest one's
        time; a right-continuous step function that ends at the share it solves.
    instances : tuple of str
        Those that all solvers have runs on; for the target without infeasible ones.
    floor : float
        Seconds; shorter times count as this.
    """

    solvers: tuple[str, ...]
    ratios: Floats
    shares: Floats
    instances: tuple[str, ...]
    floor: float


@dataclass(frozen=True, eq=False)
class Cactus:
    """How many instances are solved within a time.

    Attributes
    ----------
    solvers : tuple of str
    times : tuple of ndarray
        For each solver the times in seconds of the instances it solves, ascending: the i-th one
        (from 1) is when i instances are solved, each given that time.
    instances : tuple of str
        Those that all solvers have runs on; for the target without infeasible ones.
    """

    solvers: tuple[str, ...]
    times: tuple[Floats, ...]
    instances: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Anytime:
    """Mean gap against time.

    Attributes
    ----------
    solvers : tuple of str
    times : ndarray, shape (points,)
        Seconds, on a logarithmic grid up to the time limit.
    gaps : ndarray, shape (solvers, points)
        Mean over instances of the mean over seeds of the gap, 1 before the first answer.
    low, high : ndarray, shape (solvers, points), or None
        Pointwise 95% band over seeds; None if some instance has a single run.
    instances : tuple of str
        Those that all solvers have runs on and that have an answer.
    """

    solvers: tuple[str, ...]
    times: Floats
    gaps: Floats
    low: Floats | None
    high: Floats | None
    instances: tuple[str, ...]


def performance_profile(
    measured: Measured,
    goal: Goal = "target",
    *,
    solvers: Sequence[str] | None = None,
    floor: float = FLOOR,
) -> Profile:
    """Compare solvers by the ratio of their times to the fastest one's.

    A problem is an instance, and its time the median over seeds, where a run without success
    takes forever: seeds repeat a problem, they are no further ones. So an instance counts as
    solved if more than half of its runs succeed (or exactly the upper of the two middle ones).

    Parameters
    ----------
    measured : Measured
        The runs.
    goal : {"target", "proof"}
        What is timed.
    solvers : sequence of str, optional
        Default: all. The instances are those that all of them have runs on.
    floor : float
        Seconds; shorter times count as this, so that none is 0 and noise no factor.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        A solver is not part of the campaign.
    """
    names = _solvers(measured, solvers)
    instances = _instances(measured, names, goal)
    times = np.maximum(_medians(measured, names, instances, goal), floor)
    best = times.min(axis=0) if len(names) else np.empty(0)
    # Where nobody succeeds nobody has a ratio; inf / inf would be none either.
    ratios = np.divide(times, best, out=np.full_like(times, np.inf), where=np.isfinite(best))
    steps = np.unique(np.append(ratios[np.isfinite(ratios)], 1.0))
    shares = np.array(
        [np.searchsorted(np.sort(row), steps, side="right") for row in ratios], dtype=float
    ).reshape(len(names), len(steps)) / max(1, len(instances))
    return Profile(names, steps, shares, instances, floor)


def cactus(
    measured: Measured, goal: Goal = "target", *, solvers: Sequence[str] | None = None
) -> Cactus:
    """Sort the times of the instances a solver solves; medians as in the performance profile.

    Parameters
    ----------
    measured, goal, solvers
        As in :func:`performance_profile`.

    Returns
    -------
    Cactus

    Raises
    ------
    InputError
        A solver is not part of the campaign.
    """
    names = _solvers(measured, solvers)
    instances = _instances(measured, names, goal)
    medians = _medians(measured, names, instances, goal)
    times = tuple(np.sort(row[np.isfinite(row)]) for row in medians)
    return Cactus(names, times, instances)


def anytime(
    measured: Measured,
    *,
    solvers: Sequence[str] | None = None,
    points: int = 100,
    seed: int = 0,
) -> Anytime:
    """Average the gap over instances at each time.

    Parameters
    ----------
    measured, solvers
        As in :func:`performance_profile`.
    points : int
        Size of the grid of times, which starts at a ten-thousandth of the time limit.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Anytime

    Raises
    ------
    InputError
        A solver is not part of the campaign.
    """
    names = _solvers(measured, solvers)
    instances = _instances(measured, names, "target")
    limit = measured.campaign.effort.time_limit
    times = np.geomspace(limit * 1e-4, limit, points)
    strata = []
    for name in names:
        runs = measured.by_instance(name)
        strata.append([np.array([run.gap_at(times) for run in runs[one]]) for one in instances])
    gaps = np.array(
        [np.mean([array.mean(axis=0) for array in one], axis=0) for one in strata if one]
    ).reshape(-1, points)
    bands = [bootstrap_means(one, seed=seed) for one in strata]
    found = [band for band in bands if band is not None]
    if not found or len(found) < len(names):
        return Anytime(names, times, gaps, None, None, instances)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.stack([np.quantile(band, tails, axis=0) for band in found], axis=1)
    return Anytime(names, times, gaps, low, high, instances)


def _solvers(measured: Measured, solvers: Sequence[str] | None) -> tuple[str, ...]:
    names = measured.solvers if solvers is None else tuple(solvers)
    for name in names:
        if name not in measured.solvers:
            raise InputError(
                f"no solver {name!r} in the campaign; it has {', '.join(measured.solvers)}"
            )
    return names


def _instances(measured: Measured, solvers: Sequence[str], goal: Goal) -> tuple[str, ...]:
    """List the instances on which all have runs and that have a target, or may have a proof."""
    return tuple(
        name
        for name in measured.common(solvers)
        if goal == "proof" or not measured.references[name].infeasible
    )


def _medians(
    measured: Measured, solvers: Sequence[str], instances: Sequence[str], goal: Goal
) -> Floats:
    """Median seconds by solver and instance; infinite without success."""
    medians = np.empty((len(solvers), len(instances)))
    for row, solver in zip(medians, solvers, strict=True):
        runs = measured.by_instance(solver)
        row[:] = [median_time(runs[name], goal) for name in instances]
    return medians


def median_time(runs: Sequence[Run], goal: Goal) -> float:
    """Median seconds of the runs on an instance; a run without success takes forever."""
    times = [run.time_to_target if goal == "target" else run.time_to_proof for run in runs]
    return float(np.median([np.inf if time is None else time for time in times]))
