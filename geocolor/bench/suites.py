"""The instances of a campaign: suites by name, folders, globs and files, selected by tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

import numpy as np

from geocolor.bench.catalogue import MANIFEST, BestKnown, Catalogue, Entry, Question, stem
from geocolor.bench.journal import JOURNAL_FILE
from geocolor.bench.trial import Instance
from geocolor.errors import InputError
from geocolor.graph import ConflictGraph
from geocolor.io import SUFFIXES, Limits, read, require_graph_name
from geocolor.io.json_text import declared_format
from geocolor.io.native import GRAPH_FORMAT
from geocolor.problem import problem_for
from geocolor.wording import choice_among

__all__ = ["SUITES", "collect", "own_instances"]

# Tags of geocolor's own instances that name a suite.
SUITES = ("small", "coloring", "families", "partition", "layers")
_PACKAGE = Path(__file__).parents[1]
_PROVEN = "proven"

# Beside graphs these are tables of something else, best known values say; by name they are taken.
_TABLES = (".csv", ".tsv")


def own_instances() -> Path:
    """Folder of geocolor's own instances, in the installed package or in a checkout.

    Raises
    ------
    InputError
        They are in neither.
    """
    for folder in (_PACKAGE / "instances", _PACKAGE.parent / "instances"):
        if (folder / MANIFEST).is_file():
            return folder
    raise InputError("this installation has no instances of its own; name a folder or a file")


def collect(
    sources: Sequence[str],
    *,
    tags: Sequence[str] = (),
    exclude_tags: Sequence[str] = (),
    kind: str | None = None,
    k: int | None = None,
    best_known: Path | None = None,
) -> tuple[Instance, ...]:
    """Find the instances that a user names.

    A file that a ``manifest.json`` beside it lists is taken from there, after a look at its hash;
    it may stand for several problems. Any other is read, and asked what it looks like: see
    :func:`geocolor.problem.problem_for`. Best values come from `best_known`, else from the
    manifest, else from a ``best_known.csv`` or ``optima.csv`` in the file's folder or one up.

    Every instance has its manifest's tags, its problem kind, and ``proven`` if its best value is.

    Parameters
    ----------
    sources : sequence of str
        Each a suite (``small``, ``coloring``, ``families``, ``partition``, ``layers``), a file, a
        folder, which is searched with its subfolders, or a glob. Folders and globs leave out hidden
        files and files of unknown suffix.
    tags : sequence of str
        Only instances that have all of these.
    exclude_tags : sequence of str
        Only instances that have none of these.
    kind : str, optional
        Ask this problem of every graph: coloring, equitable, partition or correlation.
    k : int, optional
        Ask for this many classes of every graph; without `kind` a partition of weighted ones, a
        coloring of others.
    best_known : Path, optional
        CSV table: see :mod:`geocolor.bench.catalogue`.

    Returns
    -------
    tuple of Instance
        In the order of the sources, a folder's by name; the same problem on the same graph once.

    Raises
    ------
    InputError
        A source is nothing of the kind, a file cannot be read, or nothing is left.

    Examples
    --------
    >>> [instance.name for instance in collect(["layers"], tags=["small", "group-partition"])]
    ['layers12-k3-normalized', 'layers16-k4-normalized']
    """
    if not sources:
        raise InputError(f"say what to run on: files, folders or a suite, {', '.join(SUITES)}")
    catalogue = Catalogue(None if best_known is None else BestKnown.read(best_known))
    found: dict[tuple[str, Question], Instance] = {}
    for source in sources:
        for path, suite in _files(source, catalogue):
            for instance in _instances(path, kind, k, catalogue):
                if suite is not None and suite not in instance.tags:
                    continue
                key = (instance.fingerprint, (instance.kind, instance.k))
                found.setdefault(key, instance)
    if not found:
        suffixes = ", ".join(SUFFIXES)
        raise InputError(f"no graph files ({suffixes}, also compressed) in {', '.join(sources)}")
    chosen = [
        instance
        for instance in found.values()
        if set(tags) <= set(instance.tags) and not set(exclude_tags) & set(instance.tags)
    ]
    if not chosen:
        present = sorted({tag for instance in found.values() for tag in instance.tags})
        raise InputError(
            f"the tags leave none of {len(found)} instances; they have {', '.join(present)}"
        )
    return _named_apart(chosen)


def _files(source: str, catalogue: Catalogue) -> Iterator[tuple[Path, str | None]]:
    """Graph files of a source, each with the suite it must be of."""
    if source in SUITES:
        own = own_instances()
        for folder in (own, *sorted(path for path in own.iterdir() if path.is_dir())):
            for name in catalogue.manifest(folder) or ():
                yield folder / name, source
        return
    path = Path(source).absolute()
    if path.is_dir():
        listed = {path / name for name in catalogue.manifest(path) or ()}
        results = {file.parent for file in path.rglob(JOURNAL_FILE)} - {path}
        for file in sorted({*path.rglob("*"), *listed}):
            if results.intersection(file.parents):
                continue  # what a benchmark left in its results folder is no instance
            if file in listed:  # there or not
                yield file, None
            elif not any(part.startswith(".") for part in file.relative_to(path).parts):
                yield from _if_graph(file)
    elif path.exists():
        require_graph_name(path)
        yield path, None
    elif has_magic(source):
        for name in sorted(glob(source, recursive=True)):  # noqa: PTH207  may be absolute
            yield from _if_graph(Path(name).absolute())
    else:
        raise InputError(f"no suite, folder or file {source!r}; {choice_among(source, SUITES)}")


def _if_graph(path: Path) -> Iterator[tuple[Path, None]]:
    if not path.is_file() or path.suffix.lower() in _TABLES:
        return
    try:
        require_graph_name(path)
    except InputError:
        return
    # Damaged files are not left out: reading them says what is wrong.
    with suppress(InputError):
        if declared_format(path, Limits()) not in (None, GRAPH_FORMAT):
            return  # a manifest, a solution, options
    yield path, None


def _instances(
    path: Path, kind: str | None, k: int | None, catalogue: Catalogue
) -> Iterator[Instance]:
    entry = catalogue.entry(path)
    if entry is None:
        graph = read(path)
        entry = _measured(path, graph)
        questions = [_question(path, graph, kind, k)]
    else:
        questions = _of_entry(path, entry, kind, k)
    for question in questions:
        known = catalogue.known(path, question, entry)
        proven = (_PROVEN,) if known is not None and known.proven else ()
        yield Instance(
            name=_name(path, question),
            path=str(path),
            fingerprint=entry.fingerprint,
            kind=question[0],
            k=question[1],
            nodes=entry.nodes,
            conflicts=entry.conflicts,
            weights=entry.weights,
            tags=(*entry.tags, question[0], *proven),
            known=known,
            heaviest=0.0 if question[0] in ("coloring", "equitable") else entry.heaviest,
        )


def _name(path: Path, question: Question) -> str:
    kind, k = question
    name = stem(path) if k is None else f"{stem(path)}-k{k}"
    return f"{name}-normalized" if kind == "group-partition" else name


def _measured(path: Path, graph: ConflictGraph) -> Entry:
    return Entry(
        file=path.name,
        nodes=graph.num_nodes,
        conflicts=graph.conflicts.num_edges,
        weights=graph.weights.num_edges,
        fingerprint=graph.fingerprint,
        sha256="",
        tags=(),
        known={},
        heaviest=float(np.abs(graph.weights.edge_values()).max(initial=0.0)),
    )


def _of_entry(path: Path, entry: Entry, kind: str | None, k: int | None) -> list[Question]:
    """Questions of a manifest's entry: those it is there for, or what is asked of all."""
    fitting = [
        question
        for question in entry.known
        if kind in (None, question[0]) and k in (None, question[1])
    ]
    return fitting or [_asked(path, kind, k, weighted=entry.weights > 0)]


