"""What one run was worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocolor.bench.measures.reference import (
    ROUNDING,
    Reference,
    checked_objective,
    claims_infeasible,
    is_worse,
    nothing_of,
    refutation,
    wanted_classes,
)
from geocolor.bench.record import Outcome, Record
from geocolor.bench.trial import Effort, Instance

__all__ = ["Run", "gap", "measure_run"]


@dataclass(frozen=True)
class Run:
    """A run with its measures.

    The measures towards the target are None on an instance that has no answer (infeasible):
    there is nothing to reach. A run that is wrong has no answer, no proof and no times.

    Attributes
    ----------
    record : Record
        The run.
    instance : Instance
        What it was about.
    time_limit : float
        Seconds it was told.
    refuted : str
        What contradicts its claims; empty if they stand.
    outcome : Outcome
        The harness's word; WRONG if a claim is refuted, TIMED_OUT if all it has came too late to
        count.
    objective : float or None
        Best objective that came in time to count; None without one.
    gap : float or None
        Distance to the reference at the end, 0 to 1; 1 without an answer.
    primal_integral : float or None
        Mean gap over the time limit, 0 to 1; the gap is 1 before the first answer.
    time_to_target : float or None
        Seconds to the first answer within the target; None if there was none.
    time_to_proof : float or None
        Seconds to a proof; None if there was none. A proof is OPTIMAL, or INFEASIBLE where k is
        given. A coloring with k given needs none beyond the coloring itself.
    par2_target : float or None
        `time_to_target`, or twice the time limit.
    par2_proof : float
        `time_to_proof`, or twice the time limit.
    times, gaps : tuple of float
        The gap as a step function: 1 before ``times[0]``, then ``gaps[i]`` from ``times[i]`` on;
        empty without an answer.
    """

    record: Record
    instance: Instance
    time_limit: float
    refuted: str
    outcome: Outcome
    objective: float | None
    gap: float | None
    primal_integral: float | None
    time_to_target: float | None
    time_to_proof: float | None
    par2_target: float | None
    par2_proof: float
    times: tuple[float, ...]
    gaps: tuple[float, ...]

    @property
    def reached(self) -> bool:
        """Whether it reached the target."""
        return self.time_to_target is not None

    @property
    def proved(self) -> bool:
        """Whether it has a proof that stands."""
        return self.time_to_proof is not None

    def gap_at(self, times: ArrayLike) -> NDArray[np.float64]:
        """Gap at each of some times, in seconds."""
        steps = np.array([1.0, *self.gaps])
        return np.asarray(steps[np.searchsorted(self.times, times, side="right")])


def gap(objective: float, reference: float, nothing: float) -> float:
    """Distance of an objective to the reference, 0 to 1.

    ``(objective - reference) / max(|objective|, |reference|)``; 0 if they are equal but for the
    rounding of a sum, which leaves `nothing` of a true 0; 1 if the signs are opposite.
    """
    worse, scale = objective - reference, max(abs(objective), abs(reference))
    return 0.0 if worse <= max(nothing, ROUNDING * scale) else min(1.0, worse / scale)


def measure_run(
    record: Record,
    instance: Instance,
    reference: Reference,
    effort: Effort,
    target_gap: float = 0.0,
) -> Run:
    """Measure one run.

    Parameters
    ----------
    record : Record
        The run.
    instance : Instance
        What it was about.
    reference : Reference
        Of the instance.
    effort : Effort
        What the run was allowed.
    target_gap : float
        The target is the reference, worsened by this share of its size.

    Returns
    -------
    Run
    """
    refuted = refutation(record, instance, reference)
    outcome = Outcome.WRONG if refuted else record.outcome
    wanted = wanted_classes(instance)
    points = [] if refuted else _incumbents(record, effort.counted_until)
    objective = points[-1][1] if points else None
    if wanted is not None:  # fewer classes than asked for are worth no more
        points = [(time, float(wanted)) for time, _ in points[:1]]
    value = reference.value
    times = tuple(time for time, _ in points)
    nothing = nothing_of(instance)
    gaps = tuple(gap(worth, value, nothing) for _, worth in points) if value is not None else ()
    to_target = _first_within(points, value, 0.0 if wanted is not None else target_gap, instance)
    claims = record.optimal or claims_infeasible(record)
    in_time = record.runtime <= effort.counted_until
    to_proof = record.runtime if claims and in_time and not refuted else None
    if outcome is Outcome.SOLVED and not points and to_proof is None:
        outcome = Outcome.TIMED_OUT
    if wanted is not None and points:
        to_proof = times[0] if to_proof is None else min(times[0], to_proof)
    penalty = 2.0 * effort.time_limit
    open_ended = not reference.infeasible
    return Run(
        record=record,
        instance=instance,
        time_limit=effort.time_limit,
        refuted=refuted,
        outcome=outcome,
        objective=objective,
        gap=(gaps[-1] if gaps else 1.0) if open_ended else None,
        primal_integral=_integral(times, gaps, effort.time_limit) if open_ended else None,
        time_to_target=to_target,
        time_to_proof=to_proof,
        par2_target=min(penalty, inf if to_target is None else to_target) if open_ended else None,
        par2_proof=penalty if to_proof is None else to_proof,
        times=times,
        gaps=gaps,
    )


def _incumbents(record: Record, until: float) -> list[tuple[float, float]]:
    """List times and objectives of the improvements that count, falling."""
    checked = checked_objective(record)
    if checked is None:
        return []
    stream = [
        (point.time, point.objective) for point in record.trace if point.objective is not None
    ]
    # A solver that streams nothing still has its answer when it ends.
    stream.append((record.runtime, checked))
    points: list[tuple[float, float]] = []
    for time, streamed in sorted(stream, key=lambda point: point[0]):
        # Nothing a run streamed is better than the best that was checked.
        objective = max(streamed, checked)
        if time <= until and (not points or objective < points[-1][1]):
            points.append((max(0.0, time), objective))
    return points


def _first_within(
    points: Sequence[tuple[float, float]],
    value: float | None,
    target_gap: float,
    instance: Instance,
) -> float | None:
    if value is None:
        return None
    target = value + target_gap * abs(value)
    for time, objective in points:
        if not is_worse(objective, target, instance):
            return time
    return None


def _integral(times: Sequence[float], gaps: Sequence[float], time_limit: float) -> float:
    ends = np.minimum([*times, time_limit], time_limit)
    widths = np.diff(ends, prepend=0.0)
    return float(min(1.0, widths @ np.array([1.0, *gaps]) / time_limit))
