"""``geocolor generate``: write graphs of known families and random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph

__all__ = ["app"]

app = typer.Typer(
    help="Write a graph of a known family, or a random one.",
    epilog="""\b
Examples:
  geocolor generate queen 8 8 -o queen8_8.col
  geocolor generate mycielski 5 -o myciel5.col
  geocolor generate gnp 250 0.5 --seed 1 -o gnp250.col.gz
  geocolor generate layers 24 --seed 1 -o layers24.json
""",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Graph to write, by its suffix.")
]
_Seed = Annotated[
    int, typer.Option("--seed", metavar="S", help="The same seed, the same graph, everywhere.")
]


def _example(line: str) -> str:
    return f"\b\nExample:\n  geocolor generate {line}"


@app.command("queen", epilog=_example("queen 8 8 -o queen8_8.col"))
def queen(
    rows: Annotated[int, typer.Argument(help="Rows of the board.")],
    columns: Annotated[int, typer.Argument(help="Columns of the board.")],
    output: _Output,
) -> None:
    """Squares of a board, in conflict if a queen moves between them."""
    from geocolor.graph import generators

    _save(lambda: generators.queen(rows, columns), output)


@app.command("mycielski", epilog=_example("mycielski 5 -o myciel5.col"))
def mycielski(
    k: Annotated[int, typer.Argument(help="1 an edge, 2 the pentagon, 3 the Grötzsch graph.")],
    output: _Output,
) -> None:
    """No triangle, yet K + 1 colors: DIMACS mycielK."""
    from geocolor.graph import generators

    _save(lambda: generators.mycielski(k), output)


@app.command("gnp", epilog=_example("gnp 250 0.5 --seed 1 -o gnp250.col.gz"))
def gnp(
    n: Annotated[int, typer.Argument(help="Nodes.")],
    p: Annotated[float, typer.Argument(help="Probability of each conflict, 0 to 1.")],
    output: _Output,
    seed: _Seed = 0,
) -> None:
    """Each pair in conflict with probability P."""
    from geocolor.graph import generators

    _save(lambda: generators.gnp(n, p, seed), output)


@app.command("layers", epilog=_example("layers 24 --seed 1 --clusters 6 -o layers24.json"))
def layers(
    depth: Annotated[int, typer.Argument(help="Layers.")],
    output: _Output,
    seed: _Seed = 0,
    clusters: Annotated[int, typer.Option(help="Centers the layers gather around.")] = 4,
    spread: Annotated[float, typer.Option(help="Size of a cluster.")] = 0.35,
    conflict_share: Annotated[float, typer.Option(help="Share of pairs in hard conflict.")] = 0.15,
) -> None:
    """Layers of an imaginary model: clustered costs of sharing, some hard conflicts."""
    from geocolor.graph import generators

    _save(
        lambda: generators.layers(
            depth, seed, clusters=clusters, spread=spread, conflict_share=conflict_share
        ),
        output,
    )


def _save(make: Callable[[], ConflictGraph], output: Path) -> None:
    from geocolor.io import require_graph_name, write
    from geocolor.io.atomic import require_writable

    require_graph_name(output)
    require_writable(output)
    graph = make()
    write(graph, output)
    typer.echo(
        f"{output}: {graph.num_nodes} nodes, {graph.conflicts.num_edges} conflicts, "
        f"{graph.weights.num_edges} weights"
    )
