"""Linear layers whose weight is kept in two factors, one of which others may share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FactoredLinear"]


class FactoredLinear(nn.Module):
    """``y = second @ (first @ x) + bias``; the product is not formed.

    Sharing is by identity: several layers hold the same :class:`torch.nn.Parameter` as `first`
    (a read-side basis) or as `second` (a write-side basis). Such ties survive ``deepcopy`` and
    moves of device or dtype, and gradients of all uses add up.

    Parameters
    ----------
    first : torch.nn.Parameter, shape (rank, in_features)
        Applied to the input.
    second : torch.nn.Parameter, shape (out_features, rank)
        Applied to the result.
    bias : torch.nn.Parameter, optional, shape (out_features,)
        Private to the layer.
    """

    def __init__(
        self, first: nn.Parameter, second: nn.Parameter, bias: nn.Parameter | None = None
    ) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.bias: nn.Parameter | None
        self.register_parameter("bias", bias)

    @property
    def in_features(self) -> int:
        """Width of the input."""
        return self.first.shape[1]

    @property
    def out_features(self) -> int:
        """Width of the output."""
        return self.second.shape[0]

    @property
    def rank(self) -> int:
        """Width in between."""
        return self.first.shape[0]

    @property
    def weight(self) -> Tensor:
        """The product, formed when read: for modules that look at their layers' weights."""
        return self.second @ self.first

    def forward(self, x: Tensor) -> Tensor:
        """Apply both factors; shape (..., in_features) to (..., out_features)."""
        hidden = torch.nn.functional.linear(x, self.first)
        return torch.nn.functional.linear(hidden, self.second, self.bias)

    def extra_repr(self) -> str:
        """Show the shape and rank."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"rank={self.rank}, bias={self.bias is not None}"
        )
