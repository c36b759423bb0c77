"""All runs of a campaign with their measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.measures.reference import Question, Reference, find_references, question
from geocolor.bench.measures.run import Run, measure_run
from geocolor.bench.results import Campaign, Results
from geocolor.errors import InputError

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """A campaign's runs with their measures.

    What is said of one solver is said over the instances it takes; what compares solvers, over
    the instances that all of them have runs on (:meth:`common`).

    Attributes
    ----------
    campaign : Campaign
        What was asked.
    target_gap : float
        Share by which the targets lie above the references.
    references : mapping from str to Reference
        By name of the instance.
    runs : tuple of Run
        In the order of the campaign; missing ones are left out.
    missing : int
        Runs not made yet.
    """

    campaign: Campaign
    target_gap: float
    references: Mapping[str, Reference]
    runs: tuple[Run, ...]
    missing: int

    @property
    def solvers(self) -> tuple[str, ...]:
        """Names of the solvers, in the order of the campaign."""
        return tuple(contender.name for contender in self.campaign.contenders)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Problem kinds of the instances, sorted."""
        return tuple(sorted({instance.kind for instance in self.campaign.instances}))

    def of_kind(self, kind: str) -> Measured:
        """Keep the instances of one kind, and the solvers that take it."""
        campaign = replace(
            self.campaign,
            instances=tuple(one for one in self.campaign.instances if one.kind == kind),
            contenders=tuple(one for one in self.campaign.contenders if kind in one.info.kinds),
        )
        runs = tuple(run for run in self.runs if run.instance.kind == kind)
        references = {one.name: self.references[one.name] for one in campaign.instances}
        missing = len(campaign.trials()) - len(runs)
        return Measured(campaign, self.target_gap, references, runs, missing)

    def by_instance(self, solver: str) -> dict[str, list[Run]]:
        """Give a solver's runs by name of the instance, seeds in order; none is empty."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            if run.record.solver == solver:
                found.setdefault(run.record.instance, []).append(run)
        return found

    def common(self, solvers: Iterable[str] | None = None) -> tuple[str, ...]:
        """Names of the instances on which all of some solvers (default: all) have runs."""
        taken = [set(self.by_instance(name)) for name in solvers or self.solvers]
        return tuple(
            one.name
            for one in self.campaign.instances
            if taken and all(one.name in names for names in taken)
        )

    def values(
        self, solver: str, measure_of: Callable[[Run], float | None]
    ) -> dict[str, NDArray[np.float64]]:
        """Give a measure of a solver's runs by instance, one value a seed.

        Runs for which the measure is None are left out, and instances without any other.
        """
        found = {
            name: np.array([x for x in map(measure_of, runs) if x is not None], dtype=float)
            for name, runs in self.by_instance(solver).items()
        }
        return {name: array for name, array in found.items() if len(array)}


def measure(
    results: Results,
    *,
    target_gap: float = 0.0,
    references: Mapping[Question, Reference] | None = None,
) -> Measured:
    """Measure every run of a campaign.

    Parameters
    ----------
    results : Results
        Finished or not.
    target_gap : float
        The target is the reference, worsened by this share of its size.
    references : mapping, optional
        What the runs are held to; default: :func:`find_references` of these results.

    Returns
    -------
    Measured

    Raises
    ------
    InputError
        The target gap is negative.
    """
    if not 0 <= target_gap < float("inf"):
        raise InputError(f"the target gap must be 0 or more, not {target_gap}")
    held = find_references(results) if references is None else references
    instances = {instance.name: instance for instance in results.campaign.instances}
    of_name = {name: held[question(instance)] for name, instance in instances.items()}
    runs = tuple(
        measure_run(
            record,
            instances[record.instance],
            of_name[record.instance],
            results.campaign.effort,
            target_gap,
        )
        for record in results.records
    )
    return Measured(results.campaign, target_gap, of_name, runs, results.missing)
