"""How long a model takes, beside the one it was made of.

Both run in one process and take turns, so that a machine that slows down for a while slows both
and their ratio stays honest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.bench.models.record import Timing

__all__ = ["measure_latency"]

# Sequences at once, and repetitions: 16 together take ten times as long as one.
_BATCHES = ((1, 7), (16, 3))
_PROMPT = 64
_GENERATED = 8

_Stopwatch = Callable[[nn.Module, Tensor], dict[str, float]]


def measure_latency(dense: nn.Module, compressed: nn.Module) -> tuple[Timing, ...]:
    """Time two models on prompts of 64 tokens, alone and 16 together.

    Language models read the prompt (prefill) and then write 8 tokens, one at a time with a
    cache of keys and values (decode). Encoders read the prompt once (forward).

    Parameters
    ----------
    dense, compressed : torch.nn.Module
        Models of transformers with one configuration, in eval mode; may be one and the same.

    Returns
    -------
    tuple of Timing
        Medians are over 7 repetitions of one prompt, and 3 of 16.
    """
    config: Any = dense.config
    positions = getattr(config, "max_position_embeddings", None) or _PROMPT + _GENERATED
    length = min(_PROMPT, positions - _GENERATED)
    causal = _is_causal(dense)
    stopwatch = _generate if causal else _forward
    timings = []
    for batch, repetitions in _BATCHES:
        # Which tokens does not matter to the arithmetic.
        prompt = (torch.arange(batch * length) % config.vocab_size).view(batch, length)
        seen = _take_turns(stopwatch, dense, compressed, prompt, repetitions)
        for phase, (before, after) in seen.items():
            steps = _GENERATED if phase == "decode" else length
            timings.append(Timing(phase, batch, batch * steps, before, after))
    return tuple(timings)


def _is_causal(model: Any) -> bool:
    return bool(model.can_generate())


@torch.no_grad()
def _take_turns(
    stopwatch: _Stopwatch,
    dense: nn.Module,
    compressed: nn.Module,
    prompt: Tensor,
    repetitions: int,
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    rounds = []
    for _ in range(1 + repetitions):
        before = stopwatch(dense, prompt)
        rounds.append((before, before if compressed is dense else stopwatch(compressed, prompt)))
    del rounds[0]  # it warmed caches up
    return {
        phase: (
            tuple(before[phase] for before, _ in rounds),
            tuple(after[phase] for _, after in rounds),
        )
        for phase in rounds[0][0]
    }


def _forward(model: nn.Module, prompt: Tensor) -> dict[str, float]:
    started = time.perf_counter()
    model(input_ids=prompt)
    return {"forward": time.perf_counter() - started}


def _generate(model: nn.Module, prompt: Tensor) -> dict[str, float]:
    started = time.perf_counter()
    output = model(input_ids=prompt, use_cache=True, logits_to_keep=1)
    read = time.perf_counter()
    for _ in range(_GENERATED):
        latest = output.logits[:, -1:].argmax(-1)
        output = model(input_ids=latest, past_key_values=output.past_key_values, use_cache=True)
    return {"prefill": read - started, "decode": time.perf_counter() - read}
