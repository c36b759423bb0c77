"""How long a model takes, beside the one it was made of.

Both run in one process and take turns, so that a machine that slows down for a while slows both
and their ratio stays honest. Where others use the processors too, ratios of processor time say more
than those of the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.curvature import Batch, batch_size, call_model, eval_mode
from geocolor.errors import ModelError
from geocolor.timing import Timing

__all__ = ["TURNS", "Lap", "measure_speed", "prompted", "writes"]

# Sequences at once, and pairs of turns: 16 together take ten times as long as one.
TURNS = ((1, 7), (16, 3))
_PROMPT = 64
_GENERATED = 8

# Runs a model; seconds by the clock and of the processors, by phase.
Lap = Callable[[nn.Module], dict[str, tuple[float, float]]]


def measure_speed(
    dense: nn.Module,
    compressed: nn.Module,
    sample: Batch | None = None,
    *,
    turns: Sequence[tuple[int, int]] = TURNS,
) -> tuple[Timing, ...]:
    """Time two models in turns, on prompts of 64 tokens or on a sample.

    Language models read the prompt (prefill) and then write 8 tokens, one at a time with a
    cache of keys and values (decode). Other models, and those without such a cache, run once
    (forward).

    Parameters
    ----------
    dense, compressed : torch.nn.Module
        On one device; may be one and the same.
    sample : Batch, optional
        What to call the models on; needed for those that are not of transformers.
    turns : sequence of (int, int)
        Prompts at once, and pairs of turns with so many; of a sample the most pairs count.

    Returns
    -------
    tuple of Timing

    Raises
    ------
    ModelError
        There is no sample, and the model is none of transformers that reads tokens.
    """
    if sample is not None:
        size = batch_size(sample)
        lap = _forward(lambda model: call_model(model, sample))
        pairs = max(pairs for _, pairs in turns)
        timed = _in_turns(lap, dense, compressed, size, {"forward": size}, pairs)
        return tuple(replace(timing, unit="sample") for timing in timed)
    timings: list[Timing] = []
    for batch, pairs in turns:
        lap, tokens = prompted(dense, batch)
        timings += _in_turns(lap, dense, compressed, batch, tokens, pairs)
    return tuple(timings)


def prompted(model: nn.Module, batch: int) -> tuple[Lap, dict[str, int]]:
    """Make a run of a model on so many prompts, and count its tokens by phase.

    Raises
    ------
    ModelError
        The model is none of transformers that reads tokens.
    """
    config: Any = getattr(model, "config", None)
    vocabulary = getattr(config, "vocab_size", None)
    if vocabulary is None:
        raise ModelError(f"a {type(model).__name__} is timed on a sample: give one")
    positions = getattr(config, "max_position_embeddings", None) or _PROMPT + _GENERATED
    length = min(_PROMPT, positions - _GENERATED)
    device = next(model.parameters()).device
    # Which tokens does not matter to the arithmetic.
    prompt = (torch.arange(batch * length, device=device) % vocabulary).view(batch, length)
    if writes(model) and _has_cache(model, prompt[:1, :1]):
        return _generate(prompt), {"prefill": batch * length, "decode": batch * _GENERATED}
    return _forward(lambda each: each(input_ids=prompt)), {"forward": batch * length}


def writes(model: Any) -> bool:
    """Whether a model writes tokens, as those of transformers say."""
    can_generate = getattr(model, "can_generate", None)
    return can_generate is not None and bool(can_generate())


@torch.no_grad()
def _has_cache(model: nn.Module, token: Tensor) -> bool:
    """Whether a model gives keys and values that it can go on from."""
    with eval_mode(model):
        asked = {"input_ids": token, "use_cache": True, "logits_to_keep": 1}
        output = call_model(model, asked)
    return getattr(output, "past_key_values", None) is not None


@torch.no_grad()
def _in_turns(
    lap: Lap,
    dense: nn.Module,
    compressed: nn.Module,
    batch: int,
    tokens: dict[str, int],
    pairs: int,
) -> tuple[Timing, ...]:
    rounds = []
    with eval_mode(dense), eval_mode(compressed):
        for turn in range(1 + pairs):
            if compressed is dense:
                before = after = lap(dense)
            elif turn % 2:
                after, before = lap(compressed), lap(dense)
            else:
                before, after = lap(dense), lap(compressed)
            rounds.append((before, after))
    del rounds[0]  # it warmed caches up
    timings = []
    for phase, count in tokens.items():
        clock, clock_after, cpu, cpu_after = (
            tuple(both[which][phase][kind] for both in rounds)
            for kind in (0, 1)
            for which in (0, 1)
        )
        timings.append(Timing(phase, batch, count, clock, clock_after, cpu, cpu_after))
    return tuple(timings)


def _now() -> tuple[float, float]:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    return end[0] - start[0], end[1] - start[1]


def _forward(call: Callable[[nn.Module], object]) -> Lap:
    def lap(model: nn.Module) -> dict[str, tuple[float, float]]:
        started = _now()
        call(model)
        return {"forward": _since(started, _now())}

    return lap


def _generate(prompt: Tensor) -> Lap:
    def lap(model: nn.Module) -> dict[str, tuple[float, float]]:
        started = _now()
        output = model(input_ids=prompt, use_cache=True, logits_to_keep=1)
        read = _now()
        for _ in range(_GENERATED):
            latest = output.logits[:, -1:].argmax(-1)
            output = model(input_ids=latest, past_key_values=output.past_key_values, use_cache=True)
        return {"prefill": _since(started, read), "decode": _since(read, _now())}

    return lap
