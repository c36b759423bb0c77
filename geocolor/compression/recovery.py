"""Recovery: a short distillation of a compressed model from its original."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import distributed, nn

from geocolor.arguments import checked_number, checked_seed, checked_whole
from geocolor.compression.divergence import Divergence, distance
from geocolor.compression.hidden_states import block_names, hidden_distance, watched_blocks
from geocolor.compression.progress import Progress, silent
from geocolor.compression.recovery_state import RecoveryState
from geocolor.compression.several import Divergences, batches_by_model
from geocolor.curvature import Batch, Loss, eval_mode, frozen_eval, loss_name, scorer
from geocolor.curvature.checkpoint import architecture_of, digest_of
from geocolor.curvature.distributed import process_number, processes
from geocolor.errors import InputError, ModelError
from geocolor.io.atomic import require_writable
from geocolor.units import joined_models, models_of

__all__ = ["Recovery", "held_out_of", "recover"]

# Every eighth batch is held out where none are given for it, and no more than 8 in all: the
# original's predictions on them are kept.
_HELD_OUT = 8
_MOST_HELD_OUT = 8
# Measures on held-out batches over all steps; so many in a row without a gain end the recovery.
_MEASURES = 10
_PATIENCE = 3
_BETAS = (0.9, 0.95)
_WARM_UP = 0.1
_LONGEST_GRADIENT = 1.0


@dataclass(frozen=True)
class Recovery:
    """What a recovery did.

    Attributes
    ----------
    steps : int
        Steps done.
    best_step : int
        The step after which the model was best, and whose parameters it has; 0 if none helped.
    before, after : float
        Divergence from the original on held-out batches, in nats per scored output; of several
        models the sum.
    trained : int
        Parameters that were trained, each counted once; not those that no output depends on.
    seconds : float
        Wall clock; of an interrupted recovery, since it went on.
    """

    steps: int
    best_step: int
    before: float
    after: float
    trained: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.before:+.4f} -> {self.after:+.4f} nats on held-out data, best after step "
            f"{self.best_step} of {self.steps}, {self.trained:,} parameters trained"
        )


def recover(
    model: nn.Module,
    original: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    *,
    steps: int = 200,
    together: int = 1,
    evaluation: Iterable[Any] | None = None,
    learning_rate: float = 1e-3,
    hidden_states: float = 0.0,
    autocast: torch.dtype | None = None,
    loss: Loss = "auto",
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    on_progress: Progress = silent,
) -> Recovery:
    """Train a compressed model, in place, to predict what its original does.

    Everything trainable but embeddings is trained by AdamW; what is shared gets the sum of its
    gradients. Both models run in eval mode, so nothing is random but the order of the batches,
    which comes from the seed; their modes are put back. The compressed one ends with the
    parameters that were best on held-out batches: those it had, if none were better.

    Parameters
    ----------
    model : torch.nn.Module
        The compressed model, or a ModuleList of several.
    original : torch.nn.Module or sequence of them
        What it was made from.
    batches : iterable of Batch
        Data to train on, over and again in ever new orders; for several models as in
        :func:`geocolor.compress`. No labels are needed.
    steps : int
        At most so many; fewer if three of ten measures in a row show no gain.
    together : int
        Batches a step, of each model. Under ``torchrun``, with a process group set up, the
        processes share them evenly.
    evaluation : iterable of Batch, optional
        Held-out batches; default every eighth of `batches`, which is then not trained on.
    learning_rate : float
        The highest; it rises over a tenth of the steps and falls to 0 along a cosine. For each
        tensor it is relative to the root mean square of its numbers, as factors have scales of
        their own.
    hidden_states : float
        Weight of a second target beside the predictions: what the original's blocks give, by
        their mean relative squared distance. Blocks are the members of the model's outermost
        lists of modules.
    autocast : torch.dtype, optional
        Arithmetic of both models; ``torch.bfloat16`` is twice as fast on some CPUs.
    loss : str or callable
        What outputs are scored by; see :func:`geocolor.compress`.
    seed : int
        Fixes the result.
    checkpoint : path-like, optional
        A file, written after each measure. If it is there, the recovery goes on from it: on a CPU
        to the same bits.
    on_progress : callable
        Told the stage, the steps done and the steps in all.

    Raises
    ------
    InputError
        An argument is out of range, or the checkpoint is of another recovery.
    ModelError
        The models do not go together, nothing can be trained, or the batches cannot be used.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
    """
    seed = checked_seed(seed)
    if checked_whole("number of steps", steps) < 1:
        raise InputError(f"steps must be at least 1, not {steps}")
    if checked_whole("number of batches a step", together) < 1 or together % processes():
        raise InputError(
            f"{together} batches a step cannot be shared evenly by {processes()} processes"
        )
    if checked_number("learning rate", learning_rate) <= 0:
        raise InputError(f"the learning rate must be positive, not {learning_rate}")
    if checked_number("weight of hidden states", hidden_states) < 0:
        raise InputError(f"the weight of hidden states cannot be {hidden_states}")
    started = time.monotonic()
    students = list(models_of(model).values())
    originals = joined_models(original)
    teachers = list(models_of(originals).values())
    if len(students) != len(teachers):
        raise ModelError(f"{len(students)} models cannot have {len(teachers)} originals")
    given = batches_by_model(batches, len(students))
    held_out = None if evaluation is None else batches_by_model(evaluation, len(students))
    training, held_out = (given, held_out) if held_out is not None else held_out_of(given)
    score = scorer(loss)
    blocks = [block_names(teacher) if hidden_states else () for teacher in teachers]
    with frozen_eval(originals), _training(model) as trained, _arithmetic(model, autocast):
        judge = Divergences(
            [
                Divergence(teacher, own, loss=loss)
                for teacher, own in zip(teachers, held_out, strict=True)
            ]
        )
        state = RecoveryState(trained.values(), _rates(trained, learning_rate), _BETAS)
        identity = ""
        if checkpoint is not None:
            require_writable(checkpoint)
            settings = [steps, together, learning_rate, str(autocast), loss_name(loss), seed]
            settings += [hidden_states] if hidden_states else []
            taught = [architecture_of(originals), sorted(originals.state_dict().items())]
            identity = digest_of([settings, trained, training, held_out, taught])
            state.resume(checkpoint, identity)
        if not state.measures:
            state.note(judge.of(model))
        every = max(1, steps // _MEASURES)
        try:
            while state.step < steps and state.misses < _PATIENCE:
                for student, teacher, own, names in zip(
                    students, teachers, training, blocks, strict=True
                ):
                    for at in range(process_number(), together, processes()):
                        batch = own[_place(state.step * together + at, len(own), seed)]
                        with torch.no_grad(), watched_blocks(teacher, names) as states:
                            target = score(teacher, batch)
                        with watched_blocks(student, names) as own_states:
                            found = score(student, batch)
                        total = distance(target.rows, found.rows, target.kind)
                        total = total / max(1, len(found.rows))
                        if hidden_states:
                            total = total + hidden_states * hidden_distance(states, own_states)
                        torch.autograd.backward(total / together)
                _complete_gradients(trained.values())
                nn.utils.clip_grad_norm_(trained.values(), _LONGEST_GRADIENT)
                state.advance(_share(state.step, steps))
                on_progress("recovering", state.step, steps)
                if state.step % every == 0 or state.step == steps:
                    state.note(judge.of(model))
                    if checkpoint is not None and process_number() == 0:
                        state.save(checkpoint, identity)
        finally:
            state.put_best()
    return Recovery(
        steps=state.step,
        best_step=state.best_step,
        before=state.measures[0],
        after=min(state.measures),
        trained=state.trained,
        seconds=time.monotonic() - started,
    )


def held_out_of(
    given: Sequence[Sequence[Batch]],
) -> tuple[list[list[Batch]], list[list[Batch]]]:
    """Divide each model's batches into those to train on and every eighth, which is held out.

    Raises
    ------
    ModelError
        A model has one batch only.
    """
    training, held_out = [], []
    for own in given:
        out = set(range(0, len(own), _HELD_OUT)[:_MOST_HELD_OUT])
        if len(out) == len(own):
            raise ModelError(
                "one batch cannot be trained on and held out: give more data, or other data for "
                "evaluation"
            )
        training.append([batch for at, batch in enumerate(own) if at not in out])
        held_out.append([own[at] for at in sorted(out)])
    return training, held_out


@contextmanager
def _training(model: nn.Module) -> Iterator[dict[str, nn.Parameter]]:
    """Give what is to be trained, with the model in eval mode; modes are put back at the end."""
    embeddings = {
        parameter
        for module in model.modules()
        if isinstance(module, nn.Embedding)
        for parameter in module.parameters()
    }
    trained = {
        name: parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.numel() and parameter not in embeddings
    }
    if not trained:
        raise ModelError("the model has nothing to train: all of its parameters are frozen")
    frozen = [p for p in model.parameters() if p.requires_grad and p in embeddings]
    for parameter in frozen:
        parameter.requires_grad = False
    try:
        with eval_mode(model):
            yield trained
    finally:
        for parameter in frozen:
            parameter.requires_grad = True
        model.zero_grad()


@contextmanager
def _arithmetic(model: nn.Module, dtype: torch.dtype | None) -> Iterator[None]:
    device = next(model.parameters()).device.type
    # Its cache of cast weights would outlive the steps that change them.
    autocast = torch.autocast(device, dtype, enabled=dtype is not None, cache_enabled=False)
    with torch.enable_grad(), autocast:
        yield


def _rates(trained: Mapping[str, nn.Parameter], learning_rate: float) -> list[float]:
    """Make the learning rate of each tensor relative to its size."""
    sizes = [float(p.detach().double().square().mean().sqrt()) for p in trained.values()]
    # A tensor of zeros, a fresh bias say, has no size of its own.
    middle = sorted(sizes)[len(sizes) // 2]
    return [learning_rate * (size or middle) for size in sizes]


def _complete_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Add the gradients of all processes; what no output depends on in a step has zeros.

    So one process does what several do, and each parameter has all that a checkpoint holds of it.
    """
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        if processes() > 1:
            distributed.all_reduce(parameter.grad)


def _place(step: int, count: int, seed: int) -> int:
    """Give the batch of a step: each once in an epoch, in an order of its own."""
    epoch, at = divmod(step, count)
    digest = hashlib.sha256(f"{seed}:{epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big", signed=True))
    return int(torch.randperm(count, generator=generator)[at])


def _share(step: int, steps: int) -> float:
    """Give the share of the highest learning rate at a step."""
    rising = min(1.0, (step + 1) / (_WARM_UP * steps))
    return rising * (1 + math.cos(math.pi * step / steps)) / 2
