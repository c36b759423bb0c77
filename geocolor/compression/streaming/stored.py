"""Where tensors of a model lie in the files of its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geocolor.compression.pretrained import stored_tensors
from geocolor.errors import ModelError

__all__ = ["StoredTensors"]

# How many rows of tensors are compared at a time.
_ROWS = 4096

# An expert's matrix, and the stack and the part of it that transformers has it in.
_EXPERT = re.compile(r"(.+)\.(\d+)\.(gate|up|down)_proj\.weight")
_STACKS = {
    "gate": ("gate_up_proj", 0, 2),
    "up": ("gate_up_proj", 1, 2),
    "down": ("down_proj", 0, 1),
}
# What the files of Mixtral and its relatives say instead.
_MIXTRAL = {
    ".mlp.": ".block_sparse_moe.",
    ".gate_proj.": ".w1.",
    ".down_proj.": ".w2.",
    ".up_proj.": ".w3.",
}


class StoredTensors:
    """Tensors of a folder by the names that a model with split experts has for them.

    Parameters
    ----------
    folder : path-like
        As ``save_pretrained`` writes it.

    Raises
    ------
    ModelError
        It holds no safetensors, or a file is missing or damaged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._files = stored_tensors(folder)

    def __contains__(self, name: str) -> bool:
        return self._place(name)[0] in self._files

    def _place(self, name: str) -> tuple[str, _Part | None]:
        """Give the name that the files have, and the part of what is there."""
        return next((place for place in _places(name) if place[0] in self._files), (name, None))

    def file(self, name: str) -> Path:
        """Give the file that a tensor is in."""
        return self._files[self._place(name)[0]]

    def first_dtype(self) -> torch.dtype:
        """Give the dtype of the first floats in the files."""
        from safetensors import safe_open

        for name, file in self._files.items():
            with safe_open(file, "pt") as opened:
                dtype: torch.dtype = opened.get_slice(name)[:0].dtype
            if dtype.is_floating_point:
                return dtype
        return torch.float32

    def read(self, name: str) -> Tensor:
        """Copy a tensor out of its file: pages of a file that stay mapped count as memory.

        Raises
        ------
        ModelError
            The file is damaged.
        """
        place, part = self._place(name)
        with _opened(self._files[place]) as opened:
            if part is None:
                whole: Tensor = opened.get_tensor(place)
                return whole.clone()
            return part.of(opened.get_slice(place))

    def alike(self, name: str, other: str, dtype: torch.dtype) -> bool:
        """Whether two tensors have one shape and, as numbers of a dtype, the same values.

        Raises
        ------
        ModelError
            A file is damaged.
        """
        tensors = []
        for each in (name, other):
            place, _ = self._place(each)
            with _opened(self._files[place]) as opened:
                tensors.append(opened.get_tensor(place))
        one, two = tensors
        # Both are mapped, and only some of their rows are copied at a time.
        return one.shape == two.shape and all(
            torch.equal(some.to(dtype), same.to(dtype))
            for some, same in zip(one.split(_ROWS), two.split(_ROWS), strict=True)
        )


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a file of tensors, and say which it is that cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "pt") as opened:
            yield opened
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file} cannot be read: {error}") from error


@dataclass(frozen=True)
class _Part:
    """One of some equal parts of what a stack has for one expert."""

    expert: int
    number: int
    parts: int

    def of(self, stack: Any) -> Tensor:
        """Copy it out of a slice of shape (experts, rows, columns)."""
        rows = stack.get_shape()[1] // self.parts
        first = self.number * rows
        own: Tensor = stack[self.expert : self.expert + 1, first : first + rows]
        return own[0].clone()


def _places(name: str) -> Iterator[tuple[str, _Part | None]]:
    """List the names that files may have a tensor under, and the part of what is there."""
    yield name, None
    spelled = name
    for ours, theirs in _MIXTRAL.items():
        spelled = spelled.replace(ours, theirs)
    yield spelled, None
    expert = _EXPERT.fullmatch(name)
    if expert is not None:
        stack, number, parts = _STACKS[expert[3]]
        yield f"{expert[1]}.{stack}", _Part(int(expert[2]), number, parts)
