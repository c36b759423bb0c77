"""``geocolor generate``: write graphs of known families and random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.console import say

if TYPE_CHECKING:
    from geocolor.graph import ConflictGraph
from geocolor.wording import counted

__all__ = ["app"]

app = typer.Typer(
    help="Write a graph of a known family, or a random one.",
    epilog="""\b
Examples:
  geocolor generate queen 8 8 -o queen8_8.col
  geocolor generate mycielski 5 -o myciel5.col
  geocolor generate gnp 250 0.5 --seed 1 -o gnp250.col.gz
  geocolor generate flat 300 28 0.5 --seed 1 -o flat300_28.col.gz
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


@app.command("rook", epilog=_example("rook 30 30 -o qg.order30.col.gz"))
def rook(
    rows: Annotated[int, typer.Argument(help="Rows of the board.")],
    columns: Annotated[int, typer.Argument(help="Columns of the board.")],
    output: _Output,
) -> None:
    """Squares of a board, in conflict in one row or column: DIMACS qg.orderN."""
    from geocolor.graph import generators

    _save(lambda: generators.rook(rows, columns), output)


@app.command("latin-square", epilog=_example("latin-square 9 -o latin9.col"))
def latin_square(
    n: Annotated[int, typer.Argument(help="Order of the square.")],
    output: _Output,
) -> None:
    """Cells of the cyclic Latin square, in conflict in one row, column or symbol."""
    from geocolor.graph import generators

    _save(lambda: generators.latin_square(n), output)


@app.command("mycielski", epilog=_example("mycielski 5 -o myciel5.col"))
def mycielski(
    k: Annotated[int, typer.Argument(help="1 an edge, 2 the pentagon, 3 the Grötzsch graph.")],
    output: _Output,
) -> None:
    """No triangle, yet K + 1 colors: DIMACS mycielK."""
    from geocolor.graph import generators

    _save(lambda: generators.mycielski(k), output)


@app.command("insertions", epilog=_example("insertions 2 3 -o 2-Insertions_3.col"))
def insertions(
    k: Annotated[int, typer.Argument(help="Insertions: longer odd cycles.")],
    m: Annotated[int, typer.Argument(help="1 an edge, 2 an odd cycle.")],
    output: _Output,
) -> None:
    """Generalized Mycielski graph, M + 1 colors: DIMACS K-Insertions_M."""
    from geocolor.graph import generators

    _save(lambda: generators.insertions(k, m), output)


@app.command("full-insertions", epilog=_example("full-insertions 1 4 -o 1-FullIns_4.col"))
def full_insertions(
    k: Annotated[int, typer.Argument(help="Insertions, each level with its apex.")],
    m: Annotated[int, typer.Argument(help="1 is an edge.")],
    output: _Output,
) -> None:
    """Generalized Mycielski graph, K + M colors from M = 2 on: DIMACS K-FullIns_M."""
    from geocolor.graph import generators

    _save(lambda: generators.full_insertions(k, m), output)


@app.command("kneser", epilog=_example("kneser 9 4 -o kneser9_4.col"))
def kneser(
    n: Annotated[int, typer.Argument(help="Elements, up to 63.")],
    k: Annotated[int, typer.Argument(help="Elements of a subset.")],
    output: _Output,
) -> None:
    """Subsets of K out of N elements, in conflict if disjoint: N - 2K + 2 colors."""
    from geocolor.graph import generators

    _save(lambda: generators.kneser(n, k), output)


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


@app.command(
    "geometric", epilog=_example("geometric 500 0.1 --complement --seed 1 -o far500.col.gz")
)
def geometric(
    n: Annotated[int, typer.Argument(help="Points of the unit square.")],
    radius: Annotated[float, typer.Argument(help="Closer points are in conflict.")],
    output: _Output,
    seed: _Seed = 0,
    complement: Annotated[
        bool, typer.Option("--complement", help="All other pairs are in conflict instead.")
    ] = False,
) -> None:
    """Points in conflict if they are close, or far: DIMACS DSJR and R."""
    from geocolor.graph import generators

    _save(lambda: generators.geometric(n, radius, seed, complement=complement), output)


