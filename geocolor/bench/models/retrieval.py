"""What a sentence encoder is for: finding a document's body by its title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["title_ranks"]

# Tokens read of each text; a news story says what it is about in its first hundred.
_TOKENS = 128
_TOGETHER = 32


def title_ranks(
    model: nn.Module, tokenizer: Any, documents: Sequence[tuple[str, str]]
) -> list[int]:
    """Rank every document's own body among all bodies, by closeness to its title.

    Parameters
    ----------
    model : torch.nn.Module
        An encoder of transformers, in eval mode.
    tokenizer : object
        Its tokenizer.
    documents : sequence of (str, str)
        Title and body.

    Returns
    -------
    list of int
        For each title the place of its body, from 1; of equally close bodies its own comes last.
    """
    titles = _embedded(model, tokenizer, [title for title, _ in documents])
    bodies = _embedded(model, tokenizer, [body for _, body in documents])
    # In half precision many bodies would be equally close.
    with torch.autocast("cpu", enabled=False):
        closeness = titles @ bodies.T
    own = closeness.diagonal()[:, None]
    return [int(rank) for rank in (closeness >= own).sum(1)]


@torch.no_grad()
def _embedded(model: nn.Module, tokenizer: Any, texts: Sequence[str]) -> Tensor:
    """Mean of the last hidden states over the tokens, at length one."""
    # Texts of like length together, so that little is padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: dict[int, Tensor] = {}
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        batch = tokenizer(
            [texts[i] for i in chosen],
            padding=True,
            truncation=True,
            max_length=_TOKENS,
            return_tensors="pt",
        )
        states = model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
        ).last_hidden_state.float()
        mask = batch["attention_mask"][..., None]
        means = (states * mask).sum(1) / mask.sum(1)
        rows.update(zip(chosen, torch.nn.functional.normalize(means, dim=1), strict=True))
    return torch.stack([rows[i] for i in range(len(texts))])
