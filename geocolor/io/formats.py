"""The graph formats by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io.atomic import write_pieces
from geocolor.io.compression import bare
from geocolor.io.cplib import cplib_text, read_cplib
from geocolor.io.dimacs import dimacs_text, read_dimacs
from geocolor.io.limits import Limits
from geocolor.io.native import native_text, read_native

__all__ = ["FORMATS", "Format", "read", "require_graph_name", "write"]


@dataclass(frozen=True)
class Format:
    """A line of the registry.

    Attributes
    ----------
    name : str
        Name for people.
    read : callable
        Reads a graph from a path within limits.
    text : callable
        Gives a graph's text in pieces, or raises what it cannot hold.
    """

    name: str
    read: Callable[[Path, Limits], ConflictGraph]
    text: Callable[[ConflictGraph], Iterator[bytes]]


FORMATS: dict[str, Format] = {
    ".col": Format("DIMACS graph coloring", read_dimacs, dimacs_text),
    ".json": Format("geocolor JSON", read_native, native_text),
    ".txt": Format("clique partitioning (CP-Lib)", read_cplib, cplib_text),
}


def require_graph_name(path: str | os.PathLike[str]) -> Format:
    """Find the format a file name asks for.

    Raises
    ------
    InputError
        With the suffixes there are.
    """
    known = FORMATS.get(bare(Path(path)).suffix.lower())
    if known is None:
        raise InputError(
            f"cannot tell the graph format of {path}: use {', '.join(FORMATS)}, "
            "each also with .gz, .xz or .zst behind"
        )
    return known


def read(path: str | os.PathLike[str], *, limits: Limits | None = None) -> ConflictGraph:
    """Read a graph from a file of any supported format.

    Parameters
    ----------
    path : path-like
        A ``.col`` (DIMACS), ``.json`` (native) or ``.txt`` (CP-Lib) file, also with ``.gz``,
        ``.xz`` or ``.zst`` behind.
    limits : Limits, optional
        What the file may ask for; the defaults are generous.

    Returns
    -------
    ConflictGraph
        Nodes of a DIMACS or CP-Lib file carry their numbers, from 1, as labels. A similarity of
        a CP-Lib file, to be maximised, is a negative weight.

    Raises
    ------
    FormatError
        The file breaks its format; with the line or place.
    LimitError
        It is larger than `limits`.
    InputError
        The suffix is unknown, or the file cannot be read.
    """
    return require_graph_name(path).read(Path(path), limits or Limits())


def write(graph: ConflictGraph, path: str | os.PathLike[str]) -> None:
    """Write a graph to a file, its format chosen by suffix.

    The file appears whole or not at all, and the same graph gives the same bytes.

    Parameters
    ----------
    graph : ConflictGraph
        The graph.
    path : path-like
        As for :func:`read`. DIMACS files hold hard conflicts only, CP-Lib files weights only.

    Raises
    ------
    InputError
        The suffix is unknown, the format cannot hold the graph, or the file cannot be written.
    """
    write_pieces(path, require_graph_name(path).text(graph))
