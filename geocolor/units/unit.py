"""A unit: one matrix that may share parameters with others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Side", "Unit"]


class Side(StrEnum):
    """Which of its two spaces a matrix has in common with its family.

    READ: ``y = W x`` where all members read the same kind of x (a residual stream); they may
    share a basis of the input space, ``W_i = C_i B``. WRITE: all members write the same kind of
    y; they may share a basis of the output space, ``W_i = B C_i``.
    """

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Unit:
    """One shareable matrix of a model.

    Attributes
    ----------
    name : str
        Dotted path of the module that holds it; among several models it begins with the model's
        number.
    role : str
        The path with block numbers replaced by ``*``; layers of one role do the same job.
    layer : int
        Depth: the block number.
    shape : tuple of int
        ``(out_features, in_features)``.
    side : Side
        The side on which its family shares a space.
    space : str
        Name of that space. Units share only if side and space agree.
    model : int or None
        Number of its model, where there are several.
    """

    name: str
    role: str
    layer: int
    shape: tuple[int, int]
    side: Side
    space: str
    model: int | None = None

    @property
    def place(self) -> str:
        """Dotted path inside its model: what is at one place of several models does one job."""
        return self.name if self.model is None else self.name.partition(".")[2]

    @property
    def parameters(self) -> int:
        """Number of parameters of the dense matrix; biases stay private and do not count."""
        return self.shape[0] * self.shape[1]

    @property
    def family(self) -> tuple[Side, str]:
        """What two units must have in common to share anything."""
        return self.side, self.space
