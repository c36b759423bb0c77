"""Results without a run: campaigns made up from a function."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from geocolor.bench.record import Outcome, Record
from geocolor.bench.results import Campaign, Results
from geocolor.bench.trial import Contender, Effort, Instance, Known, Trial
from geocolor.solvers import SolverInfo, TracePoint

Fields = dict[str, Any]


def make_instance(
    name: str, *, kind: str = "coloring", k: int | None = None, **changes: Any
) -> Any:
    """An instance whose fingerprint is its name's, with 10 nodes."""
    fields: Fields = {
        "name": name,
        "path": f"/nowhere/{name}.col",
        "fingerprint": f"{zlib.crc32(name.encode()):08x}",
        "kind": kind,
        "k": k,
        "nodes": 10,
        "conflicts": 20,
        "weights": 0,
    }
    return Instance(**(fields | changes))


def make_contender(name: str, *, kinds: Iterable[str] | None = None, exact: bool = False) -> Any:
    """A solver that takes every kind, or `kinds`."""
    taken = frozenset(kinds or ("coloring", "partition", "correlation"))
    return Contender(SolverInfo(name, "made up", taken, exact, f"nowhere:{name}"), {"built": "1"})


def plausible(trial: Trial) -> Fields:
    """A run that improves three times towards 10 to 12 classes; the same for the same trial."""
    label = f"{trial.instance.name} {trial.contender.name} {trial.seed}"
    rng = np.random.default_rng(zlib.crc32(label.encode()))
    times = np.sort(rng.uniform(0.01, trial.effort.time_limit, 3))
    objectives = sorted((float(x) for x in rng.integers(10, 13, 3)), reverse=True)
    best = objectives[-1]
    proved = trial.contender.info.exact and best == 10
    return {
        "objective": best,
        "lower_bound": 10.0 if proved else None,
        "status": "OPTIMAL" if proved else "FEASIBLE",
        "stop_reason": "COMPLETED" if proved else "TIME",
        "runtime": float(times[-1]) if proved else trial.effort.time_limit,
        "trace": tuple(
            TracePoint(float(time), objective, None)
            for time, objective in zip(times, objectives, strict=True)
        ),
        "cpu": trial.effort.time_limit,
        "peak_memory": int(rng.integers(50, 200)) * 2**20,
    }


def build_results(
    solvers: Iterable[str | Contender] = ("a", "b"),
    instances: Iterable[str | Instance] = ("one", "two"),
    seeds: Iterable[int] = (0, 1, 2),
    *,
    run: Callable[[Trial], Fields | None] = plausible,
    time_limit: float = 10.0,
    max_iterations: int | None = None,
    environment: Fields | None = None,
) -> Results:
    """A campaign whose runs are what `run` says: fields of Record; None leaves the run out."""
    campaign = Campaign(
        tuple(make_instance(one) if isinstance(one, str) else one for one in instances),
        tuple(make_contender(one) if isinstance(one, str) else one for one in solvers),
        tuple(seeds),
        Effort(time_limit, grace=1.0, max_iterations=max_iterations),
        environment or {},
    )
    records = []
    for trial in campaign.trials():
        fields = run(trial)
        if fields is not None:
            base: Fields = {
                "key": trial.key,
                "instance": trial.instance.name,
                "solver": trial.contender.name,
                "kind": trial.instance.kind,
                "k": trial.instance.k,
                "seed": trial.seed,
                "outcome": Outcome.SOLVED,
                "cpu": fields.get("runtime", 0.0),  # a core to itself
                "host": "here",
                "started": "2026-01-01T00:00:00+00:00",
            }
            records.append(Record(**(base | fields)))
    return Results(campaign, tuple(records))


# Of the session, so that examples of hypothesis may share them; they hold no state.
@pytest.fixture(scope="session")
def make_results() -> Callable[..., Results]:
    """Builds results: solvers x instances x seeds, each run as a function says."""
    return build_results


@pytest.fixture(scope="session")
def instance() -> Callable[..., Instance]:
    """Builds an instance; ``known=Known(...)``, ``kind=``, ``k=`` and so on change it."""
    return make_instance


@pytest.fixture(scope="session")
def contender() -> Callable[..., Contender]:
    """Builds a solver of a campaign; ``kinds=`` and ``exact=`` change it."""
    return make_contender


@pytest.fixture(scope="session")
def known() -> Callable[..., Known]:
    """Builds what is known of an instance."""
    return Known
