"""What passes over the calibration batches measured: one quadratic form for each unit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Self, TypeVar

from torch import Tensor

from geocolor.curvature.files import read_tensors, require_counts, write_tensors
from geocolor.curvature.forms import (
    DiagonalFactors,
    Eigenpairs,
    KroneckerFactors,
    QuadraticForm,
    RescaledFactors,
)
from geocolor.curvature.summary import summary
from geocolor.errors import FormatError

__all__ = [
    "Curvature",
    "DiagonalCurvature",
    "EigenpairCurvature",
    "FormsByUnit",
    "RescaledCurvature",
]

Form = TypeVar("Form", bound=QuadraticForm)


@dataclass(frozen=True, eq=False, repr=False)
class FormsByUnit(Generic[Form]):
    """One quadratic form for each unit; ``str`` gives a summary by role.

    Attributes
    ----------
    factors : mapping of str to quadratic form
        By unit name.
    tokens : int
        Input positions that entered.
    outputs : int
        Scored outputs: positions of a language model, samples of a classifier.
    """

    factors: Mapping[str, Form]
    tokens: int
    outputs: int

    _kind: ClassVar[str]
    _form: ClassVar[type[Any]]

    def __str__(self) -> str:
        return summary(self._kind, self.factors, self._tensors(), self.tokens, self.outputs)

    def _tensors(self) -> dict[str, dict[str, Tensor]]:
        names = [field.name for field in fields(self._form)]
        return {
            unit: {name: getattr(form, name) for name in names}
            for unit, form in self.factors.items()
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to one file, safetensors with a description in its header; whole or not at all.

        A tensor that several units hold is stored once.

        Raises
        ------
        InputError
            It cannot be written.
        """
        told = {"tokens": self.tokens, "outputs": self.outputs}
        write_tensors(path, self._kind, self._tensors(), told)

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
        tensors, told = read_tensors(path, cls._kind)
        require_counts(path, told, "tokens", "outputs")
        names = {field.name for field in fields(cls._form)}
        factors: dict[str, Form] = {}
        for unit, held in tensors.items():
            if held.keys() != names:
                raise FormatError(f"{unit} does not hold {', '.join(sorted(names))}", str(path))
            form = cls._form(**held)
            if not form.consistent():
                raise FormatError(f"the shapes held for {unit} do not go together", str(path))
            factors[unit] = form
        return cls(factors, told["tokens"], told["outputs"])


class Curvature(FormsByUnit[KroneckerFactors]):
    """Kronecker factors of each unit's curvature; made by :func:`collect_curvature`."""

    _kind = "kronecker"
    _form = KroneckerFactors


class RescaledCurvature(FormsByUnit[RescaledFactors]):
    """EK-FAC: rescaled in the Kronecker eigenbasis; made by :func:`collect_rescaled`."""

    _kind = "rescaled"
    _form = RescaledFactors


class DiagonalCurvature(FormsByUnit[DiagonalFactors]):
    """Diagonal of the Fisher information; made by :func:`collect_diagonal`."""

    _kind = "diagonal"
    _form = DiagonalFactors


class EigenpairCurvature(FormsByUnit[Eigenpairs]):
    """Largest eigenpairs of each unit's curvature; made by :func:`collect_eigenpairs`."""

    _kind = "eigenpairs"
    _form = Eigenpairs
