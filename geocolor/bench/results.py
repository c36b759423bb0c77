"""A campaign's question and its answers, read back from a results folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from geocolor.bench.campaign_file import read_campaign_file
from geocolor.bench.journal import JOURNAL_FILE, read_journal
from geocolor.bench.record import Record
from geocolor.bench.trial import Contender, Effort, Instance, Trial
from geocolor.bench.typed import typed
from geocolor.errors import FormatError

__all__ = ["CAMPAIGN_FILE", "CAMPAIGN_FORMAT", "Campaign", "Results", "read_record"]

CAMPAIGN_FILE = "campaign.json"
CAMPAIGN_FORMAT = "geocolor.bench.campaign"


@dataclass(frozen=True)
class Campaign:
    """What was asked: every instance with every solver that takes it, for every seed.

    Attributes
    ----------
    instances : tuple of Instance
    contenders : tuple of Contender
    seeds : tuple of int
    effort : Effort
    environment : mapping
        Machine, versions and options it was started with; no part of any key.
    """

    instances: tuple[Instance, ...]
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    effort: Effort
    environment: Mapping[str, Any] = field(default_factory=dict)

    def trials(self) -> list[Trial]:
        """List the runs: by instance, then seed, then solver.

        Solvers take turns on an instance, so that a machine that slows down for a while slows
        all of them.
        """
        return [
            Trial(instance, contender, seed, self.effort)
            for instance in self.instances
            for seed in self.seeds
            for contender in self.contenders
            if instance.kind in contender.info.kinds
        ]

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Give plain JSON values; paths relative to `folder`, so that both can move together."""
        instances = [asdict(instance) for instance in self.instances]
        for entry in instances:
            entry["path"] = os.path.relpath(entry["path"], folder)
        return {
            "instances": instances,
            "contenders": [contender.to_json() for contender in self.contenders],
            "seeds": list(self.seeds),
            "effort": asdict(self.effort),
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path) -> Campaign:
        """Read what :meth:`to_json` gave for `folder`."""
        here = folder.absolute()
        campaign = cls(
            tuple(
                Instance.from_json({**entry, "path": os.path.normpath(here / entry["path"])})
                for entry in data["instances"]
            ),
            tuple(Contender.from_json(entry) for entry in data["contenders"]),
            tuple(data["seeds"]),
            typed(Effort(**data["effort"])),
            data["environment"],
        )
        return typed(campaign)


@dataclass(frozen=True)
class Results:
    """A campaign with the runs there are so far.

    Attributes
    ----------
    campaign : Campaign
    records : tuple of Record
        In the order of ``campaign.trials()``; unfinished ones are missing.
    """

    campaign: Campaign
    records: tuple[Record, ...]

    @property
    def missing(self) -> int:
        """Runs not made yet."""
        return len(self.campaign.trials()) - len(self.records)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Results:
        """Read a results folder, finished or not.

        Raises
        ------
        InputError
            It holds no results.
        FormatError
            Its files are damaged.
        """
        path = Path(folder) / CAMPAIGN_FILE
        campaign = read_campaign_file(
            path, CAMPAIGN_FORMAT, lambda data: Campaign.from_json(data, path.parent)
        )
        journal = Path(folder) / JOURNAL_FILE
        entries = read_journal(journal)
        # Under the name it has in this campaign: another may have called the same graph otherwise.
        return cls(
            campaign,
            tuple(
                read_record({**entry, "instance": trial.instance.name}, journal)
                for trial in campaign.trials()
                if (entry := entries.get(trial.key)) is not None
            ),
        )


def read_record(entry: Mapping[str, Any], journal: Path) -> Record:
    """Read a run from an entry of a journal.

    Raises
    ------
    FormatError
        The entry is no run, or one with other fields.
    """
    try:
        return Record.from_json(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"the run {entry['key']} is damaged, or another geocolor's ({error!r}); delete its "
            "line and it will be made again",
            str(journal),
        ) from error
