"""A basis that several layers apply to one tensor is applied once.

q, k and v of an attention read one x. Where they have a read-side basis in common, the first of
them applies it and the others take what came of it: within one call of the module they are parts
of, and no longer. Compilers and exporters see every layer apply it; what is equal is theirs to
merge.
"""

from __future__ import annotations

from threading import get_ident
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Once"]


class _Product(NamedTuple):
    """What came of a basis and a tensor, and all it depends on."""

    x: Tensor
    basis: Tensor
    state: tuple[Any, ...]
    hidden: Tensor


class Once:
    """Keeps what a basis makes of a tensor while the module around the layers that want it runs.

    Each thread has its own; copies and pickles of a model begin with nothing.
    """

    def __init__(self) -> None:
        self._running: dict[int, _Product | None] = {}

    def __reduce__(self) -> tuple[type[Once], tuple[()]]:
        return Once, ()

    def watch(self, module: nn.Module) -> None:
        """Keep products during each call of a module from now on."""
        module.register_forward_pre_hook(self._begin)
        module.register_forward_hook(self._end, always_call=True)

    def _begin(self, _module: nn.Module, _inputs: Any) -> None:
        if not torch.compiler.is_compiling():
            self._running[get_ident()] = None

    def _end(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        if not torch.compiler.is_compiling():
            self._running.pop(get_ident(), None)

    def apply(self, x: Tensor, basis: Tensor) -> Tensor:
        """Give ``x @ basis.T``, computed or kept.

        Parameters
        ----------
        x : Tensor, shape (..., columns)
            What a layer reads.
        basis : Tensor, shape (rank, columns)
            What it applies first.
        """
        if torch.compiler.is_compiling() or not _is_counted(x):
            return nn.functional.linear(x, basis)
        thread = get_ident()
        if thread not in self._running:
            # Outside of the module anything may happen between two calls.
            return nn.functional.linear(x, basis)
        kept, state = self._running[thread], _state(x, basis)
        if kept is not None and kept.x is x and kept.basis is basis and kept.state == state:
            return kept.hidden
        hidden = nn.functional.linear(x, basis)
        self._running[thread] = _Product(x, basis, state, hidden)
        return hidden


def _is_counted(x: Any) -> bool:
    # Nobody counts the changes of tensors of inference mode.
    return isinstance(x, Tensor) and not x.is_inference()


def _state(x: Tensor, basis: Tensor) -> tuple[Any, ...]:
    versions = x._version, None if basis.is_inference() else basis._version
    kind = x.device.type
    cast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None
    return *versions, torch.is_grad_enabled(), cast
