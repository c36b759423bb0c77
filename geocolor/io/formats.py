"""The graph formats, by name, by suffix and by content."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph
from geocolor.io.compression import bare
from geocolor.io.cplib import cplib_text, read_cplib
from geocolor.io.csv_text import csv_text, looks_like_csv, read_csv
from geocolor.io.dimacs import dimacs_text, read_dimacs
from geocolor.io.dimacs_binary import (
    dimacs_binary_text,
    looks_like_dimacs_binary,
    read_dimacs_binary,
)
from geocolor.io.edge_list import edge_list_text, looks_like_edges, read_edge_list
from geocolor.io.gexf import gexf_text, read_gexf
from geocolor.io.gml import gml_text, read_gml
from geocolor.io.graphml import graphml_text, read_graphml
from geocolor.io.listing import Listing
from geocolor.io.matrix_market import matrix_market_text, read_matrix_market
from geocolor.io.meaning import Meaning
from geocolor.io.metis import metis_text, read_metis
from geocolor.io.native import native_text, read_native
from geocolor.io.node_link import node_link_text, read_node_link
from geocolor.io.npz import npz_text, read_npz
from geocolor.io.pace import pace_text, read_pace
from geocolor.io.pajek import pajek_text, read_pajek
from geocolor.io.source import Source
from geocolor.wording import choice_among

__all__ = ["FORMATS", "SUFFIXES", "Format", "format_of", "format_to_write", "require_graph_name"]


@dataclass(frozen=True)
class Format:
    """A line of the registry.

    Attributes
    ----------
    name : str
        Name on the command line.
    title : str
        Name for people.
    suffixes : tuple of str
        Suffixes of file names; several formats may have the same, and content then decides.
    read : callable
        Lists what a source holds.
    text : callable
        Gives a graph's text in pieces, or raises what it cannot hold.
    tells : callable
        Whether a file that begins so is of this format; for the formats that can be told.
    names : bool
        Whether it keeps the names of nodes.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Source, Meaning], Listing]
    text: Callable[[ConflictGraph], Iterator[bytes]]
    tells: Callable[[bytes], bool]
    names: bool = True


def _begins(pattern: bytes) -> Callable[[bytes], bool]:
    """Tell by how the text begins, after a byte order mark, blanks and the comments allowed."""
    compiled = re.compile(rb"(?:\xef\xbb\xbf)?\s*" + pattern, re.IGNORECASE)
    return lambda head: compiled.match(head) is not None


