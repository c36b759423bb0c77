"""Seconds of two models that took turns."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Timing"]


@dataclass(frozen=True)
class Timing:
    """Repeated seconds of a model and of the dense one, taken in turns.

    Attributes
    ----------
    phase : str
        prefill, decode or forward.
    batch : int
        Sequences at once.
    tokens : int
        Read or written in one repetition, all sequences together; or samples, as `unit` says.
    dense, compressed : tuple of float
        Seconds of the repetitions by the clock, in pairs.
    dense_cpu, compressed_cpu : tuple of float
        Seconds of this process on all processors; empty where they were not taken.
    unit : str
        What is counted: token, or sample.
    """

    phase: str
    batch: int
    tokens: int
    dense: tuple[float, ...]
    compressed: tuple[float, ...]
    dense_cpu: tuple[float, ...] = ()
    compressed_cpu: tuple[float, ...] = ()
    unit: str = "token"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Timing:
        """Read what ``asdict`` wrote, by way of JSON."""
        seconds = ("dense", "compressed", "dense_cpu", "compressed_cpu")
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in seconds}})

    @property
    def rate(self) -> float:
        """Tokens or samples a second of the compressed model, by its median repetition."""
        return self.tokens / statistics.median(self.compressed)

    @property
    def speedup(self) -> float:
        """Median over the pairs of dense seconds by compressed seconds."""
        return _median_ratio(self.dense, self.compressed)

    @property
    def cpu_speedup(self) -> float | None:
        """The same of processor time, where it was taken."""
        if not self.dense_cpu:
            return None
        return _median_ratio(self.dense_cpu, self.compressed_cpu)


def _median_ratio(dense: Sequence[float], compressed: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(dense, compressed, strict=True))
