"""Two campaigns compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from geocolor.bench.compare.effects import effects_of, findings_of
from geocolor.bench.compare.facts import ended_by_clock, lost_objectives, lost_outcomes, lost_proofs
from geocolor.bench.compare.findings import Comparison, Finding
from geocolor.bench.compare.pairs import Pair, match, one_sided
from geocolor.bench.results import Results
from geocolor.bench.summary import crowded
from geocolor.bench.trial import Effort
from geocolor.errors import InputError
from geocolor.wording import counted

__all__ = ["TOLERANCE", "compare"]

TOLERANCE = 0.1


def compare(
    old: Results, new: Results, *, alpha: float = 0.05, tolerance: float = TOLERANCE
) -> Comparison:
    """Compare two campaigns run by run: the same instance, k, solver and seed.

    If both are limited by iterations on one thread, times are ignored. Always a regression is a
    run that fails or fails worse (crashed, wrong, out of memory, killed), a proof that an exact
    solver lost, and an instance on which every run is surely worse
    (:func:`geocolor.bench.compare.facts.lost_objectives`). Gaps, and times of timed campaigns,
    are tested over all runs of a solver, and count from a least effect on: a mean gap of 0.001,
    `tolerance` on times.

    Parameters
    ----------
    old, new : Results
        Finished or not; runs that one side lacks are left out.
    alpha : float
        Chance of a regression where nothing has changed but random streams: half of it for all
        tests over runs together, half for all instances together.
    tolerance : float
        Change of times, as a share, that machines make by themselves.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        No run is on both sides, they were not given the same effort, or an argument is out of
        range.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, not {alpha}")
    if not 0 <= tolerance < float("inf"):
        raise InputError(f"the tolerance must be 0 or more, not {tolerance}")
    _require_the_same_effort(old.campaign.effort, new.campaign.effort)
    pairs = match(old, new)
    timed = not (_repeatable(old.campaign.effort) and _repeatable(new.campaign.effort))
    effects = effects_of(pairs, timed=timed, alpha=alpha / 2, tolerance=tolerance)
    drifts, gains = findings_of(effects, alpha=alpha / 2)
    losses, doubts = _losses(pairs, timed, alpha / 2, tolerance)
    swapped = [pair.swapped for pair in pairs]
    wins, _ = _losses(swapped, timed, alpha / 2, tolerance)
    return Comparison(
        timed=timed,
        alpha=alpha,
        tolerance=tolerance,
        pairs=len(pairs),
        regressions=(*losses, *drifts),
        improvements=(*(one.swapped for one in wins), *gains),
        effects=effects,
        only_old=one_sided(old, new),
        only_new=one_sided(new, old),
        warnings=(*_warnings(old, new, pairs, timed), *map(_doubt, doubts)),
    )


def _require_the_same_effort(old: Effort, new: Effort) -> None:
    changed = [
        f"{name} {getattr(old, name)}, now {getattr(new, name)}"
        for name in (field.name for field in fields(Effort))
        if getattr(old, name) != getattr(new, name)
    ]
    if changed:
        raise InputError(
            f"the two benchmarks were not given the same effort ({'; '.join(changed)}); run one of "
            "them again"
        )


def _repeatable(effort: Effort) -> bool:
    return effort.max_iterations is not None and effort.threads == 1


def _losses(
    pairs: Sequence[Pair], timed: bool, alpha: float, tolerance: float
) -> tuple[list[Finding], list[Finding]]:
    """Find what is worse for sure, and what may be; a run that fails is told once."""
    failed = list(lost_outcomes(pairs, timed=timed))
    ids = {id(pair) for pair, _ in failed}
    rest = [pair for pair in pairs if id(pair) not in ids]
    proofs = lost_proofs(rest, tolerance=tolerance)
    objectives = list(lost_objectives(rest, timed=timed, alpha=alpha))
    sure = [finding for finding, certain in objectives if certain]
    doubts = [finding for finding, certain in objectives if not certain]
    return [*(finding for _, finding in failed), *proofs, *sure], doubts


def _doubt(finding: Finding) -> str:
    return (
        f"{finding.solver} on {finding.instance}: every run is worse ({finding.old}, now "
        f"{finding.new}), which may be chance with so few seeds"
    )


def _warnings(old: Results, new: Results, pairs: Sequence[Pair], timed: bool) -> Iterator[str]:
    for side, results in (("old", old), ("new", new)):
        if results.missing:
            one, many = f"run of the {side} benchmark is", f"runs of the {side} benchmark are"
            yield f"{counted(results.missing, one, many)} missing"
    if timed:
        for side, results in (("old", old), ("new", new)):
            yield from (f"{side}: {line}" for line in crowded(results.records))
    hosts = [{pair.old.record.host for pair in pairs}, {pair.new.record.host for pair in pairs}]
    if timed and hosts[0] != hosts[1]:
        names = (", ".join(sorted(side)) or "unknown" for side in hosts)
        yield "different machines, so times compare these too: {}; {}".format(*names)
    clocked = sum(ended_by_clock(pair.old) or ended_by_clock(pair.new) for pair in pairs)
    if not timed and clocked:
        ended = counted(clocked, "pair of runs was", "pairs of runs were")
        yield f"{ended} ended by the clock, and need not repeat"
    if min(len(old.campaign.seeds), len(new.campaign.seeds)) < 3:
        yield "fewer than 3 seeds: a change of luck looks like a change of the solver"
