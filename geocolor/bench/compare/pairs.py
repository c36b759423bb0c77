"""Runs of two campaigns that answer the same question with the same solver and seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from geocolor.bench.measures import Measured, Run, find_references, measure, question
from geocolor.bench.results import Results
from geocolor.bench.trial import Instance
from geocolor.errors import InputError
from geocolor.wording import counted

__all__ = ["Pair", "by_instance", "match", "one_sided"]


@dataclass(frozen=True)
class Pair:
    """A run before and after, or after and before.

    Attributes
    ----------
    old, new : Run
    exact : bool
        Whether the solver is said to prove optimality.
    """

    old: Run
    new: Run
    exact: bool

    @property
    def swapped(self) -> Pair:
        """The same with the sides exchanged."""
        return Pair(self.new, self.old, self.exact)

    @property
    def solver(self) -> str:
        """Name of the solver."""
        return self.old.record.solver

    @property
    def instance(self) -> str:
        """Name of the instance, as the old campaign has it."""
        return self.old.instance.name


def match(old: Results, new: Results) -> list[Pair]:
    """Pair the runs of two campaigns, in the order of the old one.

    Both are held to the same references: the best of either, or known. A claim that the other
    campaign's answers refute makes a run wrong on its side.

    Raises
    ------
    InputError
        No run is on both sides.
    """
    references = find_references(old, new)
    before, after = (measure(side, references=references) for side in (old, new))
    exact = {
        one.name for one in (*old.campaign.contenders, *new.campaign.contenders) if one.info.exact
    }
    there = {_key(run): run for run in after.runs}
    # Once a question: the same graph under two names is one run.
    first = {_key(run): run for run in reversed(before.runs)}
    pairs = [
        Pair(run, there[_key(run)], run.record.solver in exact)
        for run in before.runs
        if first[_key(run)] is run and _key(run) in there
    ]
    if not pairs:
        raise InputError(
            "nothing to compare: no run of the two benchmarks has the same instance, solver and "
            f"seed ({_parts(before)}; {_parts(after)})"
        )
    return pairs


def by_instance(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[Pair]]:
    """Group pairs by solver and instance."""
    groups: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.solver, pair.instance].append(pair)
    return dict(groups)


def one_sided(one: Results, other: Results) -> tuple[str, ...]:
    """List instances, solvers and seeds of a campaign that the other one lacks."""
    asked = {question(instance) for instance in other.campaign.instances}
    solvers = {contender.name for contender in other.campaign.contenders}
    seeds = set(other.campaign.seeds)
    return (
        *(f"instance {_name(x)}" for x in one.campaign.instances if question(x) not in asked),
        *(f"solver {x.name}" for x in one.campaign.contenders if x.name not in solvers),
        *(f"seed {x}" for x in one.campaign.seeds if x not in seeds),
    )


def _key(run: Run) -> tuple[object, ...]:
    return (*question(run.instance), run.record.solver, run.record.seed)


def _name(instance: Instance) -> str:
    k = "" if instance.k is None else f", k = {instance.k}"
    return f"{instance.name} ({instance.kind}{k})"


def _parts(measured: Measured) -> str:
    return f"{counted(len(measured.runs), 'run')} of {', '.join(measured.solvers) or 'no solver'}"
