"""Reference values, and claims that the answers of others refute.

An answer is a fact: the harness checked it. A proof is a claim: it stands until an answer, or a
value known beforehand, contradicts it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from geocolor.bench.record import Outcome, Record
from geocolor.bench.results import Results
from geocolor.bench.trial import Instance, Known

__all__ = [
    "ROUNDING",
    "Question",
    "Reference",
    "Source",
    "find_references",
    "is_worse",
    "nothing_of",
    "question",
    "refutation",
]

Question = tuple[str, str, int | None]

# Objectives are sums of floats, compared within the rounding of a sum.
ROUNDING = 1e-9
# What the rounding of a sum leaves of a true 0, where nothing is known of the weights.
_NOTHING = 1e-12
# A solver with integer arithmetic may leave this much of an objective open in an OPTIMAL, as
# geocolor's own do; only what lies beyond it is a false claim.
_CLAIM_ROUNDING = 1e-6
_ENTRY = "the instance's entry"
_KEEPS_NOTHING = (Outcome.WRONG, Outcome.UNREADABLE)
_ENDED = (Outcome.SOLVED, Outcome.NO_ANSWER)


class Source(StrEnum):
    """Where a reference value comes from."""

    KNOWN = "known"  # known beforehand, and not beaten
    FOUND = "found here"  # by a run; nothing was known
    BETTER = "better than known"  # by a run, and below what was known
    NONE = "none"  # nobody has an answer


@dataclass(frozen=True)
class Reference:
    """What the runs on an instance are held to.

    Attributes
    ----------
    value : float or None
        Best objective known beforehand or found by any run; None if there is no answer. For a
        coloring with k given it is k: any coloring with at most k classes is the answer.
    source : Source
    by : str
        Who has it: the one who knew it, or the solvers that found it, joined by commas; where no
        answer exists, who says so.
    proven : bool
        Whether nothing better exists, by what is known or by a claim that stands; always so for
        a coloring with k given that has an answer.
    infeasible : bool
        Whether no answer exists, by what is known or by a claim that stands.
    best : float or None
        Lowest objective that was checked or known; differs from `value` where k is given.
    beaten : bool
        Whether a run beat a value that was known as proven: the instance's entry is wrong.
    """

    value: float | None
    source: Source
    by: str
    proven: bool
    infeasible: bool
    best: float | None
    beaten: bool = False


def question(instance: Instance) -> Question:
    """Give what is asked, whatever it is called: fingerprint of the graph, kind, k."""
    return instance.fingerprint, instance.kind, instance.k


def wanted_classes(instance: Instance) -> int | None:
    """Give k of a coloring with k given, where any coloring is the whole answer; else None."""
    return instance.k if instance.kind in ("coloring", "equitable") else None


def nothing_of(instance: Instance) -> float:
    """Give what the rounding of a sum leaves of a true 0, by the heaviest weight as in a search."""
    return ROUNDING * instance.heaviest or _NOTHING


def is_worse(one: float, other: float, instance: Instance) -> bool:
    """Whether an objective is larger than another by more than the rounding of a sum."""
    nothing = nothing_of(instance)
    return one > other and not math.isclose(one, other, rel_tol=ROUNDING, abs_tol=nothing)


def find_references(*campaigns: Results) -> dict[Question, Reference]:
    """Find the reference of every instance, from all campaigns together.

    Parameters
    ----------
    *campaigns : Results
        Answers of any of them count for all.

    Returns
    -------
    dict from Question to Reference
    """
    instances: dict[Question, Instance] = {}
    records: dict[Question, list[Record]] = defaultdict(list)
    for results in campaigns:
        by_name = {instance.name: instance for instance in results.campaign.instances}
        for instance in by_name.values():
            key = question(instance)
            kept = instances.setdefault(key, instance)
            if _better_known(instance.known, kept.known):
                instances[key] = instance
        for record in results.records:
            records[question(by_name[record.instance])].append(record)
    return {key: _reference(instance, records[key]) for key, instance in instances.items()}


def refutation(record: Record, instance: Instance, reference: Reference) -> str:
    """Say what contradicts a run's claims.

    Parameters
    ----------
    record : Record
        The run.
    instance : Instance
        What it was about.
    reference : Reference
        Of the instance.

    Returns
    -------
    str
        One line; empty if every claim stands, or the harness found the run wrong already.
    """
    if record.outcome in _KEEPS_NOTHING:
        return ""
    best, by = reference.best, reference.by
    if claims_infeasible(record):
        if instance.k is None:
            return "INFEASIBLE, but any number of classes is allowed"
        if best is not None:
            return f"INFEASIBLE, but {by} has an answer of {best:.10g}"
    if best is None:
        return ""
    nothing = nothing_of(instance)
    if record.optimal and record.objective is not None and _above(record.objective, best, nothing):
        return f"OPTIMAL at {record.objective:.10g}, but {by} has {best:.10g}"
    if record.lower_bound is not None and _above(record.lower_bound, best, nothing):
        return f"lower bound {record.lower_bound:.10g}, but {by} has {best:.10g}"
    return ""


def checked_objective(record: Record) -> float | None:
    """Objective of an answer that the harness checked, killed runs included."""
    return None if record.outcome in _KEEPS_NOTHING else record.objective


def claims_infeasible(record: Record) -> bool:
    """Whether a run ended with the claim that there is no answer."""
    return record.outcome in _ENDED and record.status == "INFEASIBLE"


def _above(claim: float, best: float, nothing: float) -> bool:
    return claim > best and not math.isclose(claim, best, rel_tol=_CLAIM_ROUNDING, abs_tol=nothing)


def _better_known(one: Known | None, other: Known | None) -> bool:
    if one is None or other is None:
        return other is None and one is not None
    return (one.value, not one.proven) < (other.value, not other.proven)


def _reference(instance: Instance, records: Sequence[Record]) -> Reference:
    known, wanted = instance.known, wanted_classes(instance)
    found = _best_by_solver(records)
    best = min(found.values(), default=None)
    by = ", ".join(
        sorted(
            name
            for name, value in found.items()
            if best is not None and not is_worse(value, best, instance)
        )
    )
    source = Source.NONE if best is None else Source.FOUND if known is None else Source.BETTER
    # More classes than the k given are no answer, whoever knows them.
    if (
        known is not None
        and (wanted is None or known.value <= wanted)
        and (best is None or not is_worse(known.value, best, instance))
    ):
        source, by = Source.KNOWN, known.by or _ENTRY
        best = known.value if best is None else min(best, known.value)
    held = Reference(best, source, by, False, False, best)
    standing = [record for record in records if not refutation(record, instance, held)]
    sure = known is not None and known.proven
    if best is None:
        # What is known is then no answer: a chromatic number above the k given.
        claims = {record.solver for record in standing if claims_infeasible(record)}
        who = [known.by or _ENTRY] if known is not None and known.proven else sorted(claims)
        return replace(held, infeasible=bool(who), by=", ".join(who))
    return replace(
        held,
        value=best if wanted is None else float(wanted),
        proven=wanted is not None
        or (sure and source is Source.KNOWN)
        or any(_proves(record, best, instance) for record in standing),
        beaten=sure and source is Source.BETTER,
    )


def _best_by_solver(records: Iterable[Record]) -> dict[str, float]:
    best: dict[str, float] = {}
    for record in records:
        objective = checked_objective(record)
        if objective is not None:
            best[record.solver] = min(objective, best.get(record.solver, math.inf))
    return best


def _proves(record: Record, best: float, instance: Instance) -> bool:
    """Whether a standing claim says that nothing lies below `best`."""
    if record.outcome in _KEEPS_NOTHING:
        return False
    bound = record.lower_bound
    return record.optimal or (bound is not None and not is_worse(best, bound, instance))
