"""Changes over all runs of a solver: paired tests, with an effect below which nothing counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.compare.findings import Effect, Finding, Subject
from geocolor.bench.compare.pairs import Pair, by_instance
from geocolor.bench.measures import Run
from geocolor.bench.statistics import holm, paired_test
from geocolor.wording import counted

__all__ = ["effects_of", "findings_of"]

# A thousandth of the distance to the reference: less is no reason to turn a change down.
LEAST_GAP = 1e-3
# Below it, in seconds, times are ruled by what else the machine does.
_FLOOR = 0.01


@dataclass(frozen=True)
class _Sample:
    subject: Subject
    solver: str
    differences: NDArray[np.float64]

    @property
    def effect(self) -> float:
        mean = float(self.differences.mean())
        return mean if self.subject is Subject.GAP else float(np.expm1(mean))


def effects_of(
    pairs: Sequence[Pair], *, timed: bool, alpha: float, tolerance: float
) -> tuple[Effect, ...]:
    """Test every solver's runs, new against old.

    The pairs are runs, instance by seed: under the null hypothesis that nothing has changed, each
    difference is as likely as its negative, whatever the instance. An instance on which all seeds
    give the same values on both sides is one pair.

    Parameters
    ----------
    pairs : sequence of Pair
    timed : bool
        Whether times are tested beside the gap.
    alpha : float
        Level that notes speak of.
    tolerance : float
        Least effect on times, a share.

    Returns
    -------
    tuple of Effect
    """
    samples = list(_samples(pairs, timed))
    # Tested in the direction of the effect; in the other one there is nothing to find.
    tests = [
        paired_test(np.sign(one.effect) * one.differences, alternative="greater", alpha=alpha)
        for one in samples
    ]
    p_values = np.array([1.0 if test.p_value is None else test.p_value for test in tests])
    effects = np.array([one.effect for one in samples])
    worse, better = (holm(np.where(sign * effects > 0, p_values, 1.0)) for sign in (1, -1))
    return tuple(
        Effect(
            one.subject,
            one.solver,
            test.pairs,
            test.ties,
            one.effect,
            LEAST_GAP if one.subject is Subject.GAP else tolerance,
            float(p_worse),
            float(p_better),
            test.note,
        )
        for one, test, p_worse, p_better in zip(samples, tests, worse, better, strict=True)
    )


def findings_of(effects: Sequence[Effect], *, alpha: float) -> tuple[list[Finding], list[Finding]]:
    """Tell regressions and improvements among effects.

    Parameters
    ----------
    effects : sequence of Effect
    alpha : float
        Level of all tests together, in one direction.

    Returns
    -------
    regressions, improvements : list of Finding
    """
    worse = [one for one in effects if one.p_worse <= alpha and one.effect >= one.least]
    better = [one for one in effects if one.p_better <= alpha and _size(one) <= -one.least]
    return [_finding(one, one.p_worse) for one in worse], [
        _finding(one, one.p_better) for one in better
    ]


def _size(effect: Effect) -> float:
    """Effect on the scale of `least`: half the time is as much as twice the time."""
    if effect.subject is Subject.GAP or effect.effect >= 0:
        return effect.effect
    return 1 - 1 / (1 + effect.effect)


def _samples(pairs: Sequence[Pair], timed: bool) -> Iterator[_Sample]:
    for solver in dict.fromkeys(pair.solver for pair in pairs):
        own = [pair for pair in pairs if pair.solver == solver]
        answerable = [pair for pair in own if pair.old.gap is not None]
        yield from _sample(Subject.GAP, solver, answerable, lambda run: run.gap or 0.0)
        if timed:
            yield from _sample(Subject.PRIMAL_INTEGRAL, solver, answerable, _log_integral)
            yield from _sample(Subject.TIME_TO_TARGET, solver, answerable, _log_target)
            exact = [pair for pair in own if pair.exact]
            yield from _sample(Subject.TIME_TO_PROOF, solver, exact, _log_proof)


def _sample(
    subject: Subject, solver: str, pairs: Sequence[Pair], measure_of: Callable[[Run], float]
) -> Iterator[_Sample]:
    if pairs:
        found: list[float] = []
        for group in by_instance(pairs).values():
            values = [(measure_of(pair.old), measure_of(pair.new)) for pair in group]
            # All seeds agree: copies of one run, as of a solver without dice, and no more evidence.
            distinct = values[:1] if len(set(values)) == 1 else values
            found += [new - old for old, new in distinct]
        yield _Sample(subject, solver, np.array(found))


def _log_integral(run: Run) -> float:
    return _log((run.primal_integral or 0.0) * run.time_limit)


def _log_target(run: Run) -> float:
    return _log(run.par2_target or 0.0)


def _log_proof(run: Run) -> float:
    return _log(run.par2_proof)


def _log(seconds: float) -> float:
    return float(np.log(max(seconds, _FLOOR)))


def _finding(effect: Effect, p_value: float) -> Finding:
    change = (
        f"{100 * effect.effect:+.2f} percentage points"
        if effect.subject is Subject.GAP
        else f"{100 * effect.effect:+.0f}%"
    )
    note = f"p = {p_value:.2g} over {counted(effect.pairs, 'tested pair')}"
    return Finding(effect.subject, effect.solver, None, None, "", change, note)
