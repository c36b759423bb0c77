"""Right and wrong answers before and after a change, question by question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from geocolor.bench.statistics import LEVEL, RESAMPLES, Interval
from geocolor.errors import InputError

__all__ = ["Answers", "compare_answers"]


@dataclass(frozen=True)
class Answers:
    """Answers of a changed model beside those of the original to the same questions.

    Attributes
    ----------
    right : float
        Share that the changed model has right.
    lost, won : int
        Questions that the original alone has right, and the changed model alone.
    loss : float
        Share lost, what was won taken off.
    interval : Interval
        Of the loss over other questions of the kind.
    p_value : float
        Of McNemar's exact test that both are right as often.
    """

    right: float
    lost: int
    won: int
    loss: float
    interval: Interval
    p_value: float


def compare_answers(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Answers:
    """Compare answers in pairs.

    Parameters
    ----------
    before, after : ndarray of bool, shape (questions,)
        Whether the original, and the changed model, has each right.

    Raises
    ------
    InputError
        There is no question, or the two have not the same number.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12 (1947).
    """
    count = len(before)
    if not count or len(after) != count:
        raise InputError(f"answers to {count} questions cannot be compared with {len(after)}")
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    # Questions resampled with replacement: a difference has three values, so their counts do.
    shares = [lost / count, won / count, 1 - (lost + won) / count]
    drawn = np.random.default_rng(0).multinomial(count, shares, size=RESAMPLES)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / count, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    test = stats.binomtest(lost, lost + won) if lost + won else None
    return Answers(
        right=float(after.mean()),
        lost=lost,
        won=won,
        loss=(lost - won) / count,
        interval=Interval(float(low), float(high)),
        p_value=1.0 if test is None else float(test.pvalue),
    )
