"""Reading and writing graphs in any format."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geocolor.errors import InputError, LimitError
from geocolor.graph import ConflictGraph, SharingOptions
from geocolor.io.atomic import write_pieces
from geocolor.io.formats import Format, format_of, format_to_write
from geocolor.io.limits import Limits
from geocolor.io.listing import Listing, Note
from geocolor.io.meaning import Isolated, Meaning
from geocolor.io.settle import conflict_rows, settle
from geocolor.io.source import open_source

__all__ = ["Reading", "read", "read_closely", "write"]


@dataclass(frozen=True, eq=False)
class Reading:
    """What reading a file closely gives.

    Attributes
    ----------
    graph : ConflictGraph
        The graph.
    format : Format
        What the file is.
    notes : tuple of Note
        What the file left open, or what was done that it does not say.
    listing : Listing
        What it lists, before its meaning was settled.
    meaning : Meaning
        How it was read.
    """

    graph: ConflictGraph
    format: Format
    notes: tuple[Note, ...]
    listing: Listing
    meaning: Meaning

    def line_of(self, u: int, v: int) -> int | None:
        """Find the first line that lists a pair of nodes, as a hard conflict if one does.

        Returns
        -------
        int or None
            None if no line does, or the format has no lines.
        """
        listing = self.listing
        if listing.lines is None:
            return None
        if self.meaning.isolated is Isolated.DROP:
            u, v = self._listed[u], self._listed[v]
        pairs = listing.pairs
        found = (pairs == (u, v)).all(axis=1) | (pairs == (v, u)).all(axis=1)
        at = np.flatnonzero(found & (listing.lines > 0))
        hard = at[conflict_rows(listing, self.meaning)[at]]
        return int(listing.lines[[*hard, *at][0]]) if len(at) else None

    @cached_property
    def _listed(self) -> list[int]:
        """Nodes of the listing that are in the graph."""
        labels = self.listing.labels
        names = labels or list(map(str, range(self.listing.num_nodes)))
        place = {name: node for node, name in enumerate(names)}
        return [place[self.graph.label(node)] for node in range(self.graph.num_nodes)]


def read_closely(
    path: str | os.PathLike[str],
    meaning: Meaning | None = None,
    *,
    format: str | None = None,  # noqa: A002  it is what the option is called
    limits: Limits | None = None,
) -> Reading:
    """Read a graph and say what its file left open.

    Parameters
    ----------
    path : path-like
        A file of any format in :data:`FORMATS`, compressed or not; ``-`` is standard input.
    meaning : Meaning, optional
        How to read what the format leaves open.
    format : str, optional
        A name in :data:`FORMATS`; default by suffix, and by content where that is not enough.
    limits : Limits, optional
        What the file may ask for; the defaults are generous.

    Raises
    ------
    FormatError
        The file breaks its format, or `meaning` does not allow it; with the line or place.
    LimitError
        It is larger than `limits`.
    InputError
        The format is unknown, or the file cannot be read.
    """
    meaning = meaning or Meaning()
    with open_source(path, limits or Limits()) as source:
        known = format_of(path, source, format)
        listing = known.read(source, meaning)
        graph, notes = settle(listing, meaning, source.limits, source.name)
    return Reading(graph, known, notes, listing, meaning)


def read(
    path: str | os.PathLike[str],
    meaning: Meaning | None = None,
    *,
    format: str | None = None,  # noqa: A002  it is what the option is called
    limits: Limits | None = None,
) -> ConflictGraph:
    """Read a graph from a file of any supported format.

    Parameters
    ----------
    path, meaning, format, limits
        As for :func:`read_closely`.

    Returns
    -------
    ConflictGraph
        By default an edge without a weight is a hard conflict and a weight is a cost; in CP-Lib
        and PACE cluster editing files a weight is a similarity, and so a negative cost. Nodes are
        labeled as the file calls them.

    Raises
    ------
    FormatError
        The file breaks its format, or `meaning` does not allow it; with the line or place.
    LimitError
        It is larger than `limits`.
    InputError
        The format is unknown, or the file cannot be read.

    See Also
    --------
    read_closely : also says what the file left open.
    """
    return read_closely(path, meaning, format=format, limits=limits).graph


def write(
    graph: ConflictGraph,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002  it is what the option is called
) -> None:
    """Write a graph to a file, its format chosen by suffix.

    The file appears whole or not at all, and the same graph gives the same bytes.

    Parameters
    ----------
    graph : ConflictGraph
        The graph.
    path : path-like
        As for :func:`read`; ``-`` is standard output.
    format : str, optional
        A name in :data:`FORMATS`; default by suffix, native JSON for ``.json`` and CP-Lib for
        ``.txt``.

    Raises
    ------
    InputError
        The format is unknown or cannot hold the graph, the file cannot be written, or it is no
        graph: :func:`geocolor.io.write_options` writes sharing options.
    LimitError
        It would be too large to be read by default: of a format with names at every edge, say, and
        long names.
    """
    _require_graph(graph)
    known = format_to_write(path, format)
    write_pieces(path, _up_to(known.text(graph), Limits().text_bytes, path))


def _up_to(pieces: Iterator[bytes], most: int, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Give pieces of a file while they are no more than what is read."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most:
            raise LimitError(
                f"{os.fspath(path)}: over {most} bytes, which would not be read back by default; "
                "write .json or .npz, which have each name once"
            )
        yield piece


def _require_graph(given: object) -> None:
    if not isinstance(given, ConflictGraph):
        hint = ""
        if isinstance(given, SharingOptions):
            hint = "; geocolor.io.write_options writes those"
        raise InputError(f"a ConflictGraph is written, not a {type(given).__name__}{hint}")
