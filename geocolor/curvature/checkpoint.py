"""An interrupted pass goes on where it was, if model and batches are still the same."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch
from geocolor.curvature.losses import Loss, loss_name
from geocolor.curvature.sums import CurvatureSums, Origin
from geocolor.errors import InputError
from geocolor.io.atomic import require_writable

__all__ = ["Checkpoint", "architecture_of", "digest_of", "origin_of"]

# Seconds between two writes, and at least so many times what the last one took.
_SECONDS = 30.0
_TIMES = 20.0


class Checkpoint:
    """Partial sums of a pass in a file.

    Parameters
    ----------
    path : path-like
        The file; it need not exist.
    asked : CurvatureSums
        Empty sums of what is asked for, of a known origin.
    start : int
        Index of the first batch.

    Raises
    ------
    InputError
        The file cannot be read or written, or is of another pass.
    """

    def __init__(self, path: str | os.PathLike[str], asked: CurvatureSums, start: int) -> None:
        require_writable(path)
        self._path = Path(path)
        self._batches = hashlib.sha256()
        self._expected: str | None = None
        self._done = start
        self._written = time.monotonic()
        self._took = 0.0
        self.sums = asked
        if self._path.exists():
            self._resume(asked, start)

    def _resume(self, asked: CurvatureSums, start: int) -> None:
        found, notes = CurvatureSums.load_with_notes(self._path)
        same = (
            (found.units, found.seed, found.samples) == (asked.units, asked.seed, asked.samples)
            and len(found.covered) == 1
            and found.covered[0][0] == start
            and _same_origin(asked.origin, found.origin, notes)
        )
        if not same:
            raise self._of_another("model, seed, units, loss or number of samples")
        found.origin = asked.origin
        self.sums = found
        self._expected = str(notes.get("batches"))
        self._done = found.covered[0][1]

    def _of_another(self, what: str) -> InputError:
        return InputError(f"{self._path} is of a pass with another {what}; delete it to start anew")

    def remaining(self, batches: Iterable[tuple[int, Batch]]) -> Iterator[tuple[int, Batch]]:
        """Leave out the batches that are in the sums already.

        Raises
        ------
        InputError
            What was summed were other batches.
        """
        index = None
        for index, batch in batches:
            _update(self._batches, batch)
            if index + 1 == self._done and self._batches.hexdigest() != self._expected:
                raise self._of_another("calibration data")
            if index >= self._done:
                yield index, batch
        if index is None or index + 1 < self._done:
            raise self._of_another("number of batches")

    def write_when_due(self) -> None:
        """Write the sums if that was long ago, so that it takes a twentieth of the time."""
        if time.monotonic() - self._written >= max(_SECONDS, _TIMES * self._took):
            self.write()

    def write(self) -> None:
        """Write the sums; the last ones stay until these are whole."""
        started = time.monotonic()
        self.sums.save(self._path, notes={"batches": self._batches.hexdigest()})
        self._written = time.monotonic()
        self._took = self._written - started


def _same_origin(asked: Origin | None, found: Origin | None, notes: Mapping[str, Any]) -> bool:
    """Whether what a file holds was measured of what is asked for."""
    if found is None and asked is not None:
        # Files of before sums had an origin have it in their notes; the first ones, less of it.
        return (
            notes.get("model") == asked.model
            and notes.get("architecture", asked.architecture) == asked.architecture
            and notes.get("loss", "auto") == asked.loss
        )
    return found == asked


def origin_of(model: nn.Module, loss: Loss) -> Origin:
    """Tell what is measured, to know it again; all of the model's numbers are read once."""
    numbers = digest_of(sorted(model.state_dict().items()))
    return Origin(numbers, digest_of(architecture_of(model)), loss_name(loss))


def architecture_of(model: nn.Module) -> str:
    """Describe what a model does with its numbers: class, modules, configuration.

    It is the same in every process, and wherever a model's folder is.
    """
    config = getattr(model, "config", None)
    as_dict = getattr(config, "to_dict", None)
    told = config if as_dict is None else as_dict()
    if isinstance(told, Mapping):
        told = {
            key: value
            for key, value in told.items()
            if not str(key).startswith("_") and key != "transformers_version"
        }
    kind = type(model)
    text = f"{kind.__module__}.{kind.__qualname__} {model!r} {told!r}"
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def digest_of(value: Any) -> str:
    """Hex SHA-256 of batches, named tensors, or anything made of such and plain values."""
    digest = hashlib.sha256()
    _update(digest, value)
    return digest.hexdigest()


def _update(digest: Any, value: Any) -> None:
    """Take in a batch, or named tensors; each part with its kind, so that none runs together."""
    if isinstance(value, Tensor):
        digest.update(f"tensor {value.dtype} {tuple(value.shape)};".encode())
        # Sparse ones have no order of their own.
        dense = value if value.layout is torch.strided else value.to_dense()
        numbers = dense.detach().cpu().contiguous().flatten()
        digest.update(numbers.view(torch.uint8).numpy().data)
    elif isinstance(value, Mapping):
        _update(digest, list(value.items()))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        digest.update(f"{len(value)} of;".encode())
        for part in value:
            _update(digest, part)
    elif isinstance(value, str | bytes | int | float | None):
        digest.update(f"{value!r};".encode())
    else:
        digest.update(f"a {type(value).__name__};".encode())
