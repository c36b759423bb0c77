"""From measured runs to the rows of a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.measures import Measured, Run, measure
from geocolor.bench.profiles import median_time
from geocolor.bench.record import Outcome
from geocolor.bench.results import Results
from geocolor.bench.statistics import Interval, bootstrap_interval, holm, paired_test
from geocolor.bench.summary.caveats import find_warnings
from geocolor.bench.summary.rows import (
    Failure,
    InstanceRow,
    PairRow,
    SolverCell,
    SolverRow,
    Statistic,
    Summary,
)

__all__ = ["summarise", "summarise_kinds"]

# Seconds; what runs take below it counts for little in a geometric mean.
_SHIFT = 1.0


_FAILED = (Outcome.CRASHED, Outcome.WRONG, Outcome.UNREADABLE, Outcome.OUT_OF_MEMORY)


def summarise(results: Results, *, target_gap: float = 0.0, seed: int = 0) -> Summary:
    """Sum a campaign up.

    Parameters
    ----------
    results : Results
        Finished or not.
    target_gap : float
        The target is the reference, worsened by this share of its size.
    seed : int
        Of the resampling; the same seed gives the same figures.

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        The target gap is negative.
    """
    measured = measure(results, target_gap=target_gap)
    return Summary(
        target_gap=target_gap,
        time_limit=results.campaign.effort.time_limit,
        seeds=len(results.campaign.seeds),
        runs=len(measured.runs),
        missing=measured.missing,
        solvers=tuple(_solver_row(measured, name, seed) for name in measured.solvers),
        instances=tuple(_instance_rows(measured)),
        pairs=tuple(_pairs(measured, seed)),
        failures=tuple(_failures(measured)),
        warnings=find_warnings(measured),
    )


def summarise_kinds(results: Results, *, target_gap: float = 0.0) -> dict[str, Summary]:
    """Summarise the instances of each kind of problem by themselves; see :func:`summarise`.

    Solvers of different kinds do not compare, and neither do their values.
    """
    measured = measure(results, target_gap=target_gap)
    parts = {kind: measured.of_kind(kind) for kind in measured.kinds}
    return {
        kind: summarise(
            Results(part.campaign, tuple(run.record for run in part.runs)), target_gap=target_gap
        )
        for kind, part in parts.items()
    }


def _failures(measured: Measured) -> Iterator[Failure]:
    for run in measured.runs:
        if run.outcome in _FAILED:
            record, reason = run.record, run.refuted or run.record.message
            yield Failure(record.solver, record.instance, record.seed, run.outcome, reason)


def _solver_row(measured: Measured, solver: str, seed: int) -> SolverRow:
    runs = [run for run in measured.runs if run.record.solver == solver]
    info = next(one.info for one in measured.campaign.contenders if one.name == solver)
    ends = Counter(run.outcome for run in runs)
    asked = sum(trial.contender.name == solver for trial in measured.campaign.trials())

    def statistic(of: Callable[[Run], float | None]) -> Statistic:
        strata = list(measured.values(solver, of).values())
        value = float(np.mean([array.mean() for array in strata])) if strata else None
        return Statistic(value, bootstrap_interval(strata, seed=seed))

    return SolverRow(
        solver=solver,
        exact=info.exact,
        instances=len({run.record.instance for run in runs}),
        runs=len(runs),
        missing=asked - len(runs),
        outcomes={one: ends[one] for one in Outcome if ends[one]},
        refuted=sum(bool(run.refuted) for run in runs),
        reached=statistic(_reached),
        proofs=statistic(lambda run: float(run.proved)),
        gap=statistic(lambda run: run.gap),
        primal_integral=statistic(lambda run: run.primal_integral),
        par2_target=statistic(lambda run: run.par2_target),
        par2_proof=statistic(lambda run: run.par2_proof),
        time_to_target=_unlog(statistic(_log_time)),
        cpu=float(np.mean([run.record.cpu for run in runs])) if runs else None,
        peak_memory=max((run.record.peak_memory for run in runs), default=0),
    )


def _reached(run: Run) -> float | None:
    return None if run.par2_target is None else float(run.reached)


def _log_time(run: Run) -> float | None:
    return None if run.par2_target is None else float(np.log(run.par2_target + _SHIFT))


def _unlog(logs: Statistic) -> Statistic:
    """Turn mean logarithms into the shifted geometric mean; quantiles pass through."""
    if logs.value is None:
        return logs
    interval = logs.interval and Interval(
        float(np.exp(logs.interval.low) - _SHIFT), float(np.exp(logs.interval.high) - _SHIFT)
    )
    return Statistic(float(np.exp(logs.value) - _SHIFT), interval)


def _instance_rows(measured: Measured) -> list[InstanceRow]:
    by_solver = {solver: measured.by_instance(solver) for solver in measured.solvers}
    return [
        InstanceRow(
            one.name,
            one.kind,
            one.k,
            one.nodes,
            measured.references[one.name],
            tuple(
                _cell(solver, runs[one.name])
                for solver, runs in by_solver.items()
                if one.name in runs
            ),
        )
        for one in measured.campaign.instances
    ]


def _cell(solver: str, runs: list[Run]) -> SolverCell:
    objectives = [run.objective for run in runs if run.objective is not None]
    gaps = [run.gap for run in runs if run.gap is not None]
    to_target, to_proof = median_time(runs, "target"), median_time(runs, "proof")
    return SolverCell(
        solver=solver,
        runs=len(runs),
        reached=sum(run.reached for run in runs),
        proofs=sum(run.proved for run in runs),
        wrong=sum(run.outcome is Outcome.WRONG for run in runs),
        best=min(objectives, default=None),
        median=float(np.median(objectives)) if objectives else None,
        gap=float(np.mean(gaps)) if gaps else None,
        time_to_target=to_target if np.isfinite(to_target) else None,
        time_to_proof=to_proof if np.isfinite(to_proof) else None,
    )


_COMPARED: dict[str, Callable[[Run], float | None]] = {
    "gap": lambda run: run.gap,
    "primal_integral": lambda run: run.primal_integral,
    "time_to_target": _log_time,
}


def _pairs(measured: Measured, seed: int) -> list[PairRow]:
    rows = []
    for name, of in _COMPARED.items():
        values = {solver: measured.values(solver, of) for solver in measured.solvers}
        tests = [
            (first, second, paired_test(_differences(values[first], values[second]), seed=seed))
            for first, second in combinations(measured.solvers, 2)
            if values[first].keys() & values[second].keys()
        ]
        # A pair without any difference has no p-value, but stays part of the family.
        adjusted = holm([1.0 if test.p_value is None else test.p_value for *_, test in tests])
        rows += [
            PairRow(name, first, second, test, None if test.p_value is None else float(p))
            for (first, second, test), p in zip(tests, adjusted, strict=True)
        ]
    return rows


def _differences(
    first: Mapping[str, NDArray[np.float64]], second: Mapping[str, NDArray[np.float64]]
) -> list[float]:
    return [float(first[name].mean() - second[name].mean()) for name in first if name in second]
