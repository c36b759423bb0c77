"""What to know before believing a campaign's figures."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from statistics import median

from geocolor.bench.measures import Measured
from geocolor.bench.record import Outcome, Record
from geocolor.wording import counted

__all__ = ["crowded", "find_warnings"]

# As in the tests: with 2 seeds an interval is hardly more than a guess.
_FEW_SEEDS = 3
# Of a core that a run must have had, and the seconds below which it cannot be told.
_OWN_CORE, _LONG_ENOUGH = 0.85, 0.3
# Processes that waited for a core when the campaign began, as a share of the cores.
_BUSY = 0.5


def find_warnings(measured: Measured) -> tuple[str, ...]:
    """List what makes a campaign's figures weaker than they look.

    Parameters
    ----------
    measured : Measured
        The runs.

    Returns
    -------
    tuple of str
        A line each.
    """
    return (*_of_runs(measured), *_of_machine(measured), *_of_references(measured))


def _of_runs(measured: Measured) -> Iterator[str]:
    if measured.missing:
        yield counted(
            measured.missing,
            "run is missing; it counts nowhere",
            "runs are missing; they count nowhere",
        )
    seeds = len(measured.campaign.seeds)
    if seeds < _FEW_SEEDS:
        yield (f"{counted(seeds, 'seed')}: run at least {_FEW_SEEDS} to tell solvers from luck")
    yield from _of_late(measured)
    refuted = Counter(run.record.solver for run in measured.runs if run.refuted)
    for solver, count in refuted.items():
        told = counted(
            count,
            "claim is refuted; this run counts as wrong",
            "claims are refuted; these runs count as wrong",
        )
        yield f"{solver}: {told}"
    if len(measured.campaign.contenders) > 1 and len(measured.common()) < len(
        measured.campaign.instances
    ):
        yield "not all solvers have runs on all instances; compare pairs, not rows"
    uneven = _uneven(measured)
    if uneven:
        yield (
            f"on {counted(uneven, 'instance')} solvers have runs of different seeds; their means "
            "there are of those"
        )


def _uneven(measured: Measured) -> int:
    """Count the instances on which solvers were not all run with the same seeds."""
    seeds: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for record in (run.record for run in measured.runs):
        seeds[record.instance][record.solver].add(record.seed)
    return sum(len({frozenset(one) for one in by.values()}) > 1 for by in seeds.values())


def _of_late(measured: Measured) -> Iterator[str]:
    """Tell of solvers that ended by themselves, but after the grace."""
    effort = measured.campaign.effort
    late: dict[str, list[float]] = defaultdict(list)
    for record in (run.record for run in measured.runs):
        if record.runtime > effort.counted_until and record.outcome is not Outcome.TIMED_OUT:
            late[record.solver].append(record.runtime - effort.time_limit)
    for solver, seconds in late.items():
        yield (
            f"{solver}: {counted(len(seconds), 'run')} ended late, the last {max(seconds):.2g} s "
            f"after the limit; what came after {effort.grace:g} s does not count"
        )


def _of_machine(measured: Measured) -> Iterator[str]:
    hosts = sorted({run.record.host for run in measured.runs} - {""})
    if len(hosts) > 1:
        yield f"runs on {len(hosts)} machines ({', '.join(hosts)}): times may not compare"
    yield from crowded(run.record for run in measured.runs)
    environment = measured.campaign.environment
    load, cores = environment.get("load_average"), environment.get("usable_cores")
    if load and cores and load[0] > _BUSY * cores:
        yield f"the machine was busy at the start: load {load[0]:.1f} on {cores} cores"


def crowded(records: Iterable[Record]) -> Iterator[str]:
    """Tell of solvers whose runs did not get a core to themselves: their times are not their own.

    Parameters
    ----------
    records : iterable of Record

    Yields
    ------
    str
        A line for each such solver.
    """
    shares: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.runtime >= _LONG_ENOUGH:
            shares[record.solver].append(record.cpu / record.runtime)
    for solver, found in shares.items():
        share = median(found)
        if share < _OWN_CORE:
            percent = max(1, math.ceil(100 * share))
            yield (
                f"{solver}: half of its runs got under {percent}% of a core; the machine was busy, "
                "or the solver waits for something"
            )


def _of_references(measured: Measured) -> Iterator[str]:
    open_ones = []
    run = {run.record.instance for run in measured.runs}
    for name, reference in measured.references.items():
        if name not in run:
            continue
        if reference.beaten:
            yield f"{name}: {reference.by} contradicts what is known as proven; correct the entry"
        elif reference.value is None and not reference.infeasible:
            yield f"{name}: no answer by anybody"
        elif not reference.proven and not reference.infeasible:
            open_ones.append(name)
    if open_ones:
        yield f"reference not proven, gaps may be larger: {', '.join(open_ones)}"
