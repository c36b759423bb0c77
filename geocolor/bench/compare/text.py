"""A comparison as text for a terminal; the same text when piped."""

from __future__ import annotations

from collections.abc import Sequence

from geocolor.bench.compare.findings import Comparison, Effect, Finding, Subject
from geocolor.bench.plaintext import plain_table
from geocolor.wording import counted

__all__ = ["to_text"]


def to_text(comparison: Comparison) -> str:
    """Give a comparison as plain text, the verdict last.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    str
        Ends with a line break; no colors, as wide as it needs to be.
    """
    what = "objectives, proofs and outcomes"
    if comparison.timed:
        what += ", and times"
    else:
        what += "; limited by iterations on one thread, so times are ignored"
    parts = [f"{counted(comparison.pairs, 'pair')} of runs: {what}\n"]
    if comparison.effects:
        parts.append(_effects(comparison.effects))
    for title, lines in (
        ("Only in the old one", comparison.only_old),
        ("Only in the new one", comparison.only_new),
        ("Warnings", comparison.warnings),
    ):
        if lines:
            parts.append(f"{title}:\n" + "".join(f"  {line}\n" for line in lines))
    for title, findings in (
        ("Improvements", comparison.improvements),
        ("Regressions", comparison.regressions),
    ):
        if findings:
            parts.append(f"{title}:\n{_findings(findings)}")
    count = len(comparison.regressions)
    parts.append(f"{count or 'No'} regression{'s' * (count != 1)}\n")
    return "\n".join(parts)


def _effects(effects: Sequence[Effect]) -> str:
    header = ["solver", "measure", "pairs", "ties", "change", "counts from", "p worse", "p better"]
    return plain_table(
        [*header, "note"],
        (
            [
                one.solver,
                str(one.subject),
                str(one.pairs),
                str(one.ties),
                _change(one),
                f"{100 * one.least:g}{_unit(one)}",
                f"{one.p_worse:.2g}",
                f"{one.p_better:.2g}",
                one.note,
            ]
            for one in effects
        ),
        left=2,
    )


def _change(effect: Effect) -> str:
    return f"{100 * effect.effect:+.2f}{_unit(effect)}"


def _unit(effect: Effect) -> str:
    return " points" if effect.subject is Subject.GAP else "%"


def _findings(findings: Sequence[Finding]) -> str:
    return plain_table(
        ["what", "solver", "instance", "seed", "old", "new", "note"],
        (
            [
                str(one.subject),
                one.solver,
                one.instance or "all",
                "all" if one.seed is None else str(one.seed),
                one.old,
                one.new,
                one.note,
            ]
            for one in findings
        ),
        left=7,
    )
