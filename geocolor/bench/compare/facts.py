"""Changes that need no statistics: one run, or all runs on an instance, tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from geocolor.bench.compare.findings import Finding, Subject
from geocolor.bench.compare.pairs import Pair, by_instance
from geocolor.bench.measures import Run, is_worse, wanted_classes
from geocolor.bench.record import Outcome

__all__ = ["ended_by_clock", "lost_objectives", "lost_outcomes", "lost_proofs"]

# Worse to the right. To end without an answer is no failure: the measures tell what it is worth.
_FAILURES = (
    (Outcome.TIMED_OUT,),
    (Outcome.OUT_OF_MEMORY, Outcome.CRASHED, Outcome.UNREADABLE),
    (Outcome.WRONG,),
)
_RANK = {outcome: rank for rank, group in enumerate(_FAILURES, 1) for outcome in group}
_NO_FAILURE = 0
# From so many seeds on, that all agree on an instance is no chance.
_SEEDS = 5
# Timed runs differ by chance; that one or two of them agree says little.
_TIMED_SEEDS = 3


def lost_outcomes(pairs: Sequence[Pair], *, timed: bool) -> Iterator[tuple[Pair, Finding]]:
    """Find runs that fail, or fail worse than before.

    A timed run that is killed at the limit counts only if that is so for every seed: others end
    just before or just after it by chance.
    """
    for group in by_instance(pairs).values():
        late = all(pair.new.outcome is Outcome.TIMED_OUT for pair in group)
        for pair in group:
            new = pair.new.outcome
            if _rank(pair.new) <= _rank(pair.old):
                continue
            if timed and new is Outcome.TIMED_OUT and not late:
                continue
            yield (
                pair,
                _finding(
                    Subject.OUTCOME,
                    pair,
                    str(pair.old.outcome),
                    str(new),
                    pair.new.refuted or pair.new.record.message,
                ),
            )


def _rank(run: Run) -> int:
    if run.outcome is Outcome.TIMED_OUT and run.record.status == "UNKNOWN":
        return _NO_FAILURE  # it ended by itself, at the limit
    return _RANK.get(run.outcome, _NO_FAILURE)


def lost_proofs(pairs: Sequence[Pair], *, tolerance: float) -> Iterator[Finding]:
    """Find runs of exact solvers that no longer prove.

    A proof that the clock ended counts only if the old one had time to spare: at least
    `tolerance` of what it took. It counts only if no seed of the instance gives a proof any more:
    some proofs are luck.
    """
    for group in by_instance([pair for pair in pairs if pair.exact]).values():
        if any(pair.new.proved for pair in group):
            continue
        for pair in group:
            old, new = pair.old, pair.new
            spare = old.par2_proof * (1 + tolerance) <= old.time_limit
            if old.proved and not new.proved and (spare or not ended_by_clock(new)):
                yield _finding(Subject.PROOF, pair, "proven", "not proven")


def ended_by_clock(run: Run) -> bool:
    """Whether the time limit ended a run: a slower machine may have, not the solver."""
    return run.record.stop_reason == "TIME" or run.outcome is Outcome.TIMED_OUT


def lost_objectives(
    pairs: Sequence[Pair], *, timed: bool, alpha: float
) -> Iterator[tuple[Finding, bool]]:
    """Find instances on which every seed is worse than before; say whether that is sure.

    A change of code may do no more than shuffle the solver's random streams. The seeds of the two
    sides are then no pairs, and all of them are worse by chance on one instance in 8 with three
    seeds. So every new run must be worse than every old one; and it is sure only if the seed does
    not matter (one value before, one after, on this instance with five seeds or on all instances
    of the solver), or if chance has it on any instance at most with probability `alpha`.

    Yields
    ------
    finding : Finding
    sure : bool
    """
    groups = by_instance(pairs)
    solvers = {solver for solver, _ in groups}
    without_dice = solvers - {one for (one, _), group in groups.items() if not _constant(group)}
    for group in groups.values():
        old = sorted(_worth(pair.old) for pair in group)
        new = sorted(_worth(pair.new) for pair in group)
        if not is_worse(new[0], old[-1], group[0].old.instance):
            continue
        constant = _constant(group) and (
            len(group) >= _SEEDS or (len(group) > 1 and group[0].solver in without_dice)
        )
        constant &= not timed or len(group) >= _TIMED_SEEDS
        chance = len(groups) / math.comb(2 * len(group), len(group))
        finding = _finding(Subject.OBJECTIVE, group[0], _range(old), _range(new))
        yield replace(finding, seed=None), constant or chance <= alpha


def _constant(group: Sequence[Pair]) -> bool:
    """Whether all seeds agree before, and all after."""
    old, new = [_worth(pair.old) for pair in group], [_worth(pair.new) for pair in group]
    instance = group[0].old.instance
    return not any(is_worse(max(side), min(side), instance) for side in (old, new))


def _worth(run: Run) -> float:
    """Objective; any coloring is worth the same where k is given, and none is worst."""
    if run.objective is None:
        return math.inf
    wanted = wanted_classes(run.instance)
    return run.objective if wanted is None else float(wanted)


def _range(values: Sequence[float]) -> str:
    low, high = ("no answer" if math.isinf(x) else f"{x:.10g}" for x in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def _finding(subject: Subject, pair: Pair, old: str, new: str, note: str = "") -> Finding:
    return Finding(subject, pair.solver, pair.instance, pair.old.record.seed, old, new, note)
