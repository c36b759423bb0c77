"""What a configuration may ask for: about as much as the tensors beside it can fill.

A configuration is a few lines of JSON that can ask for any amount of memory, and a forged one would
get it before shapes are compared. So the model is built on the meta device first, where nothing is
allocated, and only if the configuration itself and the model on paper are in proportion to what
is stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from geocolor.errors import CheckpointError

__all__ = ["Stored", "require_proportion"]

# Sharing keeps a hundredth at most, and numbers are of a byte at least; what is small is harmless.
_SPARSEST = 100
_HARMLESS_ELEMENTS = 1 << 26
_HARMLESS_COUNT = 1 << 20
_HARMLESS_PARAMETERS = 1000
_MAX_CONFIG_BYTES = 64 * 2**20
# Lists may be made of these before there is any model: a kind for each layer, a name a label.
_COUNTING = re.compile(r"^(num|n)_|layer|depth")


@dataclass(frozen=True)
class Stored:
    """What there is to fill a model with.

    Attributes
    ----------
    tensors : int
        How many.
    bytes : int
        Of all of them.
    """

    tensors: int
    bytes: int

    @classmethod
    def of(cls, files: Iterable[Path]) -> Stored:
        """Look into files of tensors.

        Raises
        ------
        safetensors.SafetensorError
            One of them is none.
        """
        from safetensors import safe_open

        tensors = size = 0
        for path in files:
            with safe_open(path, framework="pt") as file:
                tensors += len(file.keys())
            size += path.stat().st_size
        return cls(tensors, size)


def require_proportion(config: Path, build: Callable[[], nn.Module], stored: Stored) -> nn.Module:
    """Refuse a configuration that asks for far more than is stored; nothing is allocated for it.

    Parameters
    ----------
    config : Path
        The configuration, as JSON.
    build : callable
        Builds the model that it describes.
    stored : Stored
        What it would be filled with.

    Returns
    -------
    torch.nn.Module
        What was built to see, on the meta device.

    Raises
    ------
    CheckpointError
        It counts something that is more than all bytes stored, or the model has many more
        parameters or elements than can have been stored.
    """
    if config.stat().st_size > _MAX_CONFIG_BYTES:
        raise CheckpointError(f"{config} is larger than {_MAX_CONFIG_BYTES} bytes")
    most = stored.bytes + _HARMLESS_COUNT
    for key, count in _counts(json.loads(config.read_text(encoding="utf-8"))):
        if count > most:
            raise _beyond(config, f"{count} for {key!r}", stored)
    parameters = _SPARSEST * stored.tensors + _HARMLESS_PARAMETERS
    too_many = _beyond(config, f"more than {parameters} parameters", stored)
    # The caller's generators must not notice.
    with torch.random.fork_rng(devices=[]), torch.device("meta"), _at_most(parameters, too_many):
        model = build()
    held = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    elements = sum(tensor.numel() for tensor in held.values())
    if elements > _SPARSEST * stored.bytes + _HARMLESS_ELEMENTS:
        raise _beyond(config, f"{elements} elements", stored)
    return model


def _beyond(config: Path, asked: str, stored: Stored) -> CheckpointError:
    return CheckpointError(
        f"{config} asks for {asked}, but only {stored.tensors} tensors of {stored.bytes} bytes in "
        "all are stored beside it"
    )


def _counts(value: Any, key: str = "") -> Iterator[tuple[str, int]]:
    """Give the whole numbers of a configuration that count something, by their keys."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _counts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _counts(inner, key)
    elif isinstance(value, int) and _COUNTING.search(key):
        yield key, value


@contextmanager
def _at_most(parameters: int, refusal: CheckpointError) -> Iterator[None]:
    """Refuse to build a model of more parameters while it is being built."""
    register = nn.Module.register_parameter
    registered = 0

    def counted(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal registered
        registered += parameter is not None
        if registered > parameters:
            raise refusal
        register(module, name, parameter)

    nn.Module.register_parameter = counted  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]
