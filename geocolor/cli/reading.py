"""The options of commands that read a graph: its format, what the file leaves open, limits."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from geocolor.cli.options import MaxBytesOption, MaxEdgesOption, MaxNodesOption, limits_of
from geocolor.io.meaning import (
    Directed,
    Isolated,
    Loops,
    Meaning,
    Missing,
    Parallel,
    Unweighted,
    Weights,
)

if TYPE_CHECKING:
    from geocolor.io import Limits, Reading

__all__ = ["Reader", "reads_a_graph"]

_OPTIONS: dict[str, Any] = {
    "format": Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="Format of FILE; default by suffix or content."
        ),
    ],
    "weights": Annotated[
        Weights | None,
        typer.Option("--weights", help="What a weight is; default by the format, mostly a cost."),
    ],
    "unweighted": Annotated[
        Unweighted, typer.Option("--unweighted", help="What an edge without a weight is.")
    ],
    "missing": Annotated[
        Missing, typer.Option("--missing", help="What a pair is that the file does not list.")
    ],
    "directed": Annotated[Directed, typer.Option("--directed", help="What becomes of arcs.")],
    "loops": Annotated[
        Loops, typer.Option("--loops", help="What becomes of an edge from a node to itself.")
    ],
    "parallel": Annotated[
        Parallel, typer.Option("--parallel", help="The weight of a pair that is listed again.")
    ],
    "isolated": Annotated[
        Isolated, typer.Option("--isolated", help="What becomes of nodes without an edge.")
    ],
    "first_node": Annotated[
        int | None,
        typer.Option(
            "--first-node", metavar="0|1", help="First number where a format numbers nodes."
        ),
    ],
    "max_nodes": MaxNodesOption,
    "max_edges": MaxEdgesOption,
    "max_bytes": MaxBytesOption,
}


@dataclass(frozen=True)
class Reader:
    """How a command was asked to read its graph."""

    format: str | None
    meaning: Meaning
    limits: Limits

    def read(self, file: Path) -> Reading:
        """Read a graph closely."""
        from geocolor.io import read_closely

        return read_closely(file, self.meaning, format=self.format, limits=self.limits)


def reads_a_graph(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how its graph is read.

    Parameters
    ----------
    command : callable
        Takes ``reader``, a :class:`Reader`, by keyword.
    """
    hints = get_type_hints(command, include_extras=True)
    meant = {field.name: field.default for field in fields(Meaning)}
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        parameter.replace(annotation=hints[name], kind=keyword)
        for name, parameter in inspect.signature(command).parameters.items()
        if name != "reader"
    ]
    parameters += [
        inspect.Parameter(name, keyword, default=meant.get(name), annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        asked = {name: arguments.pop(name) for name in _OPTIONS}
        limits = limits_of(asked["max_nodes"], asked["max_edges"], asked["max_bytes"])
        meaning = Meaning(**{name: asked[name] for name in meant})
        command(reader=Reader(asked["format"], meaning, limits), **arguments)

    # What the command line is made of.
    wrapped.__dict__["__signature__"] = inspect.Signature(parameters)
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped
