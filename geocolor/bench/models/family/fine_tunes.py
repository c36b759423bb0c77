"""Three fine-tunes of MiniLM, made here: on encyclopedia, on news and on program text."""

from __future__ import annotations

import math
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.bench.models.assets import bbc_documents, minilm_folder, wikipedia_articles
from geocolor.compression import text_windows
from geocolor.compression.pretrained import load_pretrained

__all__ = ["CORPORA", "Matching", "Scores", "base_model", "fine_tuned", "halves"]

CORPORA = ("wikipedia", "bbc", "python")
# Every fifth document is held out.
_HELD_OUT = 5
_HALF = 32
_STEPS = 200
_BATCH = 16
_LEARNING_RATE = 1e-4
_WARM_UP = 10
# Sharpness of the choice among candidates, a usual one for sentence encoders.
_TEMPERATURE = 0.05


@dataclass(frozen=True)
class Scores:
    """What :class:`Matching` gives: ``logits`` of each first half over all second halves."""

    logits: Tensor


class Matching(nn.Module):
    """Tells which second half of a passage belongs to which first half, in a batch.

    Parameters
    ----------
    encoder : torch.nn.Module
        A sentence encoder, whose hidden states are averaged.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, passages: Tensor) -> Scores:
        """Score tokens of shape (batch, 2, length)."""
        states = self.encoder(input_ids=passages.flatten(0, 1)).last_hidden_state
        vectors = nn.functional.normalize(states.float().mean(1), dim=-1)
        return Scores(vectors[::2] @ vectors[1::2].T / _TEMPERATURE)


def base_model() -> tuple[Matching, Any]:
    """Give the base and its tokenizer."""
    encoder, tokenizer = load_pretrained(minilm_folder())
    return Matching(encoder).eval(), tokenizer


def halves(corpus: str, tokenizer: Any, count: int, *, held_out: bool) -> Tensor:
    """Cut passages of 64 tokens out of a corpus, evenly spread, and each into two halves.

    Parameters
    ----------
    corpus : str
        One of :data:`CORPORA`.
    tokenizer : object
        A tokenizer of transformers.
    count : int
        How many.
    held_out : bool
        From every fifth document, or from the others.

    Returns
    -------
    Tensor of int64, shape (count, 2, 32)
    """
    documents = enumerate(_documents(corpus), start=1)
    text = "\n\n".join(own for i, own in documents if (i % _HELD_OUT == 0) == held_out)
    windows = text_windows(text, tokenizer, windows=count, length=2 * _HALF)
    return windows.reshape(count, 2, _HALF)


@cache
def _documents(corpus: str) -> list[str]:
    if corpus == "wikipedia":
        return [text for _, text in wikipedia_articles()]
    if corpus == "bbc":
        return [body for _, body in bbc_documents()]
    # The modules of the running Python's own library.
    folder = Path(sysconfig.get_paths()["stdlib"])
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]


def fine_tuned(cache: Path, corpus: str, report: Callable[[int, float], None]) -> Matching:
    """Give MiniLM fine-tuned to match the halves of a corpus' passages; made on the first call.

    All weights but the embeddings are trained, with AdamW: 200 steps of 16 passages that follow
    each other, each seen once, in bfloat16 arithmetic on float32 weights.

    Parameters
    ----------
    cache : Path
        A folder in which it is kept.
    corpus : str
        One of :data:`CORPORA`.
    report : callable
        Told the step and its loss in nats.
    """
    from safetensors.torch import load_model, save_model

    model, tokenizer = base_model()
    path = cache / f"minilm-{corpus}-{_STEPS}.safetensors"
    if path.exists():
        load_model(model, path)
        return model
    passages = halves(corpus, tokenizer, _STEPS * _BATCH, held_out=False)
    order = torch.randperm(_STEPS, generator=torch.Generator().manual_seed(0))
    _train(model, passages.reshape(_STEPS, _BATCH, 2, _HALF)[order], report)
    save_model(model, str(path))
    return model


def _train(model: Matching, batches: Tensor, report: Callable[[int, float], None]) -> None:
    embeddings: Any = model.encoder.embeddings
    embeddings.requires_grad_(False)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=_LEARNING_RATE, weight_decay=0.0)
    for step, batch in enumerate(batches, start=1):
        decay = (1 + math.cos(math.pi * step / len(batches))) / 2
        optimizer.param_groups[0]["lr"] = _LEARNING_RATE * min(1.0, step / _WARM_UP) * decay
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(batch).logits
        loss: Any = nn.functional.cross_entropy(logits.float(), torch.arange(len(batch)))
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        report(step, loss.item())
    embeddings.requires_grad_(True)