def _is_node_link(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{" and any(
        key in head for key in (b'"nodes"', b'"links"', b'"multigraph"')
    )


def _is_cplib(head: bytes) -> bool:
    """Tell by a number alone in its line, or more numbers than an edge has."""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    first = next((words for words in map(bytes.split, lines) if words), [b""])
    return first[0].isdigit() and len(first) not in (2, 3) and _look_numeric(first)


def _look_numeric(words: list[bytes]) -> bool:
    """Whether all words begin as numbers do."""
    return all(word[:1] in b"+-.0123456789" for word in words)


# Those that are surest of their content come first.
_ALL = (
    Format(
        "npz",
        "arrays (scipy sparse, or dense)",
        (".npz",),
        read_npz,
        npz_text,
        _begins(rb"PK\x03\x04"),
    ),
    Format(
        "mtx",
        "Matrix Market",
        (".mtx",),
        read_matrix_market,
        matrix_market_text,
        _begins(rb"%%MatrixMarket"),
        names=False,
    ),
    Format(
        "graphml",
        "GraphML",
        (".graphml",),
        read_graphml,
        graphml_text,
        _begins(rb"<(?s:.{0,4000})<?graphml\b"),
    ),
    Format("gexf", "GEXF", (".gexf",), read_gexf, gexf_text, _begins(rb"<(?s:.{0,4000})<?gexf\b")),
    Format(
        "native",
        "geocolor JSON",
        (".json",),
        read_native,
        native_text,
        _begins(rb'\{(?s:.{0,4000})"format"\s*+:\s*+"geocolor\.'),
    ),
    Format(
        "node-link",
        "node-link JSON (networkx)",
        (".json",),
        read_node_link,
        node_link_text,
        _is_node_link,
    ),
    Format(
        "pajek",
        "Pajek network",
        (".net",),
        read_pajek,
        pajek_text,
        _begins(rb"(?:%[^\n]*+\s*+)*+\*(?:vertices|network)\b"),
    ),
    Format(
        "gml",
        "GML",
        (".gml",),
        read_gml,
        gml_text,
        _begins(rb"(?:(?:#|creator\s|version\s)[^\n]*+\s*+)*+graph\s*\["),
    ),
    Format(
        "dimacs-binary",
        "binary DIMACS graph coloring",
        (".col.b",),
        read_dimacs_binary,
        dimacs_binary_text,
        looks_like_dimacs_binary,
        names=False,
    ),
    Format(
        "pace",
        "PACE cluster editing",
        (".gr",),
        read_pace,
        pace_text,
        _begins(rb"(?:c(?:[ \t][^\n]*)?\n\s*)*p\s+(?:cep|tw|td|ds|vc|hs)\s"),
        names=False,
    ),
    Format(
        "dimacs",
        "DIMACS graph coloring",
        (".col",),
        read_dimacs,
        dimacs_text,
        _begins(rb"(?:c(?:[ \t][^\n]*)?\r?\n\s*)*p\s+(?:edges?|col)\s"),
        names=False,
    ),
    Format(
        "cplib",
        "clique partitioning (CP-Lib)",
        (".txt",),
        read_cplib,
        cplib_text,
        _is_cplib,
        names=False,
    ),
    Format("csv", "table of edges", (".csv", ".tsv", ".txt"), read_csv, csv_text, looks_like_csv),
    Format(
        "metis",
        "METIS graph",
        (".graph", ".metis"),
        read_metis,
        metis_text,
        lambda _: False,
        names=False,
    ),
    Format(
        "edges",
        "edge list",
        (".edges", ".edgelist", ".txt"),
        read_edge_list,
        edge_list_text,
        looks_like_edges,
    ),
)
FORMATS: dict[str, Format] = {known.name: known for known in _ALL}
SUFFIXES: dict[str, tuple[Format, ...]] = {
    suffix: tuple(known for known in _ALL if suffix in known.suffixes)
    for suffix in dict.fromkeys(suffix for known in _ALL for suffix in known.suffixes)
}


_NO_ADJACENCY = "save an edge list (networkx.write_edgelist) or node-link JSON instead"


def _by_suffix(path: Path) -> tuple[Format, ...]:
    name = bare(path).name.lower()
    longest = max((s for s in SUFFIXES if name.endswith(s)), key=len, default=None)
    return () if longest is None else SUFFIXES[longest]


def _chosen(name: str) -> Format:
    if name not in FORMATS:
        raise InputError(f"no graph format {name!r}; {choice_among(name, FORMATS)}")
    return FORMATS[name]


def require_graph_name(path: str | os.PathLike[str]) -> Format:
    """Find the format that a file name asks for.

    Raises
    ------
    InputError
        With the suffixes there are.
    """
    known = _by_suffix(Path(path))
    if not known:
        raise InputError(
            f"cannot tell the graph format of {path}: use {', '.join(SUFFIXES)}, "
            "each also with .gz, .xz or .zst behind"
        )
    return known[0]


def format_to_write(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Find the format to write a file in: the one that is named, or the suffix's first.

    Raises
    ------
    InputError
        There is none of that name, or the suffix tells none.
    """
    if name is not None:
        return _chosen(name)
    try:
        return require_graph_name(path)
    except InputError as error:
        raise InputError(f"{error}, or name the format") from None


def format_of(path: str | os.PathLike[str], source: Source, name: str | None = None) -> Format:
    """Find the format to read a file in.

    The one that is named, or the suffix's; by content where there is no suffix of a format, or
    several have it.

    Parameters
    ----------
    path : path-like
        The name of the file.
    source : Source
        What is in it.
    name : str, optional
        A name in :data:`FORMATS`.

    Raises
    ------
    InputError
        There is none of that name, or neither suffix nor content tells one.
    """
    if name is not None:
        return _chosen(name)
    if bare(Path(path)).name.lower().endswith(".adjlist"):
        raise FormatError(f"an adjacency list; {_NO_ADJACENCY}", source.name)
    candidates = _by_suffix(Path(path))
    if len(candidates) == 1:
        return candidates[0]
    for candidate in candidates or _ALL:
        if candidate.tells(source.head):
            return candidate
    if candidates == SUFFIXES[".json"]:  # whose reader says what is wrong
        return candidates[0]
    if candidates:
        titles = ", ".join(known.title for known in candidates)
        raise FormatError(
            f"cannot tell its graph format, by its first lines none of {titles}: name the format; "
            f"names with blanks need a table with commas; adjacency lists: {_NO_ADJACENCY}",
            source.name,
        )
    raise FormatError(
        f"cannot tell its graph format: use {', '.join(SUFFIXES)}, each also with .gz, .xz or "
        ".zst behind, or name the format",
        source.name,
    )
