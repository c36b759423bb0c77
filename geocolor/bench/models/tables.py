"""The tables of a campaign, for people: cells, in text and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from geocolor.bench.models.campaign import ModelResults
from geocolor.bench.models.record import Measures, ModelRecord, TextScore
from geocolor.bench.models.summary import (
    agreement,
    compressed_records,
    perplexity_interval,
    perplexity_ratio,
    search_scores,
)
from geocolor.bench.models.trial import DENSE
from geocolor.bench.record import Outcome
from geocolor.bench.statistics import Interval, bootstrap_interval

__all__ = ["Section", "markdown", "plain_text", "sections"]

_REFERENCE = "default"

_Cells = list[list[str]]


@dataclass(frozen=True)
class Section:
    """What there is to say of one model.

    Attributes
    ----------
    model : str
        Its name.
    caption : str
        On what it was measured.
    tables : tuple of list of list of str
        Cells, the first row are heads.
    remarks : tuple of str
        Lines below the tables: how far predictions hold, what failed.
    """

    model: str
    caption: str
    tables: tuple[list[list[str]], ...]
    remarks: tuple[str, ...]


def sections(results: ModelResults) -> list[Section]:
    """Put the figures of every model together."""
    protocol = results.campaign.protocol
    found = []
    for subject in results.campaign.subjects:
        records = [record for record in results.records if record.model == subject.name]
        caption = (
            f"Calibrated on {protocol.windows * protocol.length:,} tokens of "
            f"{subject.calibration.name}. Predicted and measured: increase of the loss per scored "
            "output, in nats for language models, in half the squared distance for encoders."
        )
        if any(measures.texts for _, measures in _solved(records)):
            caption += (
                " Perplexity of each text, in brackets 95% intervals over "
                f"{protocol.scored_windows} windows."
            )
        if subject.documents is not None:
            caption += " Bodies found by their titles, in brackets 95% intervals over titles."
        tables = (_quality(records), _speed(records), _against_reference(records))
        found.append(
            Section(
                subject.name,
                caption,
                tuple(cells for cells in tables if len(cells) > 1),
                (*_agreement_line(records), *_failures(records)),
            )
        )
    return found


def plain_text(results: ModelResults) -> str:
    """Tables for a terminal."""
    return _joined(results, _aligned, "")


def markdown(results: ModelResults) -> str:
    """Tables in Markdown."""
    return _joined(results, _piped, "## ")


def _joined(results: ModelResults, render: Callable[[_Cells], str], heading: str) -> str:
    parts = []
    for section in sections(results):
        parts += [f"{heading}{section.model}", section.caption]
        parts += [render(cells) for cells in section.tables]
        parts += section.remarks
    return "\n\n".join(parts) + "\n"


def _solved(records: Sequence[ModelRecord]) -> list[tuple[ModelRecord, Measures]]:
    """Rows in the order of the table: least compressed first, best first among equals."""
    found = [(record, record.measures) for record in records if record.measures is not None]
    return sorted(found, key=lambda pair: (-pair[0].keep, _badness(pair[1])))


def _badness(measures: Measures) -> float:
    if measures.texts:
        return measures.texts[0].perplexity
    if measures.ranks:
        return -fmean(search_scores(measures.ranks)["MRR@10"])
    return measures.measured or 0.0


def _heads(first: str, records: Sequence[ModelRecord]) -> list[str]:
    return [first, "keep", "seed"] if _seeded(records) else [first, "keep"]


def _names(record: ModelRecord, records: Sequence[ModelRecord]) -> list[str]:
    names = [record.preset, f"{record.keep:g}"]
    return (
        [*names, "" if record.preset == DENSE else str(record.seed)] if _seeded(records) else names
    )


def _seeded(records: Sequence[ModelRecord]) -> bool:
    """Whether the seeds have to be told apart."""
    return len({record.seed for record in records}) > 1


def _quality(records: Sequence[ModelRecord]) -> _Cells:
    rows = _solved(records)
    heads = _heads("method", records)
    heads += ["parameters", "MACs per token", "MB", "shared", "narrow", "predicted", "measured"]
    heads += [score.name for score in rows[0][1].texts] if rows else []
    if rows and rows[0][1].ranks:
        titles = len(rows[0][1].ranks)
        heads += [f"{name} of {titles}" for name in search_scores(())]
    cells = [heads]
    for record, measures in rows:
        dense = record.preset == DENSE
        cells.append(
            [
                *_names(record, records),
                _count(measures.unit_parameters),
                _count(measures.macs),
                f"{measures.bytes / 1e6:.1f}",
                "" if dense else str(measures.shared_groups),
                "" if dense else str(measures.narrowed_groups),
                "" if measures.predicted is None else f"{measures.predicted:.3f}",
                "" if measures.measured is None else f"{measures.measured:.3f}",
                *(
                    _with_interval(score.perplexity, perplexity_interval(score), _perplexity)
                    for score in measures.texts
                ),
                *_search(measures),
            ]
        )
    return cells


def _search(measures: Measures) -> list[str]:
    if not measures.ranks:
        return []
    return [
        _with_interval(fmean(values), bootstrap_interval([values]), lambda value: f"{value:.3f}")
        for values in search_scores(measures.ranks).values()
    ]


def _speed(records: Sequence[ModelRecord]) -> _Cells:
    rows = [(record, measures) for record, measures in _solved(records) if measures.timings]
    if not rows:
        return []
    heads = [f"{timing.phase}, batch {timing.batch}" for timing in rows[0][1].timings]
    cells = [[*_heads("tokens a second (times dense)", records), *heads]]
    for record, measures in rows:
        figures = [
            f"{timing.rate:,.0f}" + ("" if record.preset == DENSE else f" ({timing.speedup:.2f})")
            for timing in measures.timings
        ]
        cells.append([*_names(record, records), *figures])
    return cells


def _against_reference(records: Sequence[ModelRecord]) -> _Cells:
    """Perplexities by geocolor's own on the same windows, budget and seed."""
    found = compressed_records(records)
    own = {(r.keep, r.seed): m.texts for r, m in found if r.preset == _REFERENCE}
    cells: _Cells = []
    for record, measures in _solved(records):
        reference = own.get((record.keep, record.seed))
        if record.preset in (DENSE, _REFERENCE) or not reference:
            continue
        pairs = list(zip(measures.texts, reference, strict=True))
        if not cells:
            heads = _heads(f"perplexity by {_REFERENCE}'s", records)
            cells.append([*heads, *(score.name for score, _ in pairs)])
        cells.append([*_names(record, records), *(_ratio(*pair) for pair in pairs)])
    return cells


