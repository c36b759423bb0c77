"""Feed mutated files to one reader: ``python tests/fuzz/readers.py FORMAT [options of libFuzzer]``.

Only the package's own errors may escape, and a graph that is read must be written and read back.
The seeds are files of small graphs and those of ``tests/io/wellformed`` and ``malformed``; what a
run finds new stays in ``build/fuzz/FORMAT``, where the next one goes on. FORMAT may also be a file
that is given beside a graph, or in place of one.
"""

import ast
import inspect
import io
import operator
import re
import sys
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import atheris

with atheris.instrument_imports(include=["geocolor.io"]):
    from geocolor.errors import FormatError, InputError
    from geocolor.graph import ConflictGraph
    from geocolor.io import FORMATS, Limits, Meaning
    from geocolor.io.formats import format_of
    from geocolor.io.frontier import read_frontier
    from geocolor.io.restrictions import read_fixed, read_lists, read_order
    from geocolor.io.settle import settle
    from geocolor.io.sharing_options import read_options
    from geocolor.io.sizes import read_sizes
    from geocolor.io.solution import read_solution
    from geocolor.io.source import Source

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"
FILES = [ROOT / "tests" / "io" / folder for folder in ("wellformed", "malformed")]
LIMITS = Limits(
    file_bytes=1 << 20,
    text_bytes=1 << 20,
    json_bytes=1 << 20,
    array_bytes=1 << 20,
    nodes=500,
    edges=5000,
)
LONGEST = 4096
# Where writing a file doesn't take a hundred times as long as reading it.
SHARED = Path("/dev/shm")  # noqa: S108
SECONDS = 10  # for one file; a reader that needs as long is a finding too
# Which one a file is read with, its content says.
MEANINGS = [
    Meaning(loops="drop"),
    Meaning(),
    Meaning(weights="similarity", parallel="smallest"),
    Meaning(unweighted="one", missing="forbidden", loops="drop"),
    Meaning(weights="ignore", isolated="drop", directed="refuse"),
    Meaning(first_node=0, parallel="first", isolated="drop", loops="drop"),
    Meaning(weights="cost", parallel="refuse", loops="refuse"),
]
# Words as a reader knows them; of its texts, those that are no sentences.
WORD = re.compile(rb"[!-~]{2,16}")

# What libFuzzer learns from when it is compared; and comparisons by their numbers in bytecode.
TRACED = (int, str, bytes)
OPERATORS = [getattr(operator, name) for name in ("lt", "le", "eq", "ne", "gt", "ge")]


# What files beside graphs are about.
GRAPH = ConflictGraph.from_edges(4, [(0, 1), (1, 2), (0, 3)], labels=["a", "b", "c d", "é"])


@dataclass(frozen=True)
class Beside:
    """A kind of file.

    Attributes
    ----------
    suffix : str
        Of its name.
    home : str
        Module of its reader.
    read : callable
        Reads a file, all that is said of it.
    seeds : tuple of str
        Whole ones.
    """

    suffix: str
    home: str
    read: Callable[[Path], object]
    seeds: tuple[str, ...]


def _solution(path: Path) -> object:
    return read_solution(path, LIMITS).colors_of(GRAPH)


BESIDE = {
    "options": Beside(
        ".json",
        "geocolor.io.sharing_options",
        lambda path: read_options(path, limits=LIMITS).fingerprint,
        (
            '{"format": "geocolor.options", "version": 1, "units": ["q", "k"], "options": '
            '[[[0], "dense", 0, 16], [["k"], "rank 2", -0.25, 8], [[0, 1], "tied", 5e-1, 16]]}',
        ),
    ),
    "frontier": Beside(
        ".json",
        "geocolor.io.frontier",
        lambda path: read_frontier(path, limits=LIMITS),
        (
            '{"format": "geocolor.frontier", "version": 1, "options_hash": "a1", "points": [{'
            '"budget": 12, "status": "OPTIMAL", "cost": 0.5, "parameters": 10, "lower_bound": 0.5, '
            '"gap": 0.0, "chosen": [{"option": 4}], "certificate": {"unit_prices": [1, 2], '
            '"size_price": 3, "step": 0.5, "grain": 4}}, {"budget": 1, "status": "INFEASIBLE", '
            '"chosen": null, "certificate": null}]}',
        ),
    ),
    "solution-json": Beside(
        ".json",
        "geocolor.io.solution",
        _solution,
        (
            '{"format": "geocolor.solution", "version": 1, "colors": [0, 1, 0, 1], "objective": 2,'
            '"nodes": ["a", "b", "c d", "\u00e9"], "options": {"problem": "coloring", "k": 3}}',
            '{"format": "geocolor.solution", "version": 1, "colors": null}',
        ),
    ),
    "solution-csv": Beside(
        ".csv",
        "geocolor.io.solution",
        _solution,
        ("node,color\na,0\nb,1\nc d,0\n\u00e9,1\n", 'node,color\r\n"a",3\r\n'),
    ),
    "solution-text": Beside(
        ".sol",
        "geocolor.io.solution",
        _solution,
        (
            "c graph 12\nc problem partition 3\ns col 2\nl 1 1\nl 2 2\nl 3 1\nl 4 2\n",
            "c problem capacitated-partition 2\nc capacity 9\nc sizes 1 2\nc sizes 3 4\ns col 2\n"
            "l 4 1\nl 3 1\nl 2 2\nl 1 1\n",
        ),
    ),
    "fixed": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_fixed(path, GRAPH, LIMITS),
        ("# fixed\na 0\nb 2147483647\n",),
    ),
    "lists": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_lists(path, GRAPH, LIMITS),
        ("a 0 1 2\nb 3\n\u00e9 1\n",),
    ),
    "order": Beside(
        ".txt",
        "geocolor.io.restrictions",
        lambda path: read_order(path, GRAPH, LIMITS),
        ("b\na\n# last\n\u00e9\n",),
    ),
    "sizes": Beside(
        ".txt",
        "geocolor.io.sizes",
        lambda path: read_sizes(path, GRAPH, LIMITS),
        ("a 1\nb 20\n\u00e9 3\n",),
    ),
}


