"""How much a file may ask for, checked before anything is allocated for it."""

from __future__ import annotations

from dataclasses import dataclass

from geocolor.errors import LimitError

__all__ = ["Limits"]

_MIB = 1 << 20


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
        The same for JSON, which takes about ten times its text in memory.
    nodes, edges : int
        Nodes, and edges or weighted pairs, each pair counted once.
    """

    file_bytes: int = 2048 * _MIB
    text_bytes: int = 4096 * _MIB
    json_bytes: int = 256 * _MIB
    nodes: int = 2_000_000
    edges: int = 50_000_000

    def require_nodes(self, count: int, path: str) -> None:
        """Raise :class:`~geocolor.errors.LimitError` for too many nodes."""
        if count > self.nodes:
            raise LimitError(f"{path}: {count} nodes, the limit is {self.nodes}")

    def require_edges(self, count: int, path: str) -> None:
        """Raise :class:`~geocolor.errors.LimitError` for too many edges."""
        if count > self.edges:
            raise LimitError(f"{path}: {count} edges, the limit is {self.edges}")
