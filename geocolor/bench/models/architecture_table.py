"""What compression keeps its word on, architecture by architecture."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import geocolor
from geocolor.bench.models.architectures import ARCHITECTURES, Architecture
from geocolor.bench.plaintext import plain_table
from geocolor.compression import Analysis, Compressed, analyze
from geocolor.curvature import Batch, call_model, scorer
from geocolor.errors import InputError
from geocolor.sharing.description import PLAN_FILE

__all__ = ["Row", "check", "loads_alike", "table"]

# The budget is met to this share of the units' parameters; ranks are whole numbers.
_TOLERANCE = 0.005
# Suffix of the file beside a checkpoint: what its model reads, and what it says.
_SEEN = ".seen"
_FORMS = {"basis": "low rank", "tied": "tied", "narrow": "narrow", "residual": "residual"}


@dataclass(frozen=True)
class Row:
    """One model at one budget.

    Attributes
    ----------
    name, model, dtype : str
        The architecture, the model's class and its dtype.
    parameters, units : int
        Of the original.
    keep, kept : float
        Share of the units' parameters asked for and kept.
    forms : str
        How many groups of each form.
    measured : float
        Increase of the loss.
    untouched : bool
        Whether the original's modules, modes and bits are what they were.
    learns : bool
        Whether a gradient step is finite and its gradient reaches every matrix.
    alike : bool or None
        Whether a fresh process that loads the checkpoint gets the same outputs, to the bit; None
        until it was asked.
    """

    name: str
    model: str
    dtype: str
    parameters: int
    units: int
    keep: float
    kept: float
    forms: str
    measured: float
    untouched: bool
    learns: bool
    alike: bool | None = None

    @property
    def met(self) -> bool:
        """Whether the budget is met, and not by far more than asked."""
        return self.keep - _TOLERANCE <= self.kept <= self.keep


def check(
    architectures: Sequence[Architecture],
    keeps: Sequence[float],
    *,
    dtype: torch.dtype = torch.float32,
    on_progress: Callable[[str], None] = lambda stage: None,
) -> list[Row]:
    """Compress, save, load in a fresh process and train a step, for every model and budget.

    Parameters
    ----------
    architectures : sequence of Architecture
        What to try.
    keeps : sequence of float
        Shares to keep.
    dtype : torch.dtype
        Of the models.
    on_progress : callable
        Told what is being done.

    Raises
    ------
    GeocolorError
        A model cannot be compressed, saved or loaded.
    """
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        rows = []
        for architecture in architectures:
            on_progress(architecture.name)
            rows += list(_rows(architecture, keeps, dtype, folder))
        on_progress("loading in a fresh process")
        alike = _ask_a_fresh_process(folder)
        return [replace(row, alike=alike[_place(row.name, row.keep)]) for row in rows]


def _rows(
    architecture: Architecture, keeps: Sequence[float], dtype: torch.dtype, folder: Path
) -> Iterator[Row]:
    model = architecture.build().to(dtype)
    batches = [_cast(batch, dtype) for batch in architecture.batches()]
    state, modules = copy.deepcopy(model.state_dict()), list(model.modules())
    analysis = analyze(model, batches, loss=architecture.loss)
    for keep in keeps:
        compressed = analysis.compress(keep)
        place = folder / _place(architecture.name, keep)
        compressed.save(place)
        seen = dict(_named(batches[0]), output=_rows_of(compressed.model, batches[0]))
        save_file(seen, place.with_suffix(_SEEN))
        untouched = (
            all(new is old for new, old in zip(model.modules(), modules, strict=True))
            and not any(module.training for module in modules)
            and all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
        )
        yield Row(
            name=architecture.name,
            model=type(model).__name__,
            dtype=str(dtype).removeprefix("torch."),
            parameters=compressed.report.before.parameters,
            units=len(analysis.units),
            keep=keep,
            kept=compressed.report.kept,
            forms=_forms(compressed),
            measured=compressed.report.measured_increase,
            untouched=untouched,
            learns=_learns(analysis, compressed, batches[0], architecture.loss),
        )


def _place(name: str, keep: float) -> str:
    # No dot: the outputs lie beside under the same name.
    return f"{name}-{round(keep * 1000)}"


def _cast(batch: Batch, dtype: torch.dtype) -> Batch:
    def cast(value: Any) -> Any:
        return value.to(dtype) if value.is_floating_point() else value

    return cast(batch) if isinstance(batch, Tensor) else {k: cast(v) for k, v in _named(batch)}


def _named(batch: Batch) -> list[tuple[str, Any]]:
    """List a batch's tensors; one that is a tensor itself has no name."""
    return list(batch.items()) if isinstance(batch, Mapping) else [("", batch)]