@cache
def spare_arrays() -> None:
    """Let atheris compare no arrays: of those that result it never lets go, 8 KB for each file.

    Only once it runs, since it sets its own function when it begins.
    """
    traced = atheris._trace_cmp

    def compare(left: object, right: object, number: int, at: int, constant: bool) -> object:
        if type(left) in TRACED and type(right) in TRACED:
            return traced(left, right, number, at, constant)
        return OPERATORS[number](left, right)

    atheris._trace_cmp = compare


def seeds(name: str) -> list[bytes]:
    """Give files of a format, whole and broken."""
    pairs, every = [(0, 1), (1, 2), (0, 3)], [(0, 1), (0, 2), (1, 2)]
    graphs = [
        ConflictGraph.from_edges(4, pairs),
        ConflictGraph.from_edges(4, pairs, [1.0, 2.0, 5.0], labels=["a", "b", "c", "d"]),
        ConflictGraph.from_edges(
            4, pairs, [0.5, -1e9, 3.0], conflicts=[(1, 3)], sizes=[1, 2, 3, 4]
        ),
        ConflictGraph.from_edges(3, every, [-1.0, 1.0, 1.0]),
    ]
    found = []
    for graph in graphs:
        try:
            found.append(b"".join(FORMATS[name].text(graph)))
        except InputError:
            continue
    packed = tuple(s + c for s in FORMATS[name].suffixes for c in ("", ".gz", ".xz", ".zst"))
    given = [
        path.read_bytes()
        for folder in FILES
        for path in sorted(folder.iterdir())
        if path.name.endswith(packed)
    ]
    return found + [data for data in given if len(data) < LONGEST]


def dictionary(reader: ModuleType) -> str:
    """Give the words that a reader compares with, as libFuzzer takes them."""
    tree = ast.parse(inspect.getsource(reader))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = {text.encode() if isinstance(text, str) else text for text in texts if text}
    words = {word for word in words if isinstance(word, bytes) and WORD.fullmatch(word)}
    words |= {b"nan", b"inf", b"1e999", b"-0.5", b"99999999999", b"\xef\xbb\xbf", b"\r\n"}
    return "".join(
        '"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word)) for word in sorted(words)
    )


def read(name: str, data: bytes, meaning: Meaning) -> ConflictGraph:
    """Read what a file would hold."""
    source = Source(Path("graph"), io.BytesIO(data), LIMITS)
    return settle(FORMATS[name].read(source, meaning), meaning, LIMITS, source.name)[0]


def graphs_of(name: str) -> Callable[[bytes], None]:
    """Give what reads a graph, writes it and reads that."""

    def once(data: bytes) -> None:
        with suppress(FormatError):
            format_of("graph", Source(Path("graph"), io.BytesIO(data), LIMITS))
        try:
            graph = read(name, data, MEANINGS[zlib.crc32(data) % len(MEANINGS)])
            text = b"".join(FORMATS[name].text(graph))
        except InputError:  # the base of all errors that a file may give
            return
        if read(name, text, Meaning()).fingerprint != graph.fingerprint:
            raise AssertionError("what was written is read otherwise")

    return once


def files_of(kind: Beside, path: Path) -> Callable[[bytes], None]:
    """Give what reads a file beside a graph, from `path`."""

    def once(data: bytes) -> None:
        path.write_bytes(data)
        with suppress(InputError):
            kind.read(path)

    return once


def main() -> None:
    """Fuzz the reader that the command line names; without a name, list them."""
    if len(sys.argv) < 2:
        sys.stdout.write(" ".join((*FORMATS, *BESIDE)) + "\n")
        return
    name = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    corpus, words = BUILD / name, BUILD / f"{name}.dict"
    corpus.mkdir(parents=True, exist_ok=True)
    if name in BESIDE:
        kind = BESIDE[name]
        given, home = [seed.encode() for seed in kind.seeds], kind.home
        read_once = files_of(kind, (SHARED if SHARED.is_dir() else BUILD) / f"{name}{kind.suffix}")
    else:
        given, home = seeds(name), FORMATS[name].read.__module__
        read_once = graphs_of(name)
    words.write_text(dictionary(sys.modules[home]))
    for at, data in enumerate(given):
        (corpus / f"seed{at}").write_bytes(data)

    def once(data: bytes) -> None:
        spare_arrays()
        read_once(data)

    options = [f"-max_len={LONGEST}", f"-timeout={SECONDS}", f"-dict={words}"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
