"""Tables as comma-separated text, whatever their cells hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["table_text"]


def table_text(rows: Iterable[Sequence[object]]) -> bytes:
    """Write rows, each ended by a line feed; Python's reader gives back the same cells."""
    text = io.StringIO()
    plain = csv.writer(text, lineterminator="\n")
    # A carriage return ends a line to who reads, and is not quoted by who writes other ends.
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        ends = any(isinstance(cell, str) and "\r" in cell for cell in row)
        (quoted if ends else plain).writerow(row)
    return text.getvalue().encode()
