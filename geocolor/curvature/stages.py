"""Batches on their way through a model of which one part at a time is there.

All batches go through one block before the next is loaded. What lies before the blocks and after
them is the model's own code: it runs with the blocks' places taken by stand-ins, which note what
they are called with, and of which the last gives what the last block would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from geocolor.curvature.batches import Batch
from geocolor.curvature.losses import Scorer
from geocolor.curvature.passes import call_without_cache
from geocolor.curvature.targets import Prediction
from geocolor.errors import ModelError

__all__ = ["BlockCall", "Ending", "Parts", "Stages", "unlike"]


class Parts(Protocol):
    """A model that is loaded part by part."""

    @property
    def model(self) -> nn.Module:
        """In eval mode and without gradients, most of its parameters on the meta device."""

    @property
    def blocks(self) -> Sequence[str]:
        """Dotted paths of the blocks, in the order in which they are called."""

    def block(self, number: int) -> AbstractContextManager[nn.Module]:
        """Load one block for a while."""

    def rest(self) -> AbstractContextManager[nn.Module]:
        """Load all but the blocks for a while, and give the model."""


@dataclass(frozen=True, eq=False)
class BlockCall:
    """How a batch calls a block, but for the hidden states: masks and positions, say."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __call__(self, block: nn.Module, hidden: Tensor) -> Tensor:
        """Run a block.

        Raises
        ------
        ModelError
            It gives something else than hidden states, or fails.
        """
        try:
            output = block(hidden, *self.args, **self.kwargs)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            shape = tuple(hidden.shape)
            raise ModelError(
                f"{type(block).__name__} failed on hidden states of shape {shape}: {reason}"
            ) from error
        if not isinstance(output, Tensor):
            raise unlike(f"a block returns {type(output).__name__}, not a tensor")
        return output

    def to(self, dtype: torch.dtype) -> BlockCall:
        """Give the call of a block of another dtype."""

        def cast(value: Any) -> Any:
            floats = isinstance(value, Tensor) and value.is_floating_point()
            return value.to(dtype) if floats else value

        args, kwargs = tree_map(cast, (self.args, dict(self.kwargs)))
        return BlockCall(args, kwargs)


@dataclass(frozen=True, eq=False)
class Ending:
    """What comes after the blocks.

    Attributes
    ----------
    prediction : Prediction
        For one batch.
    hidden : Tensor
        What the last block gave, of which it is made.
    earlier : Tensor
        In the place of what the blocks before it gave; it should be made of nothing of that.
    """

    prediction: Prediction
    hidden: Tensor
    earlier: Tensor

    def gradient(self, probe: Tensor) -> Tensor:
        """Backpropagate a probe to what the last block gave.

        Raises
        ------
        ModelError
            The prediction does not depend on it, or on other blocks directly.
        """
        rows = self.prediction.rows
        if not rows.requires_grad:
            raise ModelError("the model's output does not depend on its blocks")
        leaves = [self.hidden, self.earlier]
        found: Sequence[Tensor | None] = torch.autograd.grad(
            [rows], leaves, [probe], allow_unused=True
        )
        if found[0] is None or found[1] is not None:
            raise unlike("its output is not made of what the last block gives alone")
        return found[0]


class Stages:
    """Where batches are, between two blocks.

    Parameters
    ----------
    parts : Parts
        The model.
    batches : sequence of Batch
        What it is called with.
    score : callable
        Calls the model and gives what is scored.

    Attributes
    ----------
    hidden : list of Tensor
        Of each batch, the hidden states before the next block.
    calls : list of list of BlockCall
        Of each batch, how it calls each block.

    Raises
    ------
    ModelError
        The model does not call its blocks one after another, each with the hidden states of the
        one before as its first argument.
    """

    def __init__(self, parts: Parts, batches: Sequence[Batch], score: Scorer) -> None:
        self._parts = parts
        self._batches = batches
        self._score = score
        with parts.rest() as model, torch.no_grad():
            begun = [self._begin(model, batch) for batch in batches]
        self._first = [hidden for hidden, _ in begun]
        self.calls = [calls for _, calls in begun]
        self.hidden = list(self._first)

    def _begin(self, model: nn.Module, batch: Batch) -> tuple[Tensor, list[BlockCall]]:
        """Run a model up to its blocks; give the hidden states there and all blocks' calls."""
        calls: list[BlockCall] = []
        handed: list[Tensor] = []

        def note(number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
            if number != len(calls):
                raise unlike(f"block {number} is called where block {len(calls)} is expected")
            hidden = _hidden(args)
            if handed and hidden is not handed[-1]:
                raise unlike(f"block {number} reads something else than block {number - 1} gives")
            calls.append(BlockCall(args[1:], kwargs))
            handed.append(hidden)
            if len(calls) == len(self._parts.blocks):
                raise _Through
            return hidden

        with self._standing_in(note), suppress(_Through):
            call_without_cache(model, batch, self._score)
        if len(calls) < len(self._parts.blocks):
            raise unlike(f"it calls {len(calls)} of its {len(self._parts.blocks)} blocks")
        return handed[0], calls

    @contextmanager
    def _standing_in(self, call: Callable[..., Tensor]) -> Iterator[None]:
        """Take the place of the blocks' own code."""
        blocks: list[Any] = [self._parts.model.get_submodule(path) for path in self._parts.blocks]
        for number, block in enumerate(blocks):
            block.forward = lambda *args, number=number, **kwargs: call(number, args, kwargs)
        try:
            yield
        finally:
            for block in blocks:
                del block.forward

    def restart(self) -> None:
        """Go back before the first block."""
        self.hidden = list(self._first)

    @torch.no_grad()
    def through(self, number: int, block: nn.Module) -> None:
        """Send all batches through a block."""
        for at, hidden in enumerate(self.hidden):
            self.hidden[at] = self.calls[at][number](block, hidden)

    def endings(self, model: nn.Module) -> Iterator[Ending]:
        """Run what comes after the blocks for each batch, all blocks having been gone through.

        Parameters
        ----------
        model : torch.nn.Module
            With all loaded but the blocks.
        """
        for batch, hidden in zip(self._batches, self.hidden, strict=True):
            yield self._end(model, batch, hidden)

    def _end(self, model: nn.Module, batch: Batch, hidden: Tensor) -> Ending:
        traced = torch.is_grad_enabled()
        last = hidden.detach().requires_grad_(traced)
        earlier = torch.zeros_like(hidden).requires_grad_(traced)
        count = len(self._parts.blocks)

        def give(number: int, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Tensor:
            return last if number + 1 == count else earlier

        with self._standing_in(give):
            return Ending(call_without_cache(model, batch, self._score), last, earlier)


class _Through(BaseException):
    """All calls are known; no error, and nothing that an ``except Exception`` should stop."""


def _hidden(args: tuple[Any, ...]) -> Tensor:
    if not args or not isinstance(args[0], Tensor) or not args[0].is_floating_point():
        raise unlike("its blocks do not take hidden states as their first argument")
    return args[0]


def unlike(reason: str) -> ModelError:
    """Make the error of a model that is not built as it must be."""
    return ModelError(
        f"the model cannot be gone through block by block: {reason}. Compress it in memory instead"
    )
