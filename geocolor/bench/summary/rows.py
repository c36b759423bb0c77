"""The rows of a summary; less is better in all but `reached` and `proofs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from geocolor.bench.measures import Reference
from geocolor.bench.record import Outcome
from geocolor.bench.statistics import Interval, PairedTest

__all__ = [
    "Failure",
    "InstanceRow",
    "PairRow",
    "SolverCell",
    "SolverRow",
    "Statistic",
    "Summary",
]


@dataclass(frozen=True)
class Statistic:
    """A mean over instances of means over seeds, with its interval over seeds.

    Attributes
    ----------
    value : float or None
        None if there is no run it could be taken over.
    interval : Interval or None
        95% over seeds; None if some instance has a single run.
    """

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class SolverRow:
    """A solver over the instances it takes.

    Attributes
    ----------
    solver : str
    exact : bool
        Whether it is said to prove optimality given time.
    instances : int
        Those with runs.
    runs : int
        Those made.
    missing : int
        Those not made yet; they count nowhere.
    outcomes : mapping from Outcome to int
        Runs by outcome; refuted ones are wrong.
    refuted : int
        Of the wrong runs, those whose claims the answers of others contradict.
    reached : Statistic
        Share of runs that reached the target, 0 to 1.
    proofs : Statistic
        Share of runs with a proof, 0 to 1.
    gap, primal_integral : Statistic
        Means, 0 to 1.
    par2_target, par2_proof : Statistic
        Seconds; a run without success counts as twice the time limit.
    time_to_target : Statistic
        Seconds; geometric mean of the times that `par2_target` averages, shifted by 1 s.
    cpu : float or None
        Mean processor seconds of a run, setup included.
    peak_memory : int
        Bytes, the most of any run.
    """

    solver: str
    exact: bool
    instances: int
    runs: int
    missing: int
    outcomes: Mapping[Outcome, int]
    refuted: int
    reached: Statistic
    proofs: Statistic
    gap: Statistic
    primal_integral: Statistic
    par2_target: Statistic
    par2_proof: Statistic
    time_to_target: Statistic
    cpu: float | None
    peak_memory: int


@dataclass(frozen=True)
class SolverCell:
    """A solver on an instance.

    Attributes
    ----------
    solver : str
    runs, reached, proofs, wrong : int
        Runs made; those that reached the target, have a proof, are wrong or refuted.
    best, median : float or None
        Objectives of the runs with an answer.
    gap : float or None
        Mean.
    time_to_target : float or None
        Median seconds, a run that missed it taking forever; None if the median is one of those.
    time_to_proof : float or None
        The same for proofs.
    """

    solver: str
    runs: int
    reached: int
    proofs: int
    wrong: int
    best: float | None
    median: float | None
    gap: float | None
    time_to_target: float | None
    time_to_proof: float | None


@dataclass(frozen=True)
class InstanceRow:
    """An instance with every solver that has runs on it.

    Attributes
    ----------
    instance, kind : str
    k : int or None
    nodes : int
    reference : Reference
    cells : tuple of SolverCell
        In the order of the campaign's solvers.
    """

    instance: str
    kind: str
    k: int | None
    nodes: int
    reference: Reference
    cells: tuple[SolverCell, ...]


@dataclass(frozen=True)
class PairRow:
    """Two solvers compared over the instances that both have runs on.

    Attributes
    ----------
    measure : str
        gap, primal_integral or time_to_target (logarithm of PAR-2 seconds + 1). Less is better.
    first, second : str
        Solvers.
    test : PairedTest
        Of the differences first - second of the seeds' means, an instance a pair: below 0 the
        first is better.
    p_adjusted : float or None
        Holm over all pairs of one measure.
    """

    measure: str
    first: str
    second: str
    test: PairedTest
    p_adjusted: float | None


@dataclass(frozen=True)
class Failure:
    """A run that crashed, was wrong, could not be read or took too much memory.

    Attributes
    ----------
    solver, instance : str
    seed : int
    outcome : Outcome
        A run whose claims the answers of others contradict is wrong.
    reason : str
        A line: what contradicts it, or what the harness noted.
    """

    solver: str
    instance: str
    seed: int
    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Summary:
    """A campaign in tables.

    Attributes
    ----------
    target_gap : float
        Share by which the targets lie above the references.
    time_limit : float
        Seconds.
    seeds : int
    runs, missing : int
    solvers : tuple of SolverRow
    instances : tuple of InstanceRow
    pairs : tuple of PairRow
    failures : tuple of Failure
    warnings : tuple of str
        What to know before believing the figures, a line each.
    """

    target_gap: float
    time_limit: float
    seeds: int
    runs: int
    missing: int
    solvers: tuple[SolverRow, ...]
    instances: tuple[InstanceRow, ...]
    pairs: tuple[PairRow, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)
