"""What formats share whose nodes are numbers up to a promised count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocolor.errors import FormatError
from geocolor.io.listing import Note
from geocolor.io.source import shown
from geocolor.io.tokens import LONGEST_NUMBER, Tokens
from geocolor.wording import counted

__all__ = ["Numbering", "node_pairs", "number_labels", "numbers_note"]


def number_labels(nodes: int, first: int) -> list[str]:
    """Names of nodes that the file calls by number."""
    return list(map(str, range(first, nodes + first)))


def numbers_note(first: int) -> tuple[Note, ...]:
    """Say where the numbers begin."""
    return (Note("numbers", f"nodes are numbered from {first}"),)


@dataclass(frozen=True)
class Numbering:
    """The node numbers of a file.

    Attributes
    ----------
    name : str
        The file.
    promise : str
        What in it says how many nodes there are.
    nodes, first : int
        How many, and the first number.
    """

    name: str
    promise: str
    nodes: int
    first: int = 1


def node_pairs(
    tokens: Tokens, words: NDArray[np.int64], numbering: Numbering, lines_before: int
) -> NDArray[np.int64]:
    """Read pairs of node numbers, which follow each other.

    Parameters
    ----------
    tokens : Tokens
        The words of a block.
    words : ndarray of int64, shape (m,)
        The first word of each pair.
    numbering : Numbering
        What the numbers may be.
    lines_before : int
        Lines of the file before the block.

    Returns
    -------
    ndarray of int64, shape (m, 2)
        Nodes from 0.

    Raises
    ------
    FormatError
        A word is no number of a node; with its line.
    """
    pairs = np.empty((len(words), 2), dtype=np.int64)
    valid = np.ones(len(words), dtype=bool)
    for side in (0, 1):
        values, fine = tokens.whole(words + side)
        pairs[:, side] = values - numbering.first
        valid &= fine & (pairs[:, side] >= 0) & (pairs[:, side] < numbering.nodes)
    if not valid.all():
        at = words[[int(np.argmin(valid))]]
        said = [tokens.word(int(at[0]) + side) for side in (0, 1)]
        line = lines_before + int(tokens.lines(at)[0])
        raise FormatError(_fault(said, numbering), numbering.name, line)
    return pairs


def _fault(said: list[bytes], numbering: Numbering) -> str:
    for word in said:
        if not word.isdigit() or len(word) > LONGEST_NUMBER:
            return f"{shown(word)} is not a node number"
    low, high = sorted(map(int, said))
    if low < numbering.first:
        return f"node {low}: nodes are counted from {numbering.first}"
    return f"node {high}, but {numbering.promise} promises {counted(numbering.nodes, 'node')}"
