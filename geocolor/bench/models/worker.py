"""What runs in a guarded process: trials of one model and one calibration seed.

Curvature takes minutes and is shared by all presets and budgets, so they are measured in one
process, each told of as soon as it is done. The clock starts anew with each of them.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geocolor.bench.models.record import ModelRecord
from geocolor.bench.models.session import Session
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import DENSE, Protocol
from geocolor.bench.record import Outcome
from geocolor.compression import Compressed, Configuration
from geocolor.errors import GeocolorError
from geocolor.io import write

__all__ = ["prepare", "run", "warm_up"]

_Emit = Callable[[dict[str, Any]], None]
# What torch says when the system gives it no more.
_NO_MEMORY = "can't allocate memory"


def warm_up(warm: Mapping[str, Any]) -> None:
    """Do nothing: torch is imported with this module, and must not compute before the fork."""


def prepare(payload: Mapping[str, Any]) -> None:
    """Do nothing: a model that fails to load is an answer about the model."""


def run(_state: None, payload: Mapping[str, Any], emit: _Emit) -> None:
    """Measure all trials asked for.

    Parameters
    ----------
    payload : mapping
        ``subject``, ``protocol`` and ``seed``; ``trials``: key, name of the preset, what it is
        made of, keep and, where the compressed model is wanted, the folder to save it to;
        ``versions``.
    emit : callable
        Gets ``{"begun": key}`` and ``{"record": entry}`` of every trial, ``{"stage": text}``,
        ``{"refused": text}`` if geocolor refuses the model or the texts, and
        ``{"exhausted": text}`` if there is no memory left.
    """
    try:
        _measure(payload, emit)
    except GeocolorError as error:
        emit({"refused": str(error)})
    except MemoryError:
        emit({"exhausted": "out of memory"})
    except RuntimeError as error:
        if _NO_MEMORY not in str(error):
            raise
        emit({"exhausted": "torch could not allocate memory"})


@dataclass(frozen=True)
class _Asked:
    key: str
    preset: str
    configuration: dict[str, Any]
    keep: float
    folder: str | None

    @property
    def method(self) -> Configuration:
        return Configuration.from_json(self.configuration)


def _measure(payload: Mapping[str, Any], emit: _Emit) -> None:
    asked = [_Asked(**trial) for trial in payload["trials"]]
    subject = Subject.from_json(payload["subject"])
    emit({"clock": "started"})
    emit({"stage": "loading the model"})
    session = Session(
        subject,
        Protocol(**payload["protocol"]),
        payload["seed"],
        lambda stage, done, total: emit({"stage": f"{stage} {done} of {total}"}),
    )
    previous: str | None = None
    for trial in asked:
        if trial.preset not in (DENSE, previous):
            # Here the first time, not on the clock of the preset's first trial.
            if previous is None:
                emit({"stage": "measuring the curvature"})
            session.calibrate().forget(besides=trial.method)
            previous = trial.preset
        emit({"clock": "started"})
        emit({"begun": trial.key})
        record = _record(session, trial, payload)
        emit({"record": record.to_json()})


def _save(session: Session, compressed: Compressed, trial: _Asked, folder: Path) -> None:
    graph = session.calibrate().conflict_graph(trial.keep, trial.method)
    write(graph, folder.with_name(f"{folder.name}-layers.json"))
    compressed.save(folder, tokenizer=session.tokenizer)  # last: its folder says that all is there


def _record(session: Session, trial: _Asked, payload: Mapping[str, Any]) -> ModelRecord:
    now, started = datetime.now(UTC), time.monotonic()
    outcome, measures, message = Outcome.SOLVED, None, ""
    try:
        if trial.preset == DENSE:
            measures = session.dense()
        else:
            measures, compressed = session.compressed(trial.method, trial.keep)
            if trial.folder is not None:
                _save(session, compressed, trial, Path(trial.folder))
    except GeocolorError as error:
        outcome, message = Outcome.NO_ANSWER, str(error)
    # Kilobytes, but for macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return ModelRecord(
        key=trial.key,
        model=payload["subject"]["name"],
        preset=trial.preset,
        keep=trial.keep,
        seed=payload["seed"],
        outcome=outcome,
        measures=measures,
        message=message,
        calibration=session.calibration_seconds,
        elapsed=time.monotonic() - started,
        peak_memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        versions=payload["versions"],
        host=platform.node(),
        started=now.isoformat(timespec="seconds"),
    )
