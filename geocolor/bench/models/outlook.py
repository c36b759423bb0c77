"""How long a campaign may take, said before it is begun."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geocolor.bench.journal import JOURNAL_FILE, read_journal
from geocolor.bench.models.campaign import ModelCampaign
from geocolor.bench.models.running import missing_trials
from geocolor.bench.models.trial import DENSE, ModelTrial
from geocolor.compression.outlook import calibration_seconds, compression_seconds

__all__ = ["Outlook", "foresee"]

# Measured with SmolLM2-135M (538 MB) on 2 cores: seconds per byte of weights for a trial with
# latency.
_TIMED_TRIAL = 1.2e-7


@dataclass(frozen=True)
class Outlook:
    """What carrying a campaign out would mean.

    Attributes
    ----------
    trials : tuple of str
        All trials, in words; those that are done are marked.
    done : int
        How many are in the journal already.
    seconds : float
        Likely wall clock of the rest.
    """

    trials: tuple[str, ...]
    done: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """Show it as people read it."""
        rest = f"{self.done} of {len(self.trials)} done, the rest in some {self.seconds:,.0f} s"
        return "\n".join((*self.trials, rest))


def foresee(campaign: ModelCampaign, folder: Path) -> Outlook:
    """Foresee how long a campaign takes.

    From trials of the same model and preset in the folder, where there are some; otherwise by
    the size of the model, as if it ran on two cores.

    Raises
    ------
    FormatError
        The folder's journal is damaged.
    """
    entries = read_journal(folder / JOURNAL_FILE)
    missing = missing_trials(campaign, entries, {})
    todo = {trial.key for trial in missing}
    words = tuple(
        f"{trial.subject.name}  {trial.method.name}  keep {trial.keep:g}  seed {trial.seed}"
        + ("" if trial.key in todo else "  (done)")
        for trial in campaign.trials()
    )
    calibrated = {
        (trial.subject.name, trial.seed): trial for trial in missing if trial.method.name != DENSE
    }
    seconds = sum(_calibration(trial, entries) for trial in calibrated.values())
    seconds += sum(_trial(trial, entries) for trial in missing)
    return Outlook(words, len(words) - len(missing), seconds)


def _calibration(trial: ModelTrial, entries: Mapping[str, Any]) -> float:
    seen: list[float] = [
        entry["calibration"]
        for entry in entries.values()
        if entry.get("model") == trial.subject.name and entry["calibration"] > 0
    ]
    tokens = trial.protocol.windows * trial.protocol.length
    return statistics.median(seen) if seen else calibration_seconds(trial.subject.bytes, tokens)


def _trial(trial: ModelTrial, entries: Mapping[str, Any]) -> float:
    asked = trial.subject.name, trial.method.name
    seen: list[float] = [
        entry["elapsed"]
        for entry in entries.values()
        if (entry.get("model"), entry.get("preset")) == asked
    ]
    if seen:
        return statistics.median(seen)
    if trial.protocol.latency:
        return _TIMED_TRIAL * trial.subject.bytes
    return compression_seconds(trial.subject.bytes)
