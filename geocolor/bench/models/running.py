"""Making the trials that are missing, and going on where a campaign stood."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from geocolor.bench.guard import Ending, Guard, Limits
from geocolor.bench.journal import Journal
from geocolor.bench.models.campaign import ModelCampaign, ModelResults
from geocolor.bench.models.export import write_results
from geocolor.bench.models.record import ModelRecord
from geocolor.bench.models.trial import ModelTrial
from geocolor.bench.record import Outcome
from geocolor.errors import InputError

__all__ = ["Announce", "carry_out", "missing_trials"]

_WORKER = "geocolor.bench.models.worker"

Announce = Callable[[str, ModelRecord | None], None]
"""Called with what a run is at, or with what came of a trial."""


def missing_trials(
    campaign: ModelCampaign, entries: Mapping[str, Any], save: Mapping[str, Path]
) -> list[ModelTrial]:
    """List the trials that are not in a journal, or whose model is wanted and not there, once.

    Parameters
    ----------
    campaign : ModelCampaign
    entries : mapping
        Of the journal, by key.
    save : mapping of str to Path
        Folders that compressed models are wanted in, by the keys of their trials.
    """
    missing = {
        trial.key: trial
        for trial in campaign.trials()
        if trial.key not in entries or (trial.key in save and not save[trial.key].exists())
    }
    return list(missing.values())


def carry_out(
    campaign: ModelCampaign,
    folder: Path,
    *,
    time_limit: float,
    memory: int | None = None,
    save: Mapping[str, Path] | None = None,
    announce: Announce,
) -> ModelResults:
    """Make the missing trials of a campaign, and write its tables and page.

    Each model and seed has a process of its own. A trial is in the journal as soon as it is done,
    so that a campaign killed at any moment goes on from there when it is carried out again.

    Parameters
    ----------
    campaign : ModelCampaign
    folder : Path
        Made if it is not there.
    time_limit : float
        Seconds after which a calibration, or a trial, is killed.
    memory : int, optional
        Bytes that a process may hold.
    save : mapping of str to Path, optional
        Folders to save compressed models to, by the keys of their trials.
    announce : callable
        Told what goes on.

    Raises
    ------
    InputError
        The folder cannot be written or is being written by another process; or geocolor refuses
        a model or its texts, which is no result.
    FormatError
        The folder's journal is damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
    wanted = dict(save or {})
    limits = Limits(time_limit, memory=memory)
    with Journal(folder) as journal, Guard(_WORKER, {}, _environment()) as guard:
        campaign.save(folder)
        todo = missing_trials(campaign, journal.entries, wanted)
        for _, group in groupby(todo, key=lambda trial: (trial.subject.name, trial.seed)):
            _Group(list(group), wanted, journal, announce).make(guard, limits)
    results = ModelResults.load(folder)
    write_results(folder, results)
    return results


def _environment() -> dict[str, str]:
    """Give what torch reads once, when it is imported; what the user set stays.

    Threads that wait spin for microseconds only, which a busy neighbour would make costly, and
    buffers get huge pages.
    """
    defaults = {
        "GOMP_SPINCOUNT": "10000",
        "THP_MEM_ALLOC_ENABLE": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    return {name: os.environ.get(name, value) for name, value in defaults.items()}


class _Group:
    """Missing trials of one model and seed, which share a calibration."""

    def __init__(
        self,
        trials: list[ModelTrial],
        save: Mapping[str, Path],
        journal: Journal,
        announce: Announce,
    ) -> None:
        self._pending = {trial.key: trial for trial in trials}
        self._save = save
        self._journal = journal
        self._announce = announce
        self._begun: str | None = None
        self._exhausted = ""

    def make(self, guard: Guard, limits: Limits) -> None:
        """Make them all; after one that ended its process the rest go on in a new one."""
        while self._pending:
            self._begun, self._exhausted = None, ""
            started = datetime.now(UTC)
            ending = guard.run(self._payload(), limits, self._listen)
            if not self._pending:
                return
            outcome, message = self._verdict(ending)
            # Before the first trial has begun, what failed is the calibration that all need.
            failed = list(self._pending) if self._begun is None else [self._begun]
            for key in failed:
                trial = self._pending[key]
                record = ModelRecord(
                    key=key,
                    model=trial.subject.name,
                    preset=trial.method.name,
                    keep=trial.keep,
                    seed=trial.seed,
                    outcome=outcome,
                    message=message,
                    elapsed=ending.wall,
                    peak_memory=ending.peak_memory,
                    versions=trial.versions,
                    host=platform.node(),
                    started=started.isoformat(timespec="seconds"),
                )
                self._enter(record.to_json())

    def _payload(self) -> dict[str, Any]:
        trials: Sequence[ModelTrial] = tuple(self._pending.values())
        return {
            "subject": asdict(trials[0].subject),
            "protocol": asdict(trials[0].protocol),
            "seed": trials[0].seed,
            "versions": dict(trials[0].versions),
            "trials": [
                {
                    "key": trial.key,
                    "preset": trial.method.name,
                    "configuration": dict(trial.method.configuration),
                    "keep": trial.keep,
                    "folder": self._folder(trial),
                }
                for trial in trials
            ],
        }

    def _folder(self, trial: ModelTrial) -> str | None:
        folder = self._save.get(trial.key)
        return None if folder is None or folder.exists() else str(folder.resolve())

    def _listen(self, event: dict[str, Any]) -> None:
        if "stage" in event:
            self._announce(event["stage"], None)
        elif "begun" in event:
            self._begun = event["begun"]
            trial = self._pending[event["begun"]]
            self._announce(f"{trial.method.name} at keep {trial.keep:g}", None)
        elif "record" in event:
            self._enter(event["record"])
        elif "refused" in event:
            raise InputError(event["refused"])
        elif "exhausted" in event:
            self._exhausted = event["exhausted"]

    def _enter(self, entry: dict[str, Any]) -> None:
        self._journal.append(entry)
        del self._pending[entry["key"]]
        self._begun = None
        self._announce("", ModelRecord.from_json(entry))

    def _verdict(self, ending: Ending) -> tuple[Outcome, str]:
        if self._exhausted:
            return Outcome.OUT_OF_MEMORY, self._exhausted
        if ending.outcome is None:
            return Outcome.CRASHED, "ended without a word"
        return ending.outcome, ending.message
