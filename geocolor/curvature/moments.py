"""Second moments of what layers read, streamed over batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import Batch, call_model, frozen_eval, token_mask
from geocolor.errors import ModelError

__all__ = ["InputMoments", "collect_input_moments", "token_rows"]


def token_rows(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """Flatten to (tokens, features) in at least float32, real tokens only."""
    rows = tensor.detach().reshape(-1, tensor.shape[-1])
    if mask is not None and tensor.shape[:-1] == mask.shape:
        rows = rows[mask.reshape(-1).to(rows.device)]
    return rows if rows.dtype == torch.float64 else rows.float()


class InputMoments:
    """Running sums of ``x x^T`` of layers; layers that read one tensor share one sum.

    Which layers read the same tensor is seen on the first batch and required of all later ones.
    """

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._current: dict[str, Tensor] = {}

    def start_batch(self) -> None:
        """Forget the tensors of the last batch."""
        self._current.clear()

    def add(self, name: str, inputs: Tensor, mask: Tensor | None) -> None:
        """Add what the layer `name` reads in this batch.

        Raises
        ------
        ModelError
            The layer is called twice in one batch, or its input stopped being shared.
        """
        if name in self._current:
            raise ModelError(
                f"{name} is used more than once in a forward pass; its Kronecker factors would "
                "count one use only"
            )
        leader = self._leader.get(name)
        if leader is None:
            leader = next((key for key, seen in self._current.items() if seen is inputs), name)
            leader = self._leader.get(leader, leader)
            self._leader[name] = leader
        self._current[name] = inputs
        if leader != name:
            if self._current.get(leader) is not inputs:
                raise ModelError(f"{name} and {leader} read one tensor in some batches only")
            return
        rows = token_rows(inputs, mask)
        if name in self._sums:
            self._sums[name].addmm_(rows.T, rows)
        else:
            self._sums[name] = rows.T @ rows
        self._counts[name] = self._counts.get(name, 0) + len(rows)

    @property
    def tokens(self) -> int:
        """Tokens seen so far, by the layer that saw most."""
        return max(self._counts.values(), default=0)

    def means(self) -> dict[str, Tensor]:
        """``E[x x^T]`` by layer name; shared inputs give one and the same tensor."""
        own = {name: total / self._counts[name] for name, total in self._sums.items()}
        return {name: own[leader] for name, leader in self._leader.items()}


def collect_input_moments(
    model: nn.Module,
    batches: Iterable[Batch],
    names: Iterable[str],
    on_progress: Callable[[int], None] | None = None,
) -> Mapping[str, Tensor]:
    """Measure ``E[x x^T]`` of what the named modules read, by forward passes alone.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; put back as it was.
    batches : iterable of Batch
        Calibration batches.
    names : iterable of str
        Dotted module paths.
    on_progress : callable, optional
        Called with the number of batches done.

    Returns
    -------
    mapping of str to Tensor, shape (in_features, in_features)

    Raises
    ------
    ModelError
        A module is used more than once in a pass.
    """
    moments = InputMoments()
    mask: Tensor | None = None

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda _module, inputs: moments.add(name, inputs[0], mask)

    handles = [model.get_submodule(name).register_forward_pre_hook(watch(name)) for name in names]
    try:
        with frozen_eval(model), torch.no_grad():
            for done, batch in enumerate(batches, start=1):
                mask = token_mask(batch)
                moments.start_batch()
                call_model(model, batch)
                if on_progress is not None:
                    on_progress(done)
    finally:
        for handle in handles:
            handle.remove()
    return moments.means()
