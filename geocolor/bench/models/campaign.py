"""A campaign's question and its answers, read back from a results folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from geocolor.bench.campaign_file import read_campaign_file, write_campaign_file
from geocolor.bench.journal import JOURNAL_FILE, read_journal
from geocolor.bench.models.record import ModelRecord
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import DENSE, Method, ModelTrial, Protocol

__all__ = ["MODELS_FILE", "ModelCampaign", "ModelResults"]

MODELS_FILE = "models.json"
_FORMAT = "geocolor.bench.models"


@dataclass(frozen=True)
class ModelCampaign:
    """What was asked: every model as it is, and with every preset, budget and seed.

    Attributes
    ----------
    subjects : tuple of Subject
    methods : tuple of Method
    keeps : tuple of float
    seeds : tuple of int
    protocol : Protocol
    versions : mapping of str to str
        Of all that decides a result.
    environment : mapping
        Machine it was started on; no part of any key.
    """

    subjects: tuple[Subject, ...]
    methods: tuple[Method, ...]
    keeps: tuple[float, ...]
    seeds: tuple[int, ...]
    protocol: Protocol
    versions: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)

    def trials(self) -> list[ModelTrial]:
        """List the trials: each model as it is, then by seed, preset and budget.

        Those of a model and seed share one calibration, those of a preset its costs.
        """
        found = []
        for subject in self.subjects:
            asked = [(Method(DENSE), 1.0, 0)]
            asked += [
                (m, keep, seed) for seed in self.seeds for m in self.methods for keep in self.keeps
            ]
            found += [
                ModelTrial(subject, method, keep, seed, self.protocol, self.versions)
                for method, keep, seed in asked
            ]
        return found

    def save(self, folder: Path) -> None:
        """Write it into a results folder.

        Raises
        ------
        InputError
            It cannot be written.
        """
        write_campaign_file(folder / MODELS_FILE, _FORMAT, asdict(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelCampaign:
        """Read what ``asdict`` gave."""
        return cls(
            tuple(Subject.from_json(entry) for entry in data["subjects"]),
            tuple(Method(**entry) for entry in data["methods"]),
            tuple(data["keeps"]),
            tuple(data["seeds"]),
            Protocol(**data["protocol"]),
            data["versions"],
            data["environment"],
        )


@dataclass(frozen=True)
class ModelResults:
    """A campaign with the records there are so far.

    Attributes
    ----------
    campaign : ModelCampaign
    records : tuple of ModelRecord
        In the order of ``campaign.trials()``; unfinished ones are missing.
    """

    campaign: ModelCampaign
    records: tuple[ModelRecord, ...]

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> ModelResults:
        """Read a results folder, finished or not.

        Raises
        ------
        InputError
            It holds no results of models.
        FormatError
            Its files are damaged.
        """
        campaign = read_campaign_file(Path(folder) / MODELS_FILE, _FORMAT, ModelCampaign.from_json)
        entries = read_journal(Path(folder) / JOURNAL_FILE)
        records = (
            # The name is the campaign's: one model may be there under two.
            replace(ModelRecord.from_json(entries[trial.key]), model=trial.subject.name)
            for trial in campaign.trials()
            if trial.key in entries
        )
        return cls(campaign, tuple(records))