@app.command("intervals", epilog=_example("intervals 400 0.1 --seed 1 -o intervals400.col"))
def intervals(
    n: Annotated[int, typer.Argument(help="Ranges.")],
    length: Annotated[float, typer.Argument(help="Their mean length in a program of length 1.")],
    output: _Output,
    seed: _Seed = 0,
) -> None:
    """Live ranges in conflict if they overlap: like register interference."""
    from geocolor.graph import generators

    _save(lambda: generators.intervals(n, length, seed), output)


@app.command("flat", epilog=_example("flat 300 28 0.5 --seed 1 -o flat300_28.col.gz"))
def flat(
    n: Annotated[int, typer.Argument(help="Nodes.")],
    k: Annotated[int, typer.Argument(help="Hidden classes.")],
    p: Annotated[float, typer.Argument(help="Share of conflicts between classes, 0 to 1.")],
    output: _Output,
    seed: _Seed = 0,
) -> None:
    """K hidden classes, conflicts spread evenly over them: DIMACS flatN_K."""
    from geocolor.graph import generators

    _save(lambda: generators.flat(n, k, p, seed), output)


@app.command("leighton", epilog=_example("leighton 450 15 400 --seed 1 -o le450_15.col.gz"))
def leighton(
    n: Annotated[int, typer.Argument(help="Nodes.")],
    k: Annotated[int, typer.Argument(help="Hidden classes, and nodes of the largest clique.")],
    num_cliques: Annotated[int, typer.Argument(help="Cliques of 2 to K nodes.")],
    output: _Output,
    seed: _Seed = 0,
) -> None:
    """Random cliques over K hidden classes, K colors: DIMACS leN_K."""
    from geocolor.graph import generators

    _save(lambda: generators.leighton(n, k, num_cliques, seed), output)


@app.command("timetable", epilog=_example("timetable 400 600 14 7 --seed 1 -o timetable400.col.gz"))
def timetable(
    exams: Annotated[int, typer.Argument(help="Nodes.")],
    students: Annotated[int, typer.Argument(help="Cliques.")],
    periods: Annotated[int, typer.Argument(help="Periods of the hidden timetable.")],
    load: Annotated[int, typer.Argument(help="Exams of each student.")],
    output: _Output,
    seed: _Seed = 0,
) -> None:
    """Exams in conflict if a student sits both, and a hidden timetable."""
    from geocolor.graph import generators

    _save(lambda: generators.timetable(exams, students, periods, load, seed), output)


@app.command("layers", epilog=_example("layers 24 --seed 1 --clusters 6 -o layers24.json"))
def layers(
    depth: Annotated[int, typer.Argument(help="Layers.")],
    output: _Output,
    seed: _Seed = 0,
    clusters: Annotated[int, typer.Option(help="Centers the layers gather around.")] = 4,
    spread: Annotated[float, typer.Option(help="Size of a cluster.")] = 0.35,
    conflict_share: Annotated[float, typer.Option(help="Share of pairs in hard conflict.")] = 0.15,
    gain: Annotated[float, typer.Option(help="What sharing saves a pair, off its cost.")] = 0.0,
) -> None:
    """Layers of an imaginary model: clustered costs of sharing, some hard conflicts."""
    from geocolor.graph import generators

    _save(
        lambda: generators.layers(
            depth,
            seed,
            clusters=clusters,
            spread=spread,
            conflict_share=conflict_share,
            gain=gain,
        ),
        output,
    )


@app.command("heads", epilog=_example("heads 1200 --seed 1 -o heads1200.json.gz"))
def heads(
    n: Annotated[int, typer.Argument(help="Heads, 15 a layer: 9 queries, 3 keys, 3 values.")],
    output: _Output,
    seed: _Seed = 0,
    reach: Annotated[int, typer.Option(help="Layers that two heads may be apart.")] = 2,
) -> None:
    """Attention heads of an imaginary model: gains and losses of sharing, as in SmolLM2."""
    from geocolor.graph import generators

    _save(lambda: generators.heads(n, seed, reach=reach), output)


def _save(make: Callable[[], ConflictGraph], output: Path) -> None:
    from geocolor.io import require_graph_name, write
    from geocolor.io.atomic import require_writable

    require_graph_name(output)
    require_writable(output)
    graph = make()
    write(graph, output)
    say(
        f"{output}: {counted(graph.num_nodes, 'node')}, "
        f"{counted(graph.conflicts.num_edges, 'conflict')}, "
        f"{counted(graph.weights.num_edges, 'weight')}"
    )
