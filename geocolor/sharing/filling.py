"""Tensors of files into a model that has room for them and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import CheckpointError

__all__ = ["cast_buffers", "fill", "unfilled_parameters"]


@contextmanager
def unfilled_parameters() -> Iterator[None]:
    """Build models whose parameters take no memory; buffers, which no file may hold, are real."""
    register = nn.Module.register_parameter

    def on_meta(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        register(module, name, parameter)
        if parameter is not None and not parameter.is_meta:
            trained = parameter.requires_grad
            module._parameters[name] = nn.Parameter(parameter.to("meta"), requires_grad=trained)

    nn.Module.register_parameter = on_meta  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def fill(model: nn.Module, files: Sequence[Any], aliases: Mapping[str, str]) -> None:
    """Put every tensor of files where it belongs, once that is known to fit.

    Parameters that are there keep their identity; those on the meta device are replaced by real
    ones, wherever they are held. Ties hold either way.

    Parameters
    ----------
    model : torch.nn.Module
        With its plan's structure; changed in place.
    files : sequence of safetensors.safe_open
        Each tensor in one of them.
    aliases : mapping of str to str
        Names that the model has for tensors of another name.

    Raises
    ------
    CheckpointError
        Names, shapes or ties of the files and the model differ, or a buffer that no file holds is
        on the meta device.
    """
    state = model.state_dict(keep_vars=True)
    saved = {name: file for file in files for name in file.keys()}  # noqa: SIM118
    missing = [name for name in state if name not in saved and aliases.get(name) not in saved]
    unexpected = sorted(name for name in saved if name not in state)
    if missing or unexpected:
        raise CheckpointError(
            f"the checkpoint and the model differ: missing {missing[:3]}, "
            f"unexpected {unexpected[:3]}"
        )
    for name, alias in aliases.items():
        if name not in state or alias not in state or state[name] is not state[alias]:
            raise CheckpointError(
                f"{name} and {alias} must be one parameter, but are not; give a freshly built "
                "original whose parameters are tied as those of the model that was compressed"
            )
    held: dict[int, str] = {}
    for name in saved:
        other = held.setdefault(id(state[name]), name)
        if other != name and state[name].numel():
            raise CheckpointError(
                f"{other} and {name} are one parameter of the model, but two in the checkpoint; "
                "give a freshly built original where they are two, as in the model that was "
                "compressed"
            )
    for name, file in saved.items():
        shape, target = tuple(file.get_slice(name).get_shape()), state[name]
        if shape != tuple(target.shape):
            raise CheckpointError(
                f"{name} has shape {shape}, the model needs {tuple(target.shape)}"
            )
    for name, buffer in model.named_buffers():
        if buffer.is_meta and name not in state:
            raise CheckpointError(
                f"{name} is on the meta device and in no file: build the model on a real one, or "
                "its parameters alone on meta"
            )
    instead: dict[int, Tensor] = {}
    for name, file in saved.items():
        old, new = state[name], file.get_tensor(name)
        if old.is_meta:
            trained = isinstance(old, nn.Parameter)
            instead[id(old)] = nn.Parameter(new, old.requires_grad) if trained else new
        else:
            old.data = new.to(old.device)
    for module in model.modules():
        own: Any
        for own in (module._parameters, module._buffers):
            for key, tensor in own.items():
                own[key] = instead.get(id(tensor), tensor)


_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
}


def cast_buffers(model: nn.Module, dtypes: Any) -> None:
    """Cast buffers that no file holds to the dtypes they had.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    dtypes : mapping of str to str
        By buffer name; from a file, so anything.

    Raises
    ------
    CheckpointError
        It is no such mapping, or the model has no such buffer.
    """
    state = model.state_dict()
    buffers = {name: buffer for name, buffer in model.named_buffers() if name not in state}
    if not isinstance(dtypes, Mapping):
        raise CheckpointError("'buffers' must give the dtypes of buffers")
    for name, dtype in dtypes.items():
        if name not in buffers or dtype not in _DTYPES:
            raise CheckpointError(f"no buffer {name} of dtype {dtype!r} in the model")
        buffers[name].data = buffers[name].data.to(_DTYPES[dtype])
