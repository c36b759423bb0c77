"""A model in a folder, of which only the part that is worked on is in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from geocolor.compression.pretrained import shape_mismatch, unfilled_pretrained
from geocolor.compression.streaming.stored import StoredTensors
from geocolor.errors import ModelError
from geocolor.sharing.checkpoint import structure_of
from geocolor.sharing.equal import part_named
from geocolor.units import Unit, find_blocks, find_units, fold_norms, split_experts

__all__ = ["FolderModel", "why_not_by_block"]

# What modules hold, and what they hold while it is not loaded.
_Places = list[tuple[dict[str, Any], dict[str, Any]]]


class FolderModel:
    """A model of a local folder, loaded part by part.

    Parameters
    ----------
    folder : path-like
        As ``save_pretrained`` writes it.

    Attributes
    ----------
    folder : Path
    model : torch.nn.Module
        In eval mode, experts of a mixture as layers of their own; parameters are on the meta device
        while their part is not loaded.
    structure : str
        :func:`structure_of` the model before experts are split.
    units : tuple of Unit
        What may share.
    blocks : tuple of str
        Paths of the blocks that hold all units.
    scales : dict of str to Tensor
        Norm scales that units of the blocks loaded so far have taken in; see :func:`fold_norms`.

    Raises
    ------
    ModelError
        The folder holds no such model, it has no list of blocks with all of its units, or a tensor
        is missing or of another shape.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._files = StoredTensors(folder)
        self._dtype = self._files.first_dtype()
        self.model = unfilled_pretrained(self.folder, self._dtype)
        self.structure = structure_of(self.model)
        split_experts(self.model)
        self._ties = self._stored_ties()
        part_named(self.model, self._ties)
        self.units = tuple(find_units(self.model))
        self.blocks = find_blocks(self.model, self.units)
        self.model.requires_grad_(requires_grad=False)
        self.scales: dict[str, Tensor] = {}
        self._names = self._stored_names()
        blocks = [self.model.get_submodule(path) for path in self.blocks]
        self._within = [_places(block.modules()) for block in blocks]
        inside = {module for block in blocks for module in block.modules()}
        self._outside = _places(m for m in self.model.modules() if m not in inside)

    def unfilled(self) -> nn.Module:
        """Build another such model, all on the meta device."""
        model = unfilled_pretrained(self.folder, self._dtype)
        split_experts(model)
        part_named(model, self._ties)
        return model

    def _stored_ties(self) -> dict[str, str]:
        """Find what each name that the configuration ties stands for in the files.

        As transformers has it: for the first of the tied that is stored, unless it is stored with
        other values.
        """
        model: Any = self.model
        groups: dict[str, list[str]] = {}
        for name, source in model.all_tied_weights_keys.items():
            groups.setdefault(source, [source]).append(name)
        ties: dict[str, str] = {}
        for group in groups.values():
            stored = [name for name in group if name in self._files]
            if len(stored) > 1:
                first, dtype = stored[0], model.get_parameter(stored[0]).dtype
                parted = {n for n in stored[1:] if not self._files.alike(first, n, dtype)}
                ties |= {name: name if name in parted else first for name in group}
        return ties

    def _stored_names(self) -> dict[int, str]:
        """Find the name in the files of each tensor of the model; those that are tied have one."""
        names: dict[int, str] = {}
        state = self.model.state_dict(keep_vars=True)
        for name, tensor in state.items():
            if name in self._files:
                names.setdefault(id(tensor), name)
        missing = [name for name, tensor in state.items() if id(tensor) not in names]
        if missing:
            raise ModelError(
                f"{self.folder} has no tensor {missing[0]}: it is stored in another form than the "
                "model has it, and cannot be read block by block"
            )
        return names

    def units_of(self, number: int) -> tuple[Unit, ...]:
        """List the units of a block."""
        within = f"{self.blocks[number]}."
        return tuple(unit for unit in self.units if unit.name.startswith(within))

    def block_of(self, unit: str) -> int:
        """Give the number of a unit's block."""
        return next(
            number for number, path in enumerate(self.blocks) if unit.startswith(f"{path}.")
        )

    @contextmanager
    def block(self, number: int, *, folded: bool = True) -> Iterator[nn.Module]:
        """Load a block for a while; afterwards it is as before, whatever was done to it.

        Parameters
        ----------
        number : int
            Which.
        folded : bool
            Whether norm scales are moved into their readers.

        Raises
        ------
        ModelError
            A tensor has another shape than the model's, or a file is damaged.
        """
        path = self.blocks[number]
        with self._loaded(self._within[number]):
            block = self.model.get_submodule(path)
            if folded:
                config: Any = self.model.config
                scales = fold_norms(block, config.model_type)
                self.scales |= {f"{path}.{name}": scale for name, scale in scales.items()}
            yield block

    @contextmanager
    def rest(self) -> Iterator[nn.Module]:
        """Load all but the blocks for a while, and give the model."""
        with self._loaded(self._outside):
            yield self.model

    @contextmanager
    def _loaded(self, places: _Places) -> Iterator[None]:
        """Fill what modules hold, whatever they hold now, which is put back afterwards."""
        now = [dict(held) for held, _ in places]
        real: dict[str, Tensor] = {}
        try:
            for held, empty in places:
                held.clear()
                held.update(empty)
                for key, tensor in empty.items():
                    name = self._names.get(id(tensor))
                    if name is not None:
                        if name not in real:
                            real[name] = self._filling(name, tensor)
                        held[key] = real[name]
            yield
        finally:
            for (held, _), before in zip(places, now, strict=True):
                held.clear()
                held.update(before)

    def _filling(self, name: str, tensor: Any) -> Tensor:
        """Read what a tensor of the model is to hold."""
        found = self._files.read(name)
        if found.shape != tensor.shape:
            file, needed = self._files.file(name), tuple(tensor.shape)
            raise ModelError(shape_mismatch(file, name, tuple(found.shape), needed))
        found = found.to(tensor.dtype)
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(found, requires_grad=False)
        return found


def why_not_by_block(folder: str | os.PathLike[str]) -> str | None:
    """Say why a model cannot be loaded part by part; None if it can. No weights are read."""
    try:
        FolderModel(folder)
    except ModelError as error:
        return str(error)
    return None


def _places(modules: Iterable[nn.Module]) -> _Places:
    """List what modules hold."""
    return [
        (held, dict(held))
        for module in modules
        for held in (module._parameters, module._buffers, module._modules)
    ]
