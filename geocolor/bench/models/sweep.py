"""One model compressed in many ways, each judged: by calibration, method and budget."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from torch import nn

from geocolor.bench.journal import Journal
from geocolor.bench.models.planning import deciding_versions
from geocolor.compression import Analysis, Configuration
from geocolor.compression.decoding import decode
from geocolor.errors import InputError
from geocolor.sharing import measure_size
from geocolor.units import find_units

__all__ = ["HEADER", "Judged", "Kept", "Sweep", "digest", "journal_in"]

HEADER = ("method", "keep", "seed", "parameters", "predicted", "measured")


@dataclass(frozen=True)
class Judged:
    """A model compressed in one way; what it is still good for is added by subclasses.

    Attributes
    ----------
    method : str
        Name of the configuration; ``dense`` for the model as it is.
    keep : float
        Share of the matrices' parameters asked for.
    seed : int or None
        Of the calibration data taken and the targets sampled; None for the model as it is.
    parameters : int
        Of the matrices that may share.
    predicted, measured : float or None
        Increase of the loss in nats, without labels.
    """

    method: str
    keep: float
    seed: int | None
    parameters: int
    predicted: float | None
    measured: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def leading_cells(self, digits: int) -> tuple[str, ...]:
        """Give the cells of a table under :data:`HEADER`, losses with so many digits."""
        size = f"{self.parameters:,}"
        if self.seed is None:
            return self.method, "1", "", size, "", ""
        losses = (f"{loss:.{digits}f}" for loss in (self.predicted, self.measured))
        return self.method, f"{self.keep:g}", str(self.seed), size, *losses


_Row = TypeVar("_Row", bound=Judged)


def digest(*parts: bytes | nn.Module) -> str:
    """Hash what decides a result: data, and a model by the names and values of its tensors."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            total.update(hashlib.sha256(part).digest())
            continue
        for name, value in part.state_dict().items():
            total.update(name.encode() + hashlib.sha256(value.numpy().tobytes()).digest())
    return total.hexdigest()


def journal_in(folder: Path | None) -> AbstractContextManager[Journal | None]:
    """Open a folder's journal, or nothing if there is to be none.

    Raises
    ------
    InputError
        The folder cannot be made.
    """
    if folder is None:
        return nullcontext()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
    return Journal(folder)


@dataclass(frozen=True)
class Kept:
    """Results that a journal has, and takes.

    Attributes
    ----------
    journal : Journal, optional
        Without one nothing is kept.
    question : mapping
        All that decides a result besides method, budget and seed; plain JSON values.
    """

    journal: Journal | None = None
    question: Mapping[str, Any] = field(default_factory=dict)

    def get(self, asked: Sequence[Any], kind: type[_Row], make: Callable[[], _Row]) -> _Row:
        """Give a result that is there, or make and keep it.

        Parameters
        ----------
        asked : sequence
            Method, budget and seed, in plain JSON values.
        kind : type
            What it is.
        make : callable
            Makes it.

        Raises
        ------
        FormatError
            What is there is no such result.
        """
        if self.journal is None:
            return make()
        decides = {**self.question, "asked": list(asked), "versions": deciding_versions()}
        key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        found = self.journal.entries.get(key)
        if found is not None:
            return decode(kind, found, str(self.journal.path))
        made = make()
        self.journal.append({"key": key, **made.to_json()})
        return made


@dataclass(frozen=True)
class Sweep(Generic[_Row]):
    """Ways to compress a model, and how each is judged.

    Attributes
    ----------
    kind : type
        Of the results.
    methods : sequence of Configuration
    keeps : sequence of float
        Shares to keep.
    seeds : int
        Calibrations, seeds 0 to ``seeds - 1``.
    analyze : callable
        Calibrates with a seed.
    judge : callable
        Gives what `kind` has more than :class:`Judged`, of a model.
    kept : Kept
        Where results are looked for, and kept.
    """

    kind: type[_Row]
    methods: Sequence[Configuration]
    keeps: Sequence[float]
    seeds: int
    analyze: Callable[[int], Analysis]
    judge: Callable[[nn.Module], Mapping[str, Any]]
    kept: Kept

    def run(self, model: nn.Module) -> Iterator[_Row]:
        """Compress and judge; what is kept is not made again, nor a calibration for it.

        Yields
        ------
        Judged
            Of the model as it is, then in the order of seeds, methods and budgets.
        """
        yield self.kept.get(("dense", 1.0, None), self.kind, lambda: self._as_it_is(model))
        for seed in range(self.seeds):
            analysis = cache(self.analyze)
            for method in self.methods:
                for keep in self.keeps:

                    def make(
                        method: Configuration = method,
                        keep: float = keep,
                        seed: int = seed,
                        analysis: Callable[[int], Analysis] = analysis,
                    ) -> _Row:
                        return self._compressed(analysis(seed), method, keep, seed)

                    yield self.kept.get((method.to_json(), keep, seed), self.kind, make)

    def _as_it_is(self, model: nn.Module) -> _Row:
        size = measure_size(model, [unit.name for unit in find_units(model)])
        return self.kind(
            method="dense",
            keep=1.0,
            seed=None,
            parameters=size.unit_parameters,
            predicted=None,
            measured=None,
            **self.judge(model),
        )

    def _compressed(
        self, analysis: Analysis, method: Configuration, keep: float, seed: int
    ) -> _Row:
        compressed = analysis.compress(keep, method)
        return self.kind(
            method=method.name,
            keep=keep,
            seed=seed,
            parameters=compressed.report.after.unit_parameters,
            predicted=compressed.report.predicted_increase,
            measured=compressed.report.measured_increase,
            **self.judge(compressed.model),
        )