@torch.no_grad()
def _rows_of(model: nn.Module, batch: Batch) -> Tensor:
    output = call_model(model, batch)
    for name in ("logits", "last_hidden_state"):
        output = getattr(output, name, output)
    return torch.as_tensor(output).contiguous()


def _forms(compressed: Compressed) -> str:
    counts: Counter[str] = Counter()
    for group in compressed.plan.groups:
        shared = group.form == "basis" and len(group.members) > 1
        counts["shared basis" if shared else _FORMS.get(group.form, group.form)] += 1
    return ", ".join(f"{count} {form}" for form, count in sorted(counts.items()))


def _learns(analysis: Analysis, compressed: Compressed, batch: Batch, loss: str) -> bool:
    """Take a step of gradient descent on a copy; the gradient must reach every part of a unit."""
    model = copy.deepcopy(compressed.model).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    scorer(loss)(model, batch).rows.square().sum().backward()  # type: ignore[no-untyped-call]
    parts = [
        parameter.grad
        for unit in analysis.units
        for name, parameter in model.get_submodule(unit.name).named_parameters()
        # A shift of all keys changes no attention: its gradient is nothing but rounding.
        if parameter.numel() and not name.endswith("bias")
    ]
    reached = all(part is not None and bool(part.any()) for part in parts)
    optimizer.step()
    geocolor.assert_shared(model)
    return reached and all(bool(torch.isfinite(each).all()) for each in model.parameters())


def _ask_a_fresh_process(folder: Path) -> dict[str, bool]:
    # The order of a sum, and with it the last bits, depends on the number of threads.
    asked = [str(folder), str(torch.get_num_threads())]
    done = subprocess.run(
        [sys.executable, "-m", "geocolor.bench.models.architecture_loads", *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"the fresh process failed: {done.stderr.strip()[-500:]}")
    answers = [line.split() for line in done.stdout.splitlines()]
    return {place: answer == "alike" for place, answer in answers}


def loads_alike(folder: Path) -> Iterator[tuple[str, bool]]:
    """Load every checkpoint in a folder and compare its outputs with those kept beside it.

    Yields
    ------
    place : str
        Name of the checkpoint's folder.
    alike : bool
        Whether all bits are the same.
    """
    for file in sorted(folder.glob(f"*{_SEEN}")):
        batch = load_file(file)
        output = batch.pop("output")
        place = file.with_suffix("")
        described = json.loads((place / PLAN_FILE).read_text(encoding="utf-8"))
        fresh = None
        if described["model"] is None:  # no library can rebuild it
            name = place.name.rpartition("-")[0]
            fresh = ARCHITECTURES[name].build(seed=1)
        model = geocolor.load(place, model=fresh)
        yield place.name, torch.equal(_rows_of(model, batch.get("", batch)), output)


def table(rows: Sequence[Row]) -> str:
    """Lay rows out as plain text."""
    words = {True: "yes", False: "NO", None: "-"}
    header = (
        "architecture class forms dtype parameters units keep kept loss met untouched loads learns"
    )
    lines = [
        (
            row.name,
            row.model,
            row.forms,
            row.dtype,
            f"{row.parameters:,}",
            str(row.units),
            f"{row.keep:g}",
            f"{row.kept:.4f}",
            f"{row.measured:+.2g}",
            words[row.met],
            words[row.untouched],
            words[row.alike],
            words[row.learns],
        )
        for row in rows
    ]
    return plain_table(header.split(), lines, left=3)
