"""What the page draws on demand, as compact JSON: instances, runs and their traces."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from geocolor.bench.measures import Measured, Run
from geocolor.bench.summary import InstanceRow, SolverCell
from geocolor.bench.trial import Instance
from geocolor.plotting.benchmark import Look

__all__ = ["page_data"]

# Enough of a key to find its run in the journal.
_KEY_DIGITS = 12
_RUN = (
    *("solver", "seed", "outcome", "status", "stop", "objective", "bound", "gap", "integral"),
    *("toTarget", "toProof", "runtime", "setup", "cpu", "memory", "message", "host", "key"),
    *("objectives", "bounds"),
)
_CELL = ("solver", "runs", "reached", "proofs", "wrong", "best", "median", "gap", "toTarget")


class _Words:
    """Words by number: messages and names repeat in thousands of runs."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))


def page_data(
    measured: Measured, rows: Mapping[str, InstanceRow], looks: Mapping[str, Look]
) -> dict[str, Any]:
    """Gather the page's data as plain JSON values.

    Runs and cells are lists in the order of the fields named beside them; texts in runs are
    numbers of words.

    Parameters
    ----------
    measured : Measured
        The campaign's runs.
    rows : mapping from str to InstanceRow
        By name of the instance.
    looks : mapping from str to Look
        By solver.

    Returns
    -------
    dict
    """
    words = _Words()
    places = {name: place for place, name in enumerate(measured.solvers)}
    runs: dict[str, list[list[Any]]] = defaultdict(list)
    for run in measured.runs:
        runs[run.record.instance].append(_run(run, places, words))
    return {
        "solvers": [{"name": name, **looks[name]} for name in measured.solvers],
        "timeLimit": measured.campaign.effort.time_limit,
        "runFields": _RUN,
        "cellFields": _CELL,
        "instances": [
            {
                **_instance(instance),
                "reference": _reference(rows[instance.name]),
                "cells": [_cell(cell, places) for cell in rows[instance.name].cells],
                "runs": runs[instance.name],
            }
            for instance in measured.campaign.instances
        ],
        "words": list(words.numbers),
    }


def _instance(instance: Instance) -> dict[str, Any]:
    return {
        "name": instance.name,
        "file": PurePath(instance.path).name,
        "fingerprint": instance.fingerprint,
        "kind": instance.kind,
        "k": instance.k,
        "nodes": instance.nodes,
        "conflicts": instance.conflicts,
        "weights": instance.weights,
        "tags": list(instance.tags),
        "known": None if instance.known is None else asdict(instance.known),
    }


def _reference(row: InstanceRow) -> dict[str, Any]:
    return {**asdict(row.reference), "source": str(row.reference.source)}


def _cell(cell: SolverCell, places: dict[str, int]) -> list[Any]:
    counts = [places[cell.solver], cell.runs, cell.reached, cell.proofs, cell.wrong]
    return [*counts, cell.best, cell.median, _short(cell.gap), _short(cell.time_to_target)]


def _run(run: Run, places: dict[str, int], words: _Words) -> list[Any]:
    record = run.record
    message = "; ".join(part for part in (run.refuted, record.message) if part)
    objectives = [(point.time, point.objective) for point in record.trace]
    bounds = [(point.time, point.lower_bound) for point in record.trace]
    return [
        places[record.solver],
        record.seed,
        words(str(run.outcome)),
        words(record.status or ""),
        words(record.stop_reason or ""),
        _finite(run.objective),
        _finite(record.lower_bound),
        _short(run.gap),
        _short(run.primal_integral),
        _short(run.time_to_target),
        _short(run.time_to_proof),
        _short(record.runtime),
        _short(record.setup),
        _short(record.cpu),
        record.peak_memory,
        words(message),
        words(record.host),
        record.key[:_KEY_DIGITS],
        _changes([*objectives, (record.runtime, record.objective)]),
        _changes([*bounds, (record.runtime, record.lower_bound)]),
    ]


def _changes(points: list[tuple[float, float | None]]) -> list[float | None]:
    """Flatten to time, value, time, value, ...; only where the value changes."""
    flat: list[float | None] = []
    for time, given in points:
        value = _finite(given)
        if value is not None and (not flat or flat[-1] != value):
            flat += [_short(time), value]
    return flat


def _finite(value: float | None) -> float | None:
    """JSON has no infinity; a bound of that size says nothing anyway."""
    return value if value is not None and math.isfinite(value) else None


def _short(value: float | None) -> float | None:
    """Five digits are more than a picture or a table shows."""
    return None if value is None else float(f"{value:.5g}")