def _question(path: Path, graph: ConflictGraph, kind: str | None, k: int | None) -> Question:
    if kind is not None or k is not None:
        return _asked(path, kind, k, weighted=graph.is_weighted)
    try:
        return problem_for(graph).kind, None
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _asked(path: Path, kind: str | None, k: int | None, *, weighted: bool) -> Question:
    kind = kind or ("partition" if weighted else "coloring")
    if kind in ("partition", "group-partition") and k is None:
        raise InputError(f"{path}: a partition needs the number of classes")
    if kind == "correlation" and k is not None:
        raise InputError("correlation clustering chooses the number of classes itself")
    return kind, k


def _named_apart(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """Make names unique: by suffix and kind within a folder, by folders in front beyond it."""
    paths = [Path(instance.path) for instance in instances]
    names = [instance.name for instance in instances]
    within = Counter(zip((path.parent for path in paths), names, strict=True))
    for at, (path, instance) in enumerate(zip(paths, instances, strict=True)):
        if within[path.parent, instance.name] > 1:
            classes = "" if instance.k is None else f"-k{instance.k}"
            names[at] = f"{path.name}-{instance.kind}{classes}"
    for depth in range(max(len(path.parents) for path in paths)):
        count = Counter(names)
        for at, path in enumerate(paths):
            if count[names[at]] > 1 and depth < len(path.parts) - 1:
                names[at] = f"{path.parts[-2 - depth]}/{names[at]}"
    return tuple(replace(one, name=name) for one, name in zip(instances, names, strict=True))
