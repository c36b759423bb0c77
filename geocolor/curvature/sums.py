"""Partial sums of curvature: what workers add up, and what an interrupted pass goes on from."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import torch
from torch import Tensor

from geocolor.curvature.files import read_tensors, require_counts, write_tensors
from geocolor.curvature.forms import KroneckerFactors
from geocolor.curvature.measured import Curvature
from geocolor.curvature.moments import mean_of, packed_size
from geocolor.errors import FormatError, InputError, ModelError

__all__ = ["CurvatureSums", "Origin"]

_KIND = "kronecker sums"


@dataclass(frozen=True)
class Origin:
    """What sums were measured of, to know it again.

    Attributes
    ----------
    model : str
        Hex SHA-256 of the model's numbers.
    architecture : str
        Hex SHA-256 of what it does with them.
    loss : str
        Name of what its outputs were scored by; functions are told apart by it alone.
    """

    model: str
    architecture: str
    loss: str


# What is said of sums that differ in a part of it.
_PARTS = {"model": "models", "architecture": "architectures", "loss": "losses"}


@dataclass(eq=False, repr=False)
class CurvatureSums:
    """Sums over some of the calibration batches, in float64; made by :func:`collect_sums`.

    Attributes
    ----------
    units : dict of str to (int, int)
        Shapes of all units' matrices by name.
    seed : int
        Seed of the sampled targets.
    samples : int or None
        Targets for each output; None where all values were backpropagated.
    inputs : dict of str to Tensor
        Sum of ``x x^T`` by unit, packed as :func:`~.moments.add_gram` does. Units that read the
        same hold the same object.
    counts : dict of str to int
        Rows in it.
    gradients : dict of str to Tensor
        Sum of ``g g^T`` by unit, packed.
    outputs : int
        Scored outputs.
    covered : tuple of (int, int)
        Ranges of batches that are in, first and one past the last.
    double : bool
        Whether what was summed was float64; the curvature is float32 otherwise.
    origin : Origin or None
        What was measured; None in files of before that was noted down, which go with any.
    """

    units: dict[str, tuple[int, int]]
    seed: int
    samples: int | None
    inputs: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    gradients: dict[str, Tensor] = field(default_factory=dict)
    outputs: int = 0
    covered: tuple[tuple[int, int], ...] = ()
    double: bool = False
    origin: Origin | None = None

    @classmethod
    def merge(cls, parts: Sequence[CurvatureSums]) -> CurvatureSums:
        """Add sums over different batches of the same calibration data.

        Products of float32 numbers are added in float64, so that the order in which it is
        done shows in the 16th digit at most.

        Parameters
        ----------
        parts : sequence of CurvatureSums
            At least one; left as they are.

        Raises
        ------
        InputError
            They are of different models, losses, units, seeds or numbers of samples, or a batch is
            in two of them.
        """
        if not parts:
            raise InputError("there are no sums to merge")
        first = parts[0]
        for part in parts[1:]:
            for name in ("units", "seed", "samples"):
                if getattr(part, name) != getattr(first, name):
                    raise InputError(f"sums of different {name} do not add up")
        origins = [part.origin for part in parts if part.origin is not None]
        for name, words in _PARTS.items():
            if len({getattr(origin, name) for origin in origins}) > 1:
                raise InputError(f"sums of different {words} do not add up")
        merged = cls(first.units, first.seed, first.samples)
        merged.origin = origins[0] if origins else None
        merged.covered = _joined([one for part in parts for one in part.covered])
        merged.outputs = sum(part.outputs for part in parts)
        merged.double = any(part.double for part in parts)
        # Units read the same in all batches if they did in every part.
        sums: dict[tuple[int | None, ...], Tensor] = {}
        for unit in first.units:
            present = [part for part in parts if unit in part.inputs]
            if present:
                key = tuple(id(part.inputs.get(unit)) for part in parts)
                if key not in sums:
                    sums[key] = _added([part.inputs[unit] for part in present])
                merged.inputs[unit] = sums[key]
                merged.counts[unit] = sum(part.counts[unit] for part in present)
            reached = [part.gradients[unit] for part in parts if unit in part.gradients]
            if reached:
                merged.gradients[unit] = _added(reached)
        return merged

    @property
    def tokens(self) -> int:
        """Input positions, by the layer that saw most."""
        return max(self.counts.values(), default=0)

    def curvature(self, *, spend: bool = False, optional: Collection[str] = ()) -> Curvature:
        """Turn sums into means.

        Parameters
        ----------
        spend : bool
            Drop each sum once it is used, for want of memory.
        optional : collection of str
            Units that are left out if they were not reached.

        Raises
        ------
        ModelError
            A unit was not reached by the loss, there is nothing to score, or a number is not
            finite.
        """
        if not self.outputs:
            raise ModelError("the calibration batches hold nothing to score")
        missed = [
            unit for unit in self.units if unit not in self.inputs or unit not in self.gradients
        ]
        for unit in missed:
            if unit not in optional:
                raise ModelError(f"{unit} takes no part in the model's output")
        dtype = torch.float64 if self.double else torch.float32
        tokens = self.tokens
        means: dict[int, Tensor] = {}
        inputs: dict[str, Tensor] = {}
        for unit in tuple(self.inputs):
            place = id(self.inputs[unit])
            if place not in means:
                width = self.units[unit][1]
                means[place] = mean_of(self.inputs[unit], width, self.counts[unit], dtype)
            inputs[unit] = means[place]
            if spend:
                del self.inputs[unit]
        factors: dict[str, KroneckerFactors] = {}
        draws = self.outputs * (self.samples or 1)
        for unit, (height, _) in self.units.items():
            if unit in missed:
                continue
            mean = mean_of(self.gradients[unit], height, draws, dtype)
            if not (_is_finite(inputs[unit]) and _is_finite(mean)):
                raise ModelError(f"the curvature of {unit} is not finite")
            factors[unit] = KroneckerFactors(inputs[unit], mean)
            if spend:
                del self.gradients[unit]
        return Curvature(factors, tokens, self.outputs)

    def save(self, path: str | os.PathLike[str], *, notes: dict[str, Any] | None = None) -> None:
        """Save to one file, safetensors with a description in its header; whole or not at all.

        Parameters
        ----------
        path : path-like
            Where; an existing file is replaced.
        notes : dict, optional
            Further JSON data to keep.

        Raises
        ------
        InputError
            It cannot be written.
        """
        tensors: dict[str, dict[str, Tensor]] = {unit: {} for unit in self.units}
        for part in ("inputs", "gradients"):
            for unit, total in getattr(self, part).items():
                tensors[unit][part] = total
        told = {
            "shapes": self.units,
            "seed": self.seed,
            "samples": self.samples,
            "counts": self.counts,
            "outputs": self.outputs,
            "covered": self.covered,
            "double": self.double,
            "origin": self.origin and asdict(self.origin),
            "notes": notes or {},
        }
        write_tensors(path, _KIND, tensors, told)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load what :meth:`save` wrote, onto the CPU.

        Raises
        ------
        FormatError
            The file is another kind of file, of a newer version or damaged.
        InputError
            It cannot be read.
        """
        return cls.load_with_notes(path)[0]

    @classmethod
    def load_with_notes(cls, path: str | os.PathLike[str]) -> tuple[Self, dict[str, Any]]:
        """Load sums and the notes saved with them; see :meth:`load`."""
        tensors, told = read_tensors(path, _KIND)
        require_counts(path, told, "outputs")
        shapes: Any = told.get("shapes")
        samples: Any = told.get("samples")
        counts: Any = told.get("counts")
        covered: Any = told.get("covered")
        notes: Any = told.get("notes")
        origin: Any = told.get("origin")
        sound = (
            type(told.get("seed")) is int
            and (samples is None or (type(samples) is int and samples > 0))
            and isinstance(counts, dict)
            and isinstance(shapes, dict)
            and shapes.keys() == tensors.keys()
            and isinstance(covered, list)
            and all(_is_pair(pair) for pair in [*shapes.values(), *covered])
            and isinstance(told.get("double"), bool)
            and isinstance(notes, dict)
            and (origin is None or _is_origin(origin))
        )
        if not sound:
            raise FormatError("its description is incomplete", str(path))
        require_counts(path, counts, *[unit for unit, held in tensors.items() if "inputs" in held])
        units = {unit: (height, width) for unit, (height, width) in shapes.items()}
        loaded = cls(units, told["seed"], samples)
        loaded.origin = origin and Origin(**origin)
        for unit, held in tensors.items():
            height, width = units[unit]
            sizes = {"inputs": (packed_size(width),), "gradients": (packed_size(height),)}
            for part, total in held.items():
                if total.dtype != torch.float64 or total.shape != sizes.get(part):
                    raise FormatError(f"what is held for {unit} is no sum", str(path))
                getattr(loaded, part)[unit] = total
        loaded.counts = {unit: counts[unit] for unit in loaded.inputs}
        loaded.outputs, loaded.double = told["outputs"], told["double"]
        loaded.covered = tuple((start, stop) for start, stop in covered)
        return loaded, notes


def _is_finite(tensor: Tensor) -> bool:
    """Look at the ends alone: a mask for all numbers would take memory of their order."""
    return all(bool(end.isfinite()) for end in tensor.aminmax())


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and [type(number) for number in value] == [int, int]


def _is_origin(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == _PARTS.keys()
        and all(isinstance(part, str) for part in value.values())
    )


def _joined(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if joined and start < joined[-1][1]:
            raise InputError(f"batch {start} is in two of the sums")
        if joined and start == joined[-1][1]:
            start = joined.pop()[0]
        joined.append((start, stop))
    return tuple(joined)


def _added(sums: Sequence[Tensor]) -> Tensor:
    total = sums[0].clone()
    for other in sums[1:]:
        total += other.to(total.device)
    return total
