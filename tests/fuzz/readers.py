"""Feed mutated files to one reader: ``python tests/fuzz/readers.py FORMAT [options of libFuzzer]``.

Only the package's own errors may escape, and what is read must be written and read back. The seeds
are files of small graphs and the broken ones of ``tests/io/malformed``.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["geocolor.io"]):
    from geocolor.errors import InputError
    from geocolor.graph import ConflictGraph
    from geocolor.io import FORMATS, Limits, Meaning, read

MALFORMED = Path(__file__).parents[1] / "io" / "malformed"
LIMITS = Limits(file_bytes=1 << 20, text_bytes=1 << 20, json_bytes=1 << 20, nodes=500, edges=5000)
LONGEST = 4096


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
    suffixes = FORMATS[name].suffixes
    broken = [path.read_bytes() for path in MALFORMED.iterdir() if path.name.endswith(suffixes)]
    return found + [data for data in broken if len(data) < LONGEST]


def main() -> None:
    """Fuzz the reader of the format that the command line names."""
    name = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:  # noqa: S108
        folder = Path(made)
        path, corpus = folder / "graph", folder / "corpus"
        corpus.mkdir()
        for at, data in enumerate(seeds(name)):
            (corpus / str(at)).write_bytes(data)

        def once(data: bytes) -> None:
            path.write_bytes(data)
            try:
                graph = read(path, Meaning(loops="drop"), format=name, limits=LIMITS)
                text = b"".join(FORMATS[name].text(graph))
            except InputError:  # the base of all errors that a file may give
                return
            path.write_bytes(text)
            again = read(path, format=name)
            if again.fingerprint != graph.fingerprint:
                raise AssertionError("what was written is read otherwise")

        atheris.Setup([sys.argv[0], f"-max_len={LONGEST}", *sys.argv[1:], str(corpus)], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
