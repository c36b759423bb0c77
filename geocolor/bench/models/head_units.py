"""The attention heads of a model as units, measured once and kept in a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from geocolor.bench.models.session import Session
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import Protocol
from geocolor.compression.budget import private_price
from geocolor.compression.configuration import preset
from geocolor.compression.progress import Progress
from geocolor.criterion.slices import Slices, row_slices
from geocolor.curvature import Curvature, KroneckerFactors
from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file
from geocolor.units import Side, Unit

__all__ = ["Heads", "heads_of"]

_ROLES = ("q_proj", "k_proj", "v_proj")
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Heads:
    """Heads with their curvature, norms folded.

    Attributes
    ----------
    slices : Slices
        One unit a head.
    prices : dict of float to float
        By share kept of the whole model's matrices: nats per parameter at which these, each on its
        own, meet it.
    """

    slices: Slices
    prices: dict[float, float]


def heads_of(
    subject: Subject,
    windows: int,
    length: int,
    keeps: Sequence[float],
    cache: Path,
    on_progress: Progress,
) -> Heads:
    """Measure a model's heads, or read them where that was done before.

    Parameters
    ----------
    subject : Subject
        A model whose attention reads by q_proj, k_proj and v_proj.
    windows, length : int
        Windows of calibration text, and tokens in each.
    keeps : sequence of float
        Shares whose prices are wanted, each in (0, 1).
    cache : Path
        Folder for what was measured.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Raises
    ------
    InputError
        The model has no such matrices, or the cache cannot be used.
    """
    # Nothing is scored here, and a session asks for text to do it on.
    protocol = Protocol(
        windows, length, scored_windows=1, scored_length=length, divergence_windows=1
    )
    asked = [subject.sha256, subject.calibration.sha256, windows, length]
    key = hashlib.sha256(json.dumps([_FORMAT, *asked]).encode()).hexdigest()
    path = cache / "heads" / f"{key}.safetensors"
    known: dict[float, float] = {}
    if path.exists():
        heads = _read(path)
        if heads.prices.keys() >= set(keeps):
            return heads
        known = heads.prices
    _measure(subject, protocol, sorted({*known, *keeps}), path, on_progress)
    return _read(path)


def _measure(
    subject: Subject,
    protocol: Protocol,
    keeps: Sequence[float],
    path: Path,
    on_progress: Progress,
) -> None:
    session = Session(subject, protocol, 0, on_progress)
    analysis = session.calibrate()
    costs = analysis.costs(preset("default"))
    names = [unit.name for unit in analysis.units]
    total = sum(unit.parameters for unit in analysis.units)
    on_progress("pricing matrices", 0, 1)
    prices = {keep: private_price(names, costs, int(keep * total)) for keep in keeps}
    units = [unit for unit in analysis.units if unit.role.rpartition(".")[2] in _ROLES]
    config: Any = session.model.config
    if not units or any(unit.side is not Side.READ for unit in units):
        raise InputError(f"{subject.name} has no {', '.join(_ROLES)}, so no heads are known")
    rows = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    tensors: dict[str, Tensor] = {}
    inputs: dict[int, str] = {}
    described = []
    for unit in units:
        factors = analysis.curvature.factors[unit.name]
        place = inputs.setdefault(id(factors.inputs), f"inputs {len(inputs)}")
        tensors[place] = factors.inputs
        tensors[f"gradients {unit.name}"] = factors.gradients
        tensors[f"weight {unit.name}"] = costs.views[unit.name].weight
        described.append({**asdict(unit), "inputs": place})
    told = {
        "units": described,
        "rows": int(rows),
        "prices": list(prices.items()),
        "tokens": analysis.curvature.tokens,
        "outputs": analysis.curvature.outputs,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
            file.write(save(whole, metadata={"heads": json.dumps(told)}))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def _read(path: Path) -> Heads:
    try:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["heads"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}; delete it to measure again") from error
    units, factors, weights = [], {}, {}
    for entry in told["units"]:
        inputs = tensors[entry.pop("inputs")]
        unit = Unit(**{**entry, "shape": tuple(entry["shape"]), "side": Side(entry["side"])})
        units.append(unit)
        factors[unit.name] = KroneckerFactors(inputs, tensors[f"gradients {unit.name}"])
        weights[unit.name] = tensors[f"weight {unit.name}"]
    curvature = Curvature(factors, told["tokens"], told["outputs"])
    return Heads(row_slices(units, weights, curvature, told["rows"]), dict(told["prices"]))
