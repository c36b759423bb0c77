"""Move norm scales into the matrices that read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.units.architectures import PRE_NORMS
from geocolor.units.discover import held_once
from geocolor.units.layers import has_other_forward
from geocolor.units.outputs import Run, tensors_of

__all__ = ["fold_norms"]

# Nothing is rounded where a scale moves by powers of two; a GPU may add in another order.
_ROUNDINGS = 1e2


@torch.no_grad()
def fold_norms(
    model: nn.Module,
    model_type: str | None = None,
    *,
    within: nn.Module | None = None,
    run: Run | None = None,
) -> dict[str, Tensor]:
    """Fold the scales of pre-norms into their readers, in place; the function is unchanged.

    Afterwards all matrices that read one residual stream see the same space, so that their
    second moments can be compared and their bases shared. Only architectures listed in
    :mod:`geocolor.units.architectures` are touched, and there no norm whose scale is something
    else's too, nor one with a reader that is no plain Linear layer with a weight of its own; hooks
    keep both as they are.

    Parameters
    ----------
    model : torch.nn.Module
        A model, or a block of one.
    model_type : str, optional
        The architecture, where the model's configuration does not say it: for a block.
    within : torch.nn.Module, optional
        What the model is a part of, whose other parts may hold the same weights.
    run : callable, optional
        Calls the model in eval mode on one sample. If it says anything else when scales move,
        nothing is folded.

    Returns
    -------
    dict of str to Tensor, shape (in_features,)
        The scale that each reader took in, by its dotted path.
    """
    if model_type is None:
        model_type = getattr(getattr(model, "config", None), "model_type", "")
    norms = list(_norms(model, model_type, model if within is None else within))
    if norms and run is not None and not _may_move(model, norms, run):
        return {}
    scales: dict[str, Tensor] = {}
    for norm in norms:
        for name, reader in norm.readers.items():
            reader.mul_(norm.scale)
            scales[name] = norm.scale.detach().clone()
        norm.scale.fill_(1.0)
    return scales


@dataclass(frozen=True, eq=False)
class _Norm:
    """The scale of a norm, and the weights that it can move into, by their layers' paths."""

    scale: nn.Parameter
    readers: dict[str, nn.Parameter]


def _norms(model: nn.Module, model_type: str, within: nn.Module) -> Iterator[_Norm]:
    """List the norms whose scale is of their readers' inputs and of nothing else."""
    listed = PRE_NORMS.get(model_type, {})
    once = held_once(within)
    for path, block in model.named_modules():
        for norm_name, reader_names in listed.items():
            if norm_name not in block._modules:
                continue
            inside = dict(block.named_modules())
            found: list[Any] = [inside.get(name) for name in (norm_name, *reader_names)]
            norm, *readers = found
            if (
                all(_is_plain(module) and once(module) for module in found)
                and all(type(reader) is nn.Linear for reader in readers)
                and len(list(norm.parameters())) == 1
            ):
                paths = [f"{path}.{name}".removeprefix(".") for name in reader_names]
                weights = [reader.weight for reader in readers]
                yield _Norm(norm.weight, dict(zip(paths, weights, strict=True)))


def _is_plain(module: Any) -> bool:
    """Whether a module has a weight as it is, and only does what its class says."""
    return (
        module is not None
        and isinstance(module._parameters.get("weight"), nn.Parameter)
        and not module._forward_pre_hooks
        and not module._forward_hooks
        and not has_other_forward(module)
    )


def _may_move(model: nn.Module, norms: Sequence[_Norm], run: Run) -> bool:
    """Whether a model says the same with half of the scales halved and their readers doubled."""
    try:
        before = tensors_of(run(model))
        with _moved(norms):
            after = tensors_of(run(model))
    except Exception:
        return False  # what is wrong with the data is told by those who measure it
    return all(
        float((now - then).norm()) <= _ROUNDINGS * torch.finfo(then.dtype).eps * float(then.norm())
        for then, now in zip(before, after, strict=True)
    )


@contextmanager
def _moved(norms: Sequence[_Norm]) -> Iterator[None]:
    # Each otherwise, so that what belongs to two of them does not come out even.
    drawn = torch.Generator().manual_seed(0)
    factors = [
        2 ** torch.randint(2, norm.scale.shape, generator=drawn).to(norm.scale) for norm in norms
    ]
    scales = [norm.scale.clone() for norm in norms]
    try:
        for norm, factor in zip(norms, factors, strict=True):
            norm.scale.div_(factor)
            for reader in norm.readers.values():
                reader.mul_(factor)
        yield
    finally:
        for norm, factor, scale in zip(norms, factors, scales, strict=True):
            norm.scale.copy_(scale)
            for reader in norm.readers.values():
                reader.div_(factor)
