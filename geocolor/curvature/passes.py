"""One forward pass and the activation half of backward passes per batch, watched by hooks.

No parameter gradient is computed: hooks take the layers' inputs and the gradients at their
outputs only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature.batches import (
    Batch,
    call_model,
    frozen_eval,
    require_gradients,
    split_batch,
    token_mask,
)
from geocolor.curvature.layers import layers_of
from geocolor.curvature.losses import Loss, Scorer, scorer
from geocolor.curvature.moments import Read, token_rows
from geocolor.curvature.targets import Prediction, numbers, probes, target_generator
from geocolor.errors import InputError, ModelError
from geocolor.units import Unit

__all__ = ["Recorder", "call_without_cache", "check_samples", "run_pass"]


class Recorder(ABC):
    """Hooks on every module that uses a unit's weight; what they see goes to a subclass.

    Parameters
    ----------
    model : torch.nn.Module
        Where the layers are.
    units : sequence of Unit
        What to watch.
    """

    def __init__(self, model: nn.Module, units: Sequence[Unit]) -> None:
        self.names = [unit.name for unit in units]
        self.mask: Tensor | None = None
        self._watching = True
        self.uses: dict[str, int] = {}
        self._inputs: dict[str, list[Tensor]] = {}
        self._versions: dict[str, list[int]] = {}
        self.reached: dict[str, int] = {}
        self._handles = []
        self._layers = layers_of(model, units)
        for name, (_, modules) in self._layers.items():
            for module in modules:
                # Before hooks of the model's own: what they make of an output is no matrix product.
                handle = module.register_forward_hook(
                    self._watch(name), with_kwargs=True, prepend=True
                )
                self._handles.append(handle)

    def _watch(self, name: str) -> Callable[..., Tensor]:
        def hook(_module: nn.Module, args: Any, kwargs: Any, output: Tensor) -> Tensor:
            if not torch.is_grad_enabled():
                raise ModelError(
                    f"{name} is called under torch.no_grad(), so that no gradient tells how the "
                    "output depends on it: leave that out of the model's forward. Parameters are "
                    "frozen while they are measured"
                )
            if not output.requires_grad:
                # Parameters are frozen, so the graph starts at the first unit; a clone, since
                # what follows may work in place, which a leaf does not allow.
                output = output.requires_grad_().clone()
            if not self._watching:
                return output  # computed again for the backward pass: torch.utils.checkpoint
            inputs = args[0] if args else next(iter(kwargs.values()))
            use = self.uses.get(name, 0)
            self.uses[name] = use + 1
            self._inputs.setdefault(name, []).append(inputs)
            self._versions.setdefault(name, []).append(inputs._version)
            output.register_hook(  # type: ignore[no-untyped-call]
                lambda gradient: self._gradient(name, use, gradient)
            )
            return output

        return hook

    def start_batch(self, mask: Tensor | None) -> None:
        """Forget the last batch, and watch the next."""
        self.mask = mask
        self._watching = True
        self.uses.clear()
        self._inputs.clear()
        self._versions.clear()

    def reads(self) -> dict[str, Read]:
        """Give what the layers have read, all having been called; it is not kept.

        Calls after that are the backward pass's own and do not count.

        Raises
        ------
        ModelError
            An input is not any more what the layer read.
        """
        self._watching = False
        for name, inputs in self._inputs.items():
            if [tensor._version for tensor in inputs] != self._versions[name]:
                raise ModelError(f"what {name} reads is changed in place afterwards")
        reads = {name: self._read(name) for name in self.names}
        self._inputs = {}
        return reads

    def _read(self, name: str) -> Read:
        layer, _ = self._layers[name]

        def rows(tensor: Tensor) -> Tensor:
            return token_rows(layer.input_rows(tensor.detach()), self.mask)

        return Read(self._inputs.get(name, []), layer.reads, rows)

    def _gradient(self, name: str, use: int, gradient: Tensor) -> None:
        self.reached[name] = self.reached.get(name, 0) + 1
        layer, _ = self._layers[name]
        self.take_gradient(name, use, layer.output_rows(gradient.detach()))

    def backward(self, rows: Tensor, probe: Tensor, *, last: bool) -> None:
        """Backpropagate one probe from what has been computed.

        Raises
        ------
        ModelError
            It reaches some uses of a weight and not others.
        """
        self.reached.clear()
        torch.autograd.backward([rows], [probe], retain_graph=not last)
        for name, reached in self.reached.items():
            uses = self.uses[name]
            if reached < uses:
                raise ModelError(
                    f"{name} is used {uses} times in a forward pass, but the output depends on "
                    f"{reached} of them only; its factors would mix both"
                )

    @abstractmethod
    def take_inputs(self, reads: Mapping[str, Read], prediction: Prediction) -> None:
        """Use what the layers read in this batch."""

    @abstractmethod
    def take_gradient(self, name: str, use: int, gradient: Tensor) -> None:
        """Use a gradient ``(..., out)`` at one use's output."""

    def remove(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()


def check_samples(samples: int | None) -> None:
    """Refuse a number of targets that is none.

    Raises
    ------
    InputError
        It is neither None nor a positive integer.
    """
    if samples is not None and (type(samples) is not int or samples < 1):
        raise InputError(f"samples must be a positive integer or None, not {samples!r}")


def run_pass(
    model: nn.Module,
    batches: Iterable[tuple[int, Batch]],
    recorder: Recorder,
    *,
    seed: int,
    samples: int | None,
    after_batch: Callable[[int, int], None],
    loss: Loss = "auto",
    pieces: int = 1,
) -> None:
    """Send batches through a model forwards and backwards.

    Parameters
    ----------
    model : torch.nn.Module
        It runs in eval mode and is put back as it was.
    batches : iterable of (int, Batch)
        Each with its index in the calibration data, which with the seed fixes its targets.
    recorder : Recorder
        What watches; its hooks are removed at the end.
    seed : int
        Seed of the sampled targets. The global generators are not touched.
    samples : int or None
        Targets for each output, or None for all values; see :func:`~.targets.probes`.
    after_batch : callable
        Called with a batch's index and its number of scored outputs, all having been recorded.
    loss : str or callable
        What the output is scored by; see :func:`~.losses.scorer`.
    pieces : int
        Pieces that each batch goes through the model in, for want of memory; its targets are
        those of the whole batch.

    Raises
    ------
    ModelError
        The model's output does not depend on any unit, or no gradients can be had.
    """
    try:
        require_gradients()
        score = scorer(loss)
        with frozen_eval(model), torch.enable_grad():
            for index, batch in batches:
                parts = split_batch(batch, pieces)
                generator = target_generator(seed, index)
                drawn = _drawn_for(parts, model, recorder, score, generator, samples)
                outputs = 0
                for part in parts:
                    recorder.start_batch(token_mask(model, part))
                    prediction = call_without_cache(model, part, score)
                    rows = prediction.rows
                    if not rows.requires_grad:
                        raise ModelError("the model's output does not depend on any unit")
                    recorder.take_inputs(recorder.reads(), prediction)
                    here = slice(outputs, outputs + len(rows))
                    own = (
                        numbers(rows, prediction.kind, generator, samples or 0)
                        if drawn is None
                        else (each[here] for each in drawn)
                    )
                    for probe, last in probes(prediction, own, samples):
                        recorder.backward(rows, probe, last=last)
                    outputs += len(rows)
                after_batch(index, outputs)
    finally:
        recorder.remove()


def _drawn_for(
    parts: Sequence[Batch],
    model: nn.Module,
    recorder: Recorder,
    score: Scorer,
    generator: torch.Generator,
    samples: int | None,
) -> list[Tensor] | None:
    """Draw targets for all parts of a batch together; None for one part, which draws its own."""
    if len(parts) == 1 or samples is None:
        return None
    outputs = 0
    for part in parts:
        # With gradients, which the hooks need; what they keep is dropped with the next part.
        recorder.start_batch(None)
        prediction = call_without_cache(model, part, score)
        outputs += len(prediction.rows)
    values, dtype = prediction.rows.shape[1], prediction.rows.dtype
    whole = torch.zeros((), dtype=dtype).expand(outputs, values)
    return list(numbers(whole, prediction.kind, generator, samples))


def call_without_cache(
    model: nn.Module, batch: Batch, call: Callable[[nn.Module, Batch], Any] = call_model
) -> Any:
    """Call the model; a key-value cache would only hold memory here."""
    config = getattr(model, "config", None)
    before = getattr(config, "use_cache", None)
    if before:
        config.use_cache = False  # type: ignore[union-attr]
    try:
        return call(model, batch)
    finally:
        if before:
            config.use_cache = before  # type: ignore[union-attr]
