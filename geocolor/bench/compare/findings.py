"""What a comparison says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

__all__ = ["Comparison", "Effect", "Finding", "Subject"]


class Subject(StrEnum):
    """What got worse, or better."""

    OUTCOME = "outcome"  # one run: crashed, wrong or out of memory where it was not
    PROOF = "proof"  # an exact solver's
    OBJECTIVE = "objective"  # on every seed of an instance
    GAP = "gap"  # over all runs of a solver
    PRIMAL_INTEGRAL = "primal integral"
    TIME_TO_TARGET = "time to target"
    TIME_TO_PROOF = "time to proof"


@dataclass(frozen=True)
class Finding:
    """A regression or an improvement.

    Attributes
    ----------
    subject : Subject
    solver : str
    instance : str or None
        None if it is about all instances.
    seed : int or None
        None if it is about all seeds.
    old, new : str
        What it was and what it is, for people.
    note : str
        Why, or how sure; for people.
    """

    subject: Subject
    solver: str
    instance: str | None
    seed: int | None
    old: str
    new: str
    note: str = ""

    @property
    def swapped(self) -> Finding:
        """The same with the sides exchanged."""
        return replace(self, old=self.new, new=self.old)


@dataclass(frozen=True)
class Effect:
    """What changed over all runs of a solver, by a paired test.

    Attributes
    ----------
    subject : Subject
    solver : str
    pairs : int
        Those tested: runs on both sides, of the same instance and seed; one for all seeds of an
        instance that agree.
    ties : int
        Pairs without a difference.
    effect : float
        Mean gap, new - old; for times the geometric mean of new / old, minus 1. Above 0 is worse.
    least : float
        Effect below which a difference does not count.
    p_worse, p_better : float
        One-sided, adjusted (Holm) over all tests of the comparison.
    note : str
        What the pairs are too few to show; empty if they are not.
    """

    subject: Subject
    solver: str
    pairs: int
    ties: int
    effect: float
    least: float
    p_worse: float
    p_better: float
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two campaigns compared.

    Attributes
    ----------
    timed : bool
        Whether times were compared; not so if both campaigns were limited by iterations on one
        thread.
    alpha, tolerance : float
        As given.
    pairs : int
        Runs on both sides.
    regressions, improvements : tuple of Finding
        The first are why a check fails.
    effects : tuple of Effect
    only_old, only_new : tuple of str
        Instances and solvers that one side has and the other has not.
    warnings : tuple of str
        What to know before believing it.
    """

    timed: bool
    alpha: float
    tolerance: float
    pairs: int
    regressions: tuple[Finding, ...]
    improvements: tuple[Finding, ...]
    effects: tuple[Effect, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)