def _ratio(score: TextScore, reference: TextScore) -> str:
    return _with_interval(*perplexity_ratio(score, reference), lambda value: f"{value:.2f}")


def _agreement_line(records: Sequence[ModelRecord]) -> Iterator[str]:
    found = agreement(records)
    if not found.trials:
        return
    ranks = "" if found.correlation is None else f"rank correlation {found.correlation:.2f}, "
    ratios = ", ".join(
        f"{preset} {low:.2f}"
        if f"{low:.2f}" == f"{high:.2f}"
        else f"{preset} {low:.2f} to {high:.2f}"
        for preset, (low, high) in found.ratios.items()
    )
    yield (
        f"Predicted against measured increase of the loss: {ranks}n = {found.trials}; "
        f"measured by predicted: {ratios}."
    )


def _failures(records: Sequence[ModelRecord]) -> Iterator[str]:
    for record in records:
        if record.outcome is not Outcome.SOLVED:
            yield (
                f"{record.preset} at keep {record.keep:g}, seed {record.seed}: "
                f"{record.outcome.value} ({record.message})"
            )


def _count(value: int) -> str:
    return f"{value / 1e6:.1f}M" if value >= 1e6 else f"{value:,}"


def _perplexity(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _with_interval(value: float, interval: Interval | None, shown: Callable[[float], str]) -> str:
    if interval is None:
        return shown(value)
    return f"{shown(value)} [{shown(interval.low)}, {shown(interval.high)}]"


def _aligned(cells: _Cells) -> str:
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def _piped(cells: _Cells) -> str:
    head, *rows = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([head, "|" + "---|" * len(cells[0]), *rows])
