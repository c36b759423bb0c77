"""First rows of tables and edge lists: which are headers, and what they call the columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geocolor.io.edge_rows import is_plain_number

__all__ = ["Columns", "columns_of", "is_number", "is_table_of_nodes", "matrix_names"]

# What headers call the columns, by the attribute of Columns, as `_bare` leaves it.
_CALLED = {
    "tail": (
        *("source", "from", "src", "node1", "u", "i", "tail", "start", "nodea", "id1", "vertex1"),
        *(
            "sourceid",
            "fromid",
            "srcid",
            "startid",
            "sourcenode",
            "fromnode",
            "fromnodeid",
            "origin",
        ),
    ),
    "head": (
        *("target", "to", "dst", "node2", "v", "j", "head", "end", "nodeb", "id2", "vertex2"),
        *("targetid", "toid", "dstid", "endid", "targetnode", "tonode", "tonodeid", "destination"),
    ),
    "weight": ("weight", "w", "value", "cost", "similarity"),
    "conflict": ("conflict",),
    "direction": ("type",),
}
# What stands for a weight that is not known; such a word heads no column.
_MISSING = ("na", "n/a", "#n/a", "null", "none", "-", "?", ".")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]++,[0-9]++(?:[eE][+-]?[0-9]++)?")
# Neo4j has types and groups behind a name: weight:float, :START_ID(Person).
_BEHIND = re.compile(
    r"(?<=_ID)\(.*|(?<=.):(?:int|long|float|double|short|byte|string|boolean)\b.*",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class Columns:
    """Where things are in a row; -1 for what is not there.

    Attributes
    ----------
    tail, head, weight, conflict, direction : int
        The nodes, the weight, whether it is a hard conflict, and Gephi's Type.
    similarities : bool
        Whether the weight is headed "similarity".
    known : bool
        Whether the row names both columns of nodes.
    certain : bool
        Whether it can be nothing but a header: it has the words source and target.
    """

    tail: int = 0
    head: int = 1
    weight: int = 2
    conflict: int = -1
    direction: int = -1
    similarities: bool = False
    known: bool = False
    certain: bool = False

    def used(self) -> tuple[int, ...]:
        """Give the columns that say something."""
        return (self.tail, self.head, self.weight, self.conflict, self.direction)

    def plain(self, width: int) -> bool:
        """Whether rows of at most `width` fields are two nodes and perhaps a weight."""
        return (self.used() == (0, 1, 2, -1, -1) and width <= 3) or (
            self.used() == (0, 1, -1, -1, -1) and width == 2
        )

    def weighs(self, word: str) -> bool:
        """Whether a word is what headers call the weight."""
        return _bare(word) in _CALLED["weight"]


def _bare(word: str) -> str:
    word = _BEHIND.sub("", word.lower()).removeprefix(":")
    return word.replace("_", "").replace("-", "").replace(" ", "")


def is_number(word: str) -> bool:
    """Whether it is a number, perhaps with a decimal comma."""
    try:
        float(word)
    except ValueError:
        return _DECIMAL_COMMA.fullmatch(word) is not None
    return True


def columns_of(first: list[str], second: list[str]) -> Columns | None:
    """Find what a first row calls the columns; None if it is no header.

    It is one if it names both columns of nodes; or if its first two or three fields are words, and
    those below are numbers where they may be: the weight, or both nodes of a row.

    Parameters
    ----------
    first, second : list of str
        The fields of the first two rows; none where there is no second.
    """
    called = [_bare(word) for word in first]
    found = {
        attribute: next((called.index(word) for word in known if word in called), -1)
        for attribute, known in _CALLED.items()
    }
    if found["tail"] >= 0 and found["head"] >= 0:
        weight = found["weight"]
        return Columns(
            **found,
            similarities=weight >= 0 and called[weight] == "similarity",
            known=True,
            certain={"source", "target"} <= {word.lower() for word in first},
        )
    words = first[:3]
    if len(words) < 2 or any(
        not word or is_number(word) or word.lower() in _MISSING for word in words
    ):
        return None
    over_nodes = len(second) >= 2 and all(is_plain_number(word.encode()) for word in second[:2])
    over_weight = len(words) == 3 and len(second) >= 3 and is_number(second[2])
    if over_weight or (over_nodes and (len(words) == 2 or not any(second[2:3]))):
        return Columns(weight=2 if len(words) == 3 else -1)
    return None


def is_table_of_nodes(first: list[str]) -> bool:
    """Whether a first row, which names no ends of edges, heads a table of nodes as Gephi's."""
    return _bare(first[0]) in ("id", "nodeid") and len(first) > 1 and not any(map(is_number, first))


def matrix_names(rows: list[list[str]]) -> list[str] | None:
    """Find the nodes of a matrix: the first row has, behind its corner, what the others begin with.

    Parameters
    ----------
    rows : list of list of str
        The fields of the first rows, three where there are so many.
    """
    (corner, *names), *below = rows
    if len(names) < 2 or not below or not all(names) or len(set(names)) < len(names):
        return None
    if corner and len(names) == 2 and is_number(names[1]):  # an edge and its weight
        return None
    # An empty corner leaves little doubt; what is wrong further down is then said by its line.
    for name, row in zip(names, below if corner else below[:1], strict=False):
        if row[0] != name or len(row) > len(names) + 1:
            return None
        if not all(not field or is_number(field) for field in row[1:]):
            return None
    return names
