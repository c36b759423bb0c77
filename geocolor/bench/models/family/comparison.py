"""Fine-tunes of one base, kept together by geocolor and by the alternatives at equal size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from geocolor.bench.models.family.alternatives import difference_rank, mean_of, with_differences
from geocolor.bench.models.family.fine_tunes import (
    CORPORA,
    Matching,
    base_model,
    fine_tuned,
    halves,
)
from geocolor.bench.models.record import TextScore
from geocolor.bench.models.summary import perplexity_ratio
from geocolor.compression import Analysis, Compressed, analyze
from geocolor.sharing.equal import tie_equal

__all__ = ["Row", "compare", "markdown"]

_CALIBRATED = 192
_CALIBRATED_TOGETHER = 32
_JUDGED = 640
# Passages among whose second halves the right one is to be found.
_CANDIDATES = 64


@dataclass(frozen=True)
class Row:
    """How one way to keep the fine-tunes does.

    Attributes
    ----------
    method : str
        For people.
    keep : float or None
        Share of all fine-tunes' block matrices, where the method has such a thing.
    size : float
        Parameters of all together by those of one.
    losses : dict of str to tuple of float
        Of each fine-tune on held-out passages of its corpus, in nats.
    """

    method: str
    keep: float | None
    size: float
    losses: dict[str, tuple[float, ...]]

    def score(self, corpus: str) -> TextScore:
        """Score a fine-tune."""
        return TextScore(corpus, 1, tuple(self.losses[corpus]))


def compare(
    cache: Path, output: Path, keeps: Sequence[float], report: Callable[[str], None]
) -> list[Row]:
    """Measure all ways to keep the fine-tunes; what `output` has already is not measured again.

    Parameters
    ----------
    cache : Path
        Where models are kept.
    output : Path
        A file of rows, one a line of JSON; made or added to.
    keeps : sequence of float
        Shares of all fine-tunes' block matrices.
    report : callable
        Told what is being done.
    """
    family = _Family(cache, report)
    done = [Row(**json.loads(line)) for line in _lines(output)]
    for method, keep in [
        (_OWN, None),
        *((_TOGETHER, keep) for keep in keeps),
        *((_DIFFERENCES, keep) for keep in keeps),
        (_MEAN, None),
        (_BASE, None),
        *((_ALONE, keep) for keep in keeps),
    ]:
        if any((row.method, row.keep) == (method, keep) for row in done):
            continue
        row = Row(method, keep, *family.kept(method, keep))
        perplexities = [f"{row.score(corpus).perplexity:.2f}" for corpus in row.losses]
        report(f"{method}, keep {keep}: size {row.size:.3f}, {', '.join(perplexities)}")
        done.append(row)
        with output.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(asdict(row))}\n")
    return done


_OWN, _BASE, _MEAN = "each as it is", "the base in their place", "their mean"
_DIFFERENCES = "base and SVD of differences"
_TOGETHER, _ALONE = "geocolor, together", "geocolor, each alone"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def markdown(rows: Iterable[Row]) -> str:
    """Make a table: perplexities, by those of the fine-tunes as they are, with 95% intervals."""
    rows = list(rows)
    own = rows[0]
    lines = [
        f"| method | keep | size, models | {' | '.join(own.losses)} |",
        f"|---|---|---|{'---|' * len(own.losses)}",
    ]
    for row in rows:
        cells = " | ".join(_cell(row.score(corpus), own.score(corpus)) for corpus in own.losses)
        keep = "" if row.keep is None else f"{row.keep:g}"
        lines.append(f"| {row.method} | {keep} | {row.size:.3f} | {cells} |")
    return "\n".join(lines)


def _cell(score: TextScore, own: TextScore) -> str:
    if score == own:
        return f"{score.perplexity:.2f}"
    ratio, interval = perplexity_ratio(score, own)
    spread = "" if interval is None else f", {interval.low:.3f} to {interval.high:.3f}"
    return f"{score.perplexity:.2f} ({ratio:.3f}{spread})"


class _Family:
    """The fine-tunes with their texts."""

    def __init__(self, cache: Path, report: Callable[[str], None]) -> None:
        self._report = report
        self._base, tokenizer = base_model()
        self._models: list[Matching] = []
        self._calibration: list[Sequence[Tensor]] = []
        self._judged: list[Sequence[Tensor]] = []
        for corpus in CORPORA:
            self._models.append(fine_tuned(cache, corpus, partial(self._trained, corpus)))
            calibration = halves(corpus, tokenizer, _CALIBRATED, held_out=False)
            self._calibration.append(list(torch.split(calibration, _CALIBRATED_TOGETHER)))
            judged = halves(corpus, tokenizer, _JUDGED, held_out=True)
            self._judged.append(list(torch.split(judged, _CANDIDATES)))
        self._together: Analysis | None = None
        self._alone: list[Analysis] = []

    def kept(self, method: str, keep: float | None) -> tuple[float, dict[str, tuple[float, ...]]]:
        """Keep the fine-tunes by a method; give the size and the losses."""
        one = sum(parameter.numel() for parameter in self._base.parameters())
        if keep is None:
            if method == _OWN:
                return float(len(self._models)), self._losses(self._models)
            one_for_all = self._base if method == _BASE else mean_of(self._models)
            return 1.0, self._losses([one_for_all] * len(self._models))
        if method == _DIFFERENCES:
            rank = difference_rank(self._base, len(self._models), keep)
            sizes: list[int] = []

            def restored() -> Iterator[nn.Module]:
                for model, stored in with_differences(self._base, self._models, rank):
                    sizes.append(stored)
                    yield model

            losses = self._losses(restored())
            return 1 + sum(sizes) / one, losses
        if method == _TOGETHER:
            self._together = self._together or analyze(
                self._models, self._calibration, on_progress=self._progress
            )
            compressed = self._compressed(self._together, keep)
            size = compressed.report.after.parameters / one
            return size, self._losses(compressed.model.children())
        self._alone = self._alone or [
            analyze(model, batches, on_progress=self._progress)
            for model, batches in zip(self._models, self._calibration, strict=True)
        ]
        alone = nn.ModuleList(self._compressed(analysis, keep).model for analysis in self._alone)
        losses = self._losses(alone.children())
        # The embeddings are no concern of the method: they are counted once here too.
        tie_equal(alone)
        return sum(parameter.numel() for parameter in alone.parameters()) / one, losses

    def _compressed(self, analysis: Analysis, keep: float) -> Compressed:
        compressed = analysis.compress(keep)
        self._report(str(compressed.report))
        return compressed

    def _trained(self, corpus: str, step: int, loss: float) -> None:
        self._report(f"fine-tuning on {corpus}, step {step}: {loss:.3f}")

    def _progress(self, stage: str, done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            self._report(f"{stage} {done} of {total}")

    @torch.no_grad()
    def _losses(self, models: Iterable[nn.Module]) -> dict[str, tuple[float, ...]]:
        found = {}
        for corpus, model, batches in zip(CORPORA, models, self._judged, strict=True):
            losses = [
                nn.functional.cross_entropy(
                    model(batch).logits, torch.arange(len(batch)), reduction="none"
                )
                for batch in batches
            ]
            found[corpus] = tuple(torch.cat(losses).tolist())
        return found
