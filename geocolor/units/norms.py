"""Move norm scales into the matrices that read them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geocolor.units.architectures import PRE_NORMS
from geocolor.units.several import models_of

__all__ = ["fold_norms"]


@torch.no_grad()
def fold_norms(model: nn.Module, model_type: str | None = None) -> dict[str, Tensor]:
    """Fold the scales of pre-norms into their readers, in place; the function is unchanged.

    Afterwards all matrices that read one residual stream see the same space, so that their
    second moments can be compared and their bases shared. Only architectures listed in
    :mod:`geocolor.units.architectures` are touched; of several models in a ModuleList, each.

    Parameters
    ----------
    model : torch.nn.Module
        A model, or a block of one.
    model_type : str, optional
        The architecture, where the model's configuration does not say it: for a block.

    Returns
    -------
    dict of str to Tensor, shape (in_features,)
        The scale that each reader took in, by its dotted path.
    """
    scales: dict[str, Tensor] = {}
    for prefix, part in models_of(model).items():
        scales |= {f"{prefix}{name}": scale for name, scale in _fold(part, model_type).items()}
    return scales


def _fold(model: nn.Module, model_type: str | None) -> dict[str, Tensor]:
    if model_type is None:
        model_type = getattr(getattr(model, "config", None), "model_type", "")
    scales: dict[str, Tensor] = {}
    for path, block in model.named_modules():
        for norm_name, reader_names in PRE_NORMS.get(model_type, {}).items():
            norm = getattr(block, norm_name, None)
            if not isinstance(norm, nn.Module):
                continue
            scale = norm.get_parameter("weight")
            for reader_name in reader_names:
                block.get_parameter(f"{reader_name}.weight").mul_(scale)
                scales[f"{path}.{reader_name}".removeprefix(".")] = scale.detach().clone()
            scale.fill_(1.0)
    return scales
