"""Feed mutated files to one reader: ``python tests/fuzz/readers.py FORMAT [options of libFuzzer]``.

Only the package's own errors may escape, and a graph that is read must be written and read back.
The seeds are files of small graphs and those of ``tests/io/wellformed`` and ``malformed``; what a
run finds new stays in ``build/fuzz/FORMAT``, where the next one goes on. FORMAT may also be a file
that is given beside a graph: see ``beside.py``.
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
from functools import cache
from pathlib import Path
from types import ModuleType

import atheris

with atheris.instrument_imports(include=["geocolor.io"]):
    from beside import BESIDE, Beside

    from geocolor.errors import FormatError, InputError
    from geocolor.graph import ConflictGraph
    from geocolor.io import FORMATS, Limits, Meaning
    from geocolor.io.formats import format_of
    from geocolor.io.settle import settle
    from geocolor.io.source import Source

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"
FILES = [ROOT / "tests" / "io" / folder for folder in ("wellformed", "malformed")]
LIMITS = Limits(file_bytes=1 << 20, text_bytes=1 << 20, json_bytes=1 << 20, nodes=500, edges=5000)
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
