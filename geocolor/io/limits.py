"""How much a file may ask for, checked before anything is allocated for it."""

from __future__ import annotations

from dataclasses import dataclass

from geocolor.errors import LimitError

__all__ = ["Limits"]

_MIB = 1 << 20
# What raises a limit on the command line.
_OPTIONS = {
    "file_bytes": "--max-bytes",
    "text_bytes": "--max-bytes",
    "json_bytes": "--max-bytes",
    "array_bytes": "--max-bytes",
    "nodes": "--max-nodes",
    "edges": "--max-edges",
}


@dataclass(frozen=True)
class Limits:
    """Upper limits for one input file.

    Attributes
    ----------
    file_bytes : int
        Size on disk.
    text_bytes : int
        Size once decompressed, counted while it streams.
    json_bytes : int
        The same for JSON, which takes 10 to 37 times its text in memory once it is parsed; 16 times
        this limit is what it may take.
    array_bytes : int
        Arrays of an ``.npz`` in all, at eight bytes an entry or what it takes there, if more.
    nodes, edges : int
        Nodes, and edges or weighted pairs, each pair counted once. Of a ``p cep`` file, whose pairs
        all have a weight, reading takes about 90 bytes for each.
    """

    file_bytes: int = 2048 * _MIB
    text_bytes: int = 4096 * _MIB
    json_bytes: int = 256 * _MIB
    array_bytes: int = 256 * _MIB
    nodes: int = 2_000_000
    edges: int = 50_000_000

    def require_nodes(self, count: int, path: str) -> None:
        """Raise :class:`~geocolor.errors.LimitError` for too many nodes."""
        if count > self.nodes:
            raise self.beyond("nodes", path, f"{count} nodes")

    def require_edges(self, count: int, path: str) -> None:
        """Raise :class:`~geocolor.errors.LimitError` for too many edges."""
        if count > self.edges:
            raise self.beyond("edges", path, f"{count} edges")

    def beyond(self, limit: str, path: str, found: str) -> LimitError:
        """Make the error that says which limit a file is beyond, and what raises it.

        Parameters
        ----------
        limit : str
            The attribute.
        path : str
            The file.
        found : str
            What it asks for.
        """
        most = getattr(self, limit)
        return LimitError(
            f"{path}: {found}, the limit is {most}; raise it with {_OPTIONS[limit]}, in Python "
            f"with Limits({limit}=...)"
        )
