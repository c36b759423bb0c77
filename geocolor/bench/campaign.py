"""Planning a campaign, carrying it out, and going on where it stood."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocolor.bench.backends import Backend, spread
from geocolor.bench.campaign_file import write_campaign_file
from geocolor.bench.journal import JOURNAL_FILE, Journal, read_journal
from geocolor.bench.machine import contender_versions, machine_facts
from geocolor.bench.record import Record
from geocolor.bench.results import (
    CAMPAIGN_FILE,
    CAMPAIGN_FORMAT,
    Campaign,
    Results,
    read_record,
)
from geocolor.bench.running import run_trial
from geocolor.bench.tables import write_tables
from geocolor.bench.trial import Contender, Effort, Instance, Trial
from geocolor.errors import InputError
from geocolor.io import write_solution
from geocolor.solvers import find_solver

__all__ = ["Outlook", "Progress", "carry_out", "outlook", "plan"]

SOLUTIONS_FOLDER = "solutions"

Progress = Callable[[int, int, Record], None]


def plan(
    instances: Sequence[Instance],
    solvers: Sequence[str],
    seeds: Sequence[int],
    effort: Effort,
    options: Mapping[str, Any] | None = None,
) -> Campaign:
    """Put a campaign together and refuse what could not work.

    Parameters
    ----------
    instances : sequence of Instance
        Those that none of the solvers takes are left out.
    solvers : sequence of str
        As :func:`geocolor.solvers.find_solver` takes them.
    seeds : sequence of int
    effort : Effort
    options : mapping, optional
        What else should be told of how it was run; part of the environment, of no key.

    Raises
    ------
    InputError
        An unknown solver, two of one name, or one that takes none of the instances.
    """
    contenders = tuple(_contender(name) for name in solvers)
    names = Counter(contender.name for contender in contenders)
    twice = next((name for name, times in names.items() if times > 1), None)
    if twice is not None:
        raise InputError(f"two solvers are named {twice!r}; rename one, the table goes by names")
    if not contenders:
        raise InputError("no solver to run")
    for contender in contenders:
        if not any(instance.kind in contender.info.kinds for instance in instances):
            raise InputError(
                f"solver {contender.name!r} takes {', '.join(sorted(contender.info.kinds))} "
                "problems, and none of the instances is one"
            )
    environment = {**machine_facts(), "options": dict(options or {})}
    taken = frozenset().union(*(contender.info.kinds for contender in contenders))
    kept = tuple(instance for instance in instances if instance.kind in taken)
    return Campaign(kept, contenders, tuple(seeds), effort, environment)


def _contender(name: str) -> Contender:
    info = find_solver(name)
    return Contender(info, contender_versions(info))


@dataclass(frozen=True)
class Outlook:
    """What carrying a campaign out would mean.

    Attributes
    ----------
    runs : int
        All runs of the campaign.
    done : int
        Those in the journal already.
    likely : float
        Seconds for the rest, if runs last as long as their like did; the time limit where none
        was seen.
    most : float
        Seconds for the rest, if every run has to be killed.
    """

    runs: int
    done: int
    likely: float
    most: float


def outlook(campaign: Campaign, folder: Path | None, workers: int) -> Outlook:
    """Foresee how long a campaign takes, from what its folder already holds.

    Raises
    ------
    FormatError
        The folder's journal is damaged.
    """
    journal = (folder or Path()) / JOURNAL_FILE
    entries = {} if folder is None else read_journal(journal)
    seen: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for entry in entries.values():
        if "runtime" not in entry:
            continue  # of a campaign of models in the same folder
        run = read_record(entry, journal)
        seconds = run.runtime + run.setup
        seen[run.solver, run.instance].append(seconds)
        seen[(run.solver,)].append(seconds)
    trials = campaign.trials()
    todo = [trial for trial in trials if trial.key not in entries]
    likely = 0.0
    for trial in todo:
        solver, instance = trial.contender.name, trial.instance.name
        like = seen.get((solver, instance)) or seen.get((solver,))
        likely += statistics.median(like) if like else trial.effort.time_limit
    most = sum(trial.effort.hard_limit for trial in todo)
    return Outlook(len(trials), len(trials) - len(todo), likely / workers, most / workers)


def carry_out(
    campaign: Campaign,
    folder: Path,
    backend: Backend,
    *,
    on_progress: Progress | None = None,
) -> Results:
    """Make the runs that are missing, and write the tables once none is.

    Each run is in the journal as soon as it has ended, so that a campaign killed at any moment
    goes on from there when it is carried out again. Runs of other campaigns in the same folder
    stay in its journal and are taken up again when they are asked for.

    Parameters
    ----------
    campaign : Campaign
    folder : Path
        Made if it is not there.
    backend : Backend
        Where the runs are made.
    on_progress : callable, optional
        Called with the number of runs done, of all runs, and the newest record.

    Raises
    ------
    InputError
        The folder cannot be written or is being written by another process, or an instance is
        missing where it should be run.
    """
    try:
        (folder / SOLUTIONS_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
    with Journal(folder) as journal:
        _write_campaign(campaign, folder)
        trials = campaign.trials()
        todo = _unique(trials, journal.entries)
        journal.entries.clear()  # read again at the end; ten thousand of them are 80 MB
        done = len(trials) - len(todo)
        with closing(spread(run_trial, todo, backend)) as runs:
            for trial, (record, colors) in runs:
                if colors is not None:
                    _write_answer(folder, trial, record, colors)
                journal.append(record.to_json())
                done += 1
                if on_progress is not None:
                    on_progress(done, len(trials), record)
    results = Results.load(folder)
    write_tables(folder, results)
    return results


def _unique(trials: Sequence[Trial], there: Collection[str]) -> list[Trial]:
    """Trials not made yet, each key once: two names may stand for one graph."""
    return list({trial.key: trial for trial in trials if trial.key not in there}.values())


def _write_campaign(campaign: Campaign, folder: Path) -> None:
    write_campaign_file(folder / CAMPAIGN_FILE, CAMPAIGN_FORMAT, campaign.to_json(folder))


def _write_answer(folder: Path, trial: Trial, record: Record, colors: NDArray[np.int32]) -> None:
    """Keep the coloring, so that anyone can check it again."""
    write_solution(
        folder / SOLUTIONS_FOLDER / f"{record.key}.sol",
        {
            "instance_hash": trial.instance.fingerprint,
            "options": {"problem": record.kind, "k": record.k},
            "status": record.status or "FEASIBLE",
            "num_colors": len(np.unique(colors)),
            "colors": colors.tolist(),
        },
    )
