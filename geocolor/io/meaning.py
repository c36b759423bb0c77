"""What the edges and weights of a file mean, where its format leaves that open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geocolor.errors import InputError

__all__ = [
    "Directed",
    "Isolated",
    "Loops",
    "Meaning",
    "Missing",
    "Parallel",
    "Unweighted",
    "Weights",
]


class Weights(StrEnum):
    """What the weight of a pair is: to be small inside classes, or large, or nothing."""

    COST = "cost"
    SIMILARITY = "similarity"
    IGNORE = "ignore"


class Unweighted(StrEnum):
    """What an edge without a weight is: a hard conflict, or a weight of one."""

    CONFLICT = "conflict"
    ONE = "one"


class Missing(StrEnum):
    """What a pair is that the file does not list: of weight zero, or a hard conflict."""

    ZERO = "zero"
    FORBIDDEN = "forbidden"


class Directed(StrEnum):
    """What is done with a directed graph: its arcs become edges, or it is refused."""

    MERGE = "merge"
    REFUSE = "refuse"


class Loops(StrEnum):
    """What is done with an edge from a node to itself.

    ``auto`` leaves out weights and the diagonals of matrices, and refuses conflicts: a node in
    conflict with itself has no color.
    """

    AUTO = "auto"
    DROP = "drop"
    REFUSE = "refuse"


class Parallel(StrEnum):
    """What the weight of a pair is that is listed more than once.

    ``auto`` is the sum; but where the file lists every pair once in each direction, with the same
    weight, each counts once.
    """

    AUTO = "auto"
    ADD = "add"
    FIRST = "first"
    SMALLEST = "smallest"
    LARGEST = "largest"
    REFUSE = "refuse"


class Isolated(StrEnum):
    """What is done with nodes without any edge."""

    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """How to read what a file leaves open; the defaults are what the formats usually mean.

    Attributes
    ----------
    weights : Weights, optional
        Default by the format: similarities in clique partitioning files (CP-Lib, PACE), costs
        in all others.
    unweighted : Unweighted
    missing : Missing
    directed : Directed
    loops : Loops
    parallel : Parallel
    isolated : Isolated
    first_node : int, optional
        The number of the first node, 0 or 1, in a format that numbers nodes; default the
        format's own.

    Raises
    ------
    InputError
        A value is none of those.
    """

    weights: Weights | None = None
    unweighted: Unweighted = Unweighted.CONFLICT
    missing: Missing = Missing.ZERO
    directed: Directed = Directed.MERGE
    loops: Loops = Loops.AUTO
    parallel: Parallel = Parallel.AUTO
    isolated: Isolated = Isolated.KEEP
    first_node: int | None = None

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if name == "weights" and value is None:
                continue
            if value not in list(kind):
                known = ", ".join(kind)
                raise InputError(f"{name} must be one of {known}, not {value!r}")
            object.__setattr__(self, name, kind(value))
        if self.first_node not in (None, 0, 1):
            raise InputError(f"first_node must be 0 or 1, not {self.first_node!r}")


_KINDS: dict[str, type[StrEnum]] = {
    "weights": Weights,
    "unweighted": Unweighted,
    "missing": Missing,
    "directed": Directed,
    "loops": Loops,
    "parallel": Parallel,
    "isolated": Isolated,
}
