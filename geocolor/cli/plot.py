"""``geocolor plot``: the picture of a saved graph, coloring, model or frontier."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.console import say
from geocolor.cli.reading import Reader, reads_a_graph
from geocolor.errors import FormatError, InputError

if TYPE_CHECKING:
    from geocolor.io import Limits
    from geocolor.io.frontier import SavedFrontier
from geocolor.wording import counted

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor plot queen8_8.col --coloring queen8_8.sol -o queen.png
  geocolor plot layers.json --coloring classes.json --kind network -o layers.svg
  geocolor plot ./smaller -o map.png
  geocolor plot ./smaller --kind ranks -o ranks.pdf
  geocolor frontier options.json -o frontier.json; geocolor plot frontier.json -o frontier.png
"""


class Picture(StrEnum):
    """Kinds of pictures, by their names on the command line."""

    MATRIX = "matrix"
    NETWORK = "network"
    MAP = "map"
    RANKS = "ranks"
    PREDICTION = "prediction"
    FRONTIER = "frontier"


_OF_GRAPHS = (Picture.NETWORK, Picture.MATRIX)
_OF_MODELS = (Picture.MAP, Picture.RANKS, Picture.PREDICTION)


@reads_a_graph
def command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A graph of any format, a folder of geocolor compress, or what geocolor frontier "
            "wrote as .json; - for a pipe.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="A picture: .png, .svg or .pdf.")
    ],
    kind: Annotated[
        Picture | None,
        typer.Option(
            "--kind",
            help="Of a graph: matrix (default with weights) or network (default without); of a "
            "model: map (default), ranks or prediction.",
        ),
    ] = None,
    coloring: Annotated[
        Path | None,
        typer.Option(
            "--coloring",
            metavar="SOLUTION",
            help="Classes of a graph's nodes: .json, .csv, .sol or .txt.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="What stands above it.")
    ] = None,
    *,
    reader: Reader,
) -> None:
    """Draw what is in a file or a folder.

    A graph as a matrix of all pairs ordered by class, or as a network with classes as colors; of a
    compressed model which layers share, which rank each needs and has, or what its predicted losses
    are worth; a frontier of size against cost.
    """
    from geocolor.plotting.canvas import require_picture

    require_picture(output)
    if source.is_dir():
        _require(kind, _OF_MODELS, coloring, "a compressed model")
        _draw_model(source, kind or Picture.MAP, output, title)
    elif (found := _other_json(source, reader.limits)) is not None:
        _require(kind, (Picture.FRONTIER,), coloring, "a frontier")
        _draw_frontier(found, output, title or _called(source))
    else:
        _require(kind, _OF_GRAPHS, None, "a graph")
        _draw_graph(source, kind, coloring, reader, output, title)
    say(f"written {output}")


def _require(
    kind: Picture | None, known: tuple[Picture, ...], coloring: Path | None, what: str
) -> None:
    if kind is not None and kind not in known:
        raise InputError(f"{what} has no picture {kind}; it has {', '.join(known)}")
    if coloring is not None:
        raise InputError(f"--coloring is for graphs, not for {what}")


def _other_json(source: Path, limits: Limits) -> SavedFrontier | None:
    """Read a frontier; nothing if the file is no JSON of geocolor, or a graph.

    Raises
    ------
    FormatError
        It is JSON of another kind that has no picture.
    """
    from geocolor.io.frontier import read_frontier
    from geocolor.io.json_text import declared_format
    from geocolor.io.native import GRAPH_FORMAT

    told = declared_format(source, limits)
    if told in (None, GRAPH_FORMAT):
        return None
    hints = {
        "geocolor.options": f"give geocolor frontier {source} -o OUT.png instead",
        "geocolor.solution": f"give the graph, and --coloring {source}",
    }
    if told in hints:
        raise FormatError(
            f"its format {told} has no picture of its own: {hints[told]}", str(source)
        )
    return read_frontier(source, limits=limits)


def _draw_graph(
    source: Path,
    kind: Picture | None,
    coloring: Path | None,
    reader: Reader,
    output: Path,
    title: str | None,
) -> None:
    from geocolor.io import read_solution
    from geocolor.plotting.matrix import draw_matrix
    from geocolor.plotting.network import draw_network

    graph = reader.read(source).graph
    colors = None
    words = [
        f"{_called(source)}: {counted(graph.num_nodes, 'node')}",
        counted(graph.conflicts.num_edges, "hard conflict"),
    ]
    if coloring is not None:
        colors = read_solution(coloring, reader.limits).colors_of(graph)
        if colors is None:
            raise InputError(f"{coloring} holds no coloring")
        words.append(counted(len(set(colors.tolist())), "class"))
    network = (kind or (Picture.MATRIX if graph.is_weighted else Picture.NETWORK)) == "network"
    draw = draw_network if network else draw_matrix
    draw(graph, colors, output, title or ", ".join(words))


def _called(source: Path) -> str:
    from geocolor.io.source import STREAM

    return "standard input" if str(source) == STREAM else source.name


def _draw_frontier(found: SavedFrontier, output: Path, title: str) -> None:
    from geocolor.plotting.frontier import FrontierPoint, draw_frontier

    shown = [
        FrontierPoint(point.parameters, point.cost, point.lower_bound, point.gap == 0)
        for point in found.points
        if point.parameters is not None and point.cost is not None
    ]
    none = [point.budget for point in found.points if point.status == "INFEASIBLE"]
    draw_frontier(shown, output, title, infeasible=none)


def _draw_model(folder: Path, kind: Picture, output: Path, title: str | None) -> None:
    from geocolor.compression.record import read_record

    record = read_record(folder)
    above = title or f"{folder.resolve().name}: {record.headline}"
    if kind is Picture.MAP:
        from geocolor.plotting.sharing_map import draw_sharing_map

        draw_sharing_map(record.plan, record.units, output, above)
    elif kind is Picture.RANKS:
        from geocolor.plotting.ranks import draw_ranks

        draw_ranks(record.plan, record.units, record.needed, output, above)
    else:
        from geocolor.compression.report import UNFITTED
        from geocolor.plotting.prediction import draw_prediction

        report = record.report
        if report.unfitted:
            raise InputError(f"{folder}: {UNFITTED}")
        if report.fit is None:
            raise InputError(
                f"{folder} was compressed without random plans: give compress --random-plans 8"
            )
        chosen = (report.predicted_increase, report.measured_increase)
        draw_prediction(report.fit, output, above, chosen=chosen)
