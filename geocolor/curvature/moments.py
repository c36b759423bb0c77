"""Second moments of what layers read, streamed over batches."""

from __future__ import annotations

import torch
from torch import Tensor

from geocolor.errors import ModelError

__all__ = ["InputMoments", "token_rows"]


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
