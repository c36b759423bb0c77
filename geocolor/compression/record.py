"""What is known of a compression, kept beside the model: what pages and pictures are made from."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from geocolor._version import __version__
from geocolor.compression.configuration import Configuration
from geocolor.compression.decoding import decode
from geocolor.compression.report import Report
from geocolor.criterion import Form, GroupCosts
from geocolor.errors import CheckpointError, InputError
from geocolor.io.json_text import load_object
from geocolor.io.limits import Limits
from geocolor.sharing import SharingPlan
from geocolor.sharing.description import PLAN_FILE, none_there
from geocolor.sharing.layers import stored_matrices
from geocolor.sharing.size import macs_by_unit
from geocolor.units import Side, Unit, Use

__all__ = ["CompressionRecord", "Origin", "UnitRecord", "read_record", "unit_records"]

_LIBRARIES = ("torch", "transformers", "safetensors", "numpy", "scipy", "numba")
# Of what a matrix costs at rank 0; pictures show the ranks at which so much of it is left.
_SHARES = (0.5, 0.1, 0.01)


@dataclass(frozen=True)
class Origin:
    """Where a compression comes from.

    Attributes
    ----------
    model : str
        Class of the model.
    tokens : int
        Input positions that calibration saw.
    outputs : int
        Scored outputs among them.
    seed : int
        Of sampled targets and solvers.
    versions : tuple of (str, str)
        Of Python and the libraries.
    asked : tuple of (str, str)
        What else the caller says of it: the texts, say.
    """

    model: str
    tokens: int
    outputs: int
    seed: int
    versions: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, model: nn.Module, tokens: int, outputs: int, seed: int) -> Origin:
        """Note down a model, its calibration and the versions of what is installed."""
        name = type(model).__name__
        if isinstance(model, nn.ModuleList):
            name = ", ".join(type(part).__name__ for part in model)
        versions = [("geocolor", __version__), ("Python", platform.python_version())]
        for library in _LIBRARIES:
            try:
                versions.append((library, version(library)))
            except PackageNotFoundError:
                continue
        return cls(name, tokens, outputs, seed, tuple(versions))


@dataclass(frozen=True)
class UnitRecord:
    """A shareable matrix, and what became of it.

    Attributes
    ----------
    name, role, layer, shape, side, model
        As in :class:`Unit`.
    parameters : float
        It has now; what a group shares is split evenly among its members.
    macs : int
        Multiply-adds; of a basis that is applied once for several, the first has them.
    needed : tuple of int
        Ranks at which low rank of its own would cost a half, a tenth and a hundredth of what it
        costs at rank 0; none where the method has no low rank.
    places : int
        How often it is applied; 1 where all are applied as often.
    """

    name: str
    role: str
    layer: int
    shape: tuple[int, int]
    side: Side
    model: int | None
    parameters: float
    macs: int
    needed: tuple[int, ...]
    places: int = 1

    def __post_init__(self) -> None:
        """Refuse a matrix of no numbers."""
        if min(self.shape) < 1 or self.places < 1:
            raise InputError(f"{self.name} has shape {self.shape}, at {self.places} places")


def unit_records(
    units: Sequence[Unit], model: nn.Module, costs: GroupCosts, uses: Mapping[str, Use]
) -> tuple[UnitRecord, ...]:
    """Look at every unit of a compressed model.

    Parameters
    ----------
    units : sequence of Unit
        All units.
    model : torch.nn.Module
        The compressed model.
    costs : GroupCosts
        The criterion it was compressed by.
    uses : mapping of str to Use
        How the model uses each.
    """
    stored = {unit.name: stored_matrices(model.get_submodule(unit.name)) for unit in units}
    users: dict[int, int] = {}
    for matrices in stored.values():
        for matrix in matrices:
            users[id(matrix)] = users.get(id(matrix), 0) + 1
    products = macs_by_unit(model, [unit.name for unit in units], uses)
    return tuple(
        UnitRecord(
            name=unit.name,
            role=unit.role,
            layer=unit.layer,
            shape=unit.shape,
            side=unit.side,
            model=unit.model,
            parameters=sum(m.numel() / users[id(m)] for m in stored[unit.name]),
            macs=products[unit.name],
            needed=_needed(costs, unit.name),
            places=uses[unit.name].places,
        )
        for unit in units
    )


def _needed(costs: GroupCosts, name: str) -> tuple[int, ...]:
    if Form.BASIS not in costs.forms:
        return ()
    curve = costs.curve(Form.BASIS, (name,))
    few = [np.argmax(curve.costs <= share * curve.costs[0]) for share in _SHARES]
    return tuple(int(curve.ranks[at]) for at in few)


@dataclass(frozen=True)
class CompressionRecord:
    """A compression, without the weights.

    Attributes
    ----------
    plan : SharingPlan
    matrices : tuple of UnitRecord
    report : Report
    configuration : Configuration
    origin : Origin
    """

    plan: SharingPlan
    matrices: tuple[UnitRecord, ...]
    report: Report
    configuration: Configuration
    origin: Origin

    @property
    def units(self) -> tuple[Unit, ...]:
        """The matrices as units."""
        return tuple(
            Unit(each.name, each.role, each.layer, each.shape, each.side, "", each.model)
            for each in self.matrices
        )

    @property
    def needed(self) -> Mapping[str, tuple[int, ...]]:
        """Ranks that matrices need, by name."""
        return {each.name: each.needed for each in self.matrices}

    @property
    def headline(self) -> str:
        """The method, the share kept and what it cost, in a few words."""
        report = self.report
        return (
            f"{report.method}, {report.kept:.1%} of the {report.share_of} kept, "
            f"{report.measured_increase:+.3g} nats measured{report.before_recovery}"
        )

    def details(self) -> dict[str, Any]:
        """Plain data, for JSON: all but the plan, which a checkpoint has anyway."""
        return {
            "configuration": self.configuration.to_json(),
            "report": self.report.to_json(),
            "matrices": [asdict(each) for each in self.matrices],
            "origin": asdict(self.origin),
        }


def read_record(directory: str | os.PathLike[str]) -> CompressionRecord:
    """Read what a saved model's folder says of its compression; no weights are read.

    Raises
    ------
    CheckpointError
        The folder was not saved by ``compressed.save``, or by an older geocolor.
    FormatError
        Its description is damaged.
    """
    path = Path(directory) / PLAN_FILE
    if not path.is_file():
        raise CheckpointError(none_there(path.parent))
    found = load_object(path, Limits())
    where, details = str(path), found.get("details")
    if not isinstance(details, Mapping) or not details.keys() >= {"matrices", "origin"}:
        raise CheckpointError(
            f"{path} does not say how the model was compressed; an older geocolor saved it. "
            "Compress the original again"
        )
    plan = SharingPlan.from_json(found.get("plan"))
    members = {member for group in plan.groups for member in group.members}
    record = CompressionRecord(
        plan,
        decode(tuple[UnitRecord, ...], details["matrices"], where, "matrices"),
        decode(Report, details.get("report"), where, "report"),
        Configuration.from_json(details.get("configuration"), where=where),
        decode(Origin, details["origin"], where, "origin"),
    )
    if members != {each.name for each in record.matrices}:
        raise CheckpointError(f"{path}: its plan and its matrices are not of the same names")
    return record
