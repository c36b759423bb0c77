"""What recovery gains: a compressed model before and after, on text it was not trained on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from geocolor.bench.models.session import Session
from geocolor.bench.plaintext import plain_table
from geocolor.compression import Configuration, Recovery, recover
from geocolor.compression.divergence import Divergence

__all__ = ["Gain", "TextGain", "measure_recovery"]


@dataclass(frozen=True)
class TextGain:
    """One evaluation text.

    Attributes
    ----------
    name : str
        Of the text.
    divergence : tuple of float
        From the original, before and after recovery; nats per scored output.
    perplexity : tuple of float
        Of the original, before and after; empty for what is no language model.
    """

    name: str
    divergence: tuple[float, float]
    perplexity: tuple[float, ...]


@dataclass(frozen=True)
class Gain:
    """A recovery, judged on text that neither calibration nor training has seen.

    Attributes
    ----------
    keep : float
        Share of the matrices' parameters kept.
    recovery : Recovery
        What was done.
    texts : tuple of TextGain
        Text by text.
    """

    keep: float
    recovery: Recovery
    texts: tuple[TextGain, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Show it as people read it."""
        header = ["text", "divergence", "recovered"]
        if any(text.perplexity for text in self.texts):
            header += ["perplexity of the original", "compressed", "recovered"]
        rows = [
            [
                text.name,
                *(f"{value:.4f}" for value in text.divergence),
                *(f"{value:.2f}" for value in text.perplexity),
            ]
            for text in self.texts
        ]
        return f"{plain_table(header, rows)}{self.recovery}"


def measure_recovery(
    session: Session,
    method: Configuration,
    keep: float,
    batches: Sequence[Tensor],
    **options: Any,
) -> Gain:
    """Compress a session's model, recover it, and judge both on the session's evaluation texts.

    Parameters
    ----------
    session : Session
        The model and its texts.
    method : Configuration
        How to compress.
    keep : float
        Share of the matrices' parameters kept.
    batches : sequence of Tensor
        What to train on.
    **options
        Those of :func:`geocolor.recover`.
    """
    original = session.model
    compressed = session.calibrate().compress(keep, method)
    recovered = copy.deepcopy(compressed.model)
    recovery = recover(recovered, original, batches, **options)
    models = (original, compressed.model, recovered)
    scores = [session.texts(model) for model in models]
    texts = []
    for place, (name, windows) in enumerate(session.judged().items()):
        judge = Divergence(models[0], windows)
        texts.append(
            TextGain(
                name,
                (judge.of(models[1]), judge.of(models[2])),
                tuple(score[place].perplexity for score in scores if score),
            )
        )
    return Gain(keep, recovery, tuple(texts))
