"""What is known of instance files: from a manifest beside them, from tables of best values.

A folder of instances may hold ``manifest.json``, as geocolor's own does: sizes, hashes, tags and
best values of its files. Other folders often have a table of best values as CSV. Three forms are
read, told apart by their header:

- ``instance,best_known_colors,proven_optimal``: colorings; proven is yes or no;
- ``instance,...,proven_optimum``: clique partitioning as CP-Lib has it, which maximises the weight
  inside clusters, where :class:`geocolor.problem.CorrelationClusteringProblem` minimises it: with
  the weights negated in the file, the best value is negated here;
- ``instance,kind,k,value,proven``: any problem; k may be empty. In a ``group-partition`` a class
  costs its pair sum normalised by its size.

An instance is a file's name, or its path from the table's folder, with or without its suffix. It
may be there twice for one problem only with the same value.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from geocolor.bench.trial import Known
from geocolor.bench.typed import typed
from geocolor.errors import FormatError, InputError
from geocolor.io import SUFFIXES
from geocolor.io.compression import bare
from geocolor.io.tokens import decimal

__all__ = ["MANIFEST", "BestKnown", "Catalogue", "Entry", "Question", "manifest_of", "stem"]

MANIFEST = "manifest.json"
_FORMAT, _VERSION = "geocolor.instances", 1
_TABLES = ("best_known.csv", "optima.csv")
_MEASURED = ("nodes", "conflicts", "weights", "fingerprint", "sha256")
_KINDS = ("coloring", "equitable", "partition", "group-partition", "correlation")
_YES_NO = {"yes": True, "no": False}

Question = tuple[str, int | None]
"""Problem kind, and k or None."""


def stem(path: Path) -> str:
    """Name of a graph file without its suffixes."""
    name = bare(path).name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


@dataclass(frozen=True)
class Entry:
    """A file of a manifest.

    Attributes
    ----------
    file : str
        Its name in the manifest's folder.
    nodes, conflicts, weights : int
    fingerprint : str
        Of the graph.
    sha256 : str
        Of the file.
    tags : tuple of str
    known : mapping of Question to Known
        The problems it is there for, with their best values.
    heaviest : float
        Largest absolute weight; 0 if there is none, or if the manifest does not say.
    """

    file: str
    nodes: int
    conflicts: int
    weights: int
    fingerprint: str
    sha256: str
    tags: tuple[str, ...]
    known: Mapping[Question, Known]
    heaviest: float = 0.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        """Read an entry of a manifest.

        Raises
        ------
        ValueError, KeyError, TypeError
            Its file is not one of the manifest's folder, or a field is missing or of another type.
        """
        if Path(data["file"]).name != data["file"]:
            raise ValueError(f"{data['file']!r} is not the name of a file in the folder")
        known = {
            (claim["problem"], claim["colors"]): Known(
                float(claim["value"]), bool(claim["proven"]), claim["by"]
            )
            for claim in data["known"]
        }
        measured = {key: data[key] for key in _MEASURED}
        heaviest = float(data.get("heaviest", 0.0))
        return typed(
            cls(data["file"], tags=tuple(data["tags"]), known=known, heaviest=heaviest, **measured)
        )

    def require_unchanged(self, path: Path) -> None:
        """Hold the file to its hash.

        Raises
        ------
        InputError
            It is missing, or another file than the manifest describes.
        """
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(
                f"cannot read {path}, which {path.parent / MANIFEST} lists: {error.strerror}"
            ) from error
        if found != self.sha256:
            raise InputError(
                f"{path} is not the file that its {MANIFEST} describes: its sha256 is {found}"
            )


def manifest_of(folder: Path) -> Mapping[str, Entry] | None:
    """Read a folder's manifest: entries by file name, or None if there is none of ours.

    Raises
    ------
    FormatError
        It is one of ours and damaged.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            return None
    except RecursionError as error:
        raise FormatError("damaged: nested too deeply", str(path)) from error
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if data.get("version") != _VERSION:
        raise FormatError(f"version {data.get('version')} of {_FORMAT}, not {_VERSION}", str(path))
    try:
        return {entry["file"]: Entry.from_json(entry) for entry in data["instances"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"damaged: {error!r}", str(path)) from error


@dataclass(frozen=True)
class BestKnown:
    """A table of best values.

    Attributes
    ----------
    path : Path
        The CSV file.
    values : mapping
        Best values by instance and question.
    """

    path: Path
    values: Mapping[tuple[str, Question], Known]

    @classmethod
    def read(cls, path: Path) -> BestKnown:
        """Read a table in one of the forms above.

        Raises
        ------
        InputError
            The file cannot be read.
        FormatError
            It breaks its form; with the line.
        """
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return cls(path, _rows(csv.DictReader(file), path))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise FormatError(f"not a CSV table: {error}", str(path)) from error

    def find(self, file: Path, question: Question) -> Known | None:
        """Look a file's problem up, by path and by name."""
        for name in self._names(file):
            if (name, question) in self.values:
                return self.values[name, question]
        return None

    def strangers(self, files: Iterable[Path]) -> list[str]:
        """List the instances of the table that are none of some files."""
        there = {name for file in files for name in self._names(file)}
        return sorted({name for name, _ in self.values} - there)

    def _names(self, file: Path) -> tuple[str, str]:
        """Give the names that a row may call a file by, the one that says more first."""
        name = stem(file)
        try:
            place = file.parent.relative_to(self.path.absolute().parent) / name
        except ValueError:
            place = Path(name)
        return place.as_posix(), name


class Catalogue:
    """Looks up what is known of files, each manifest and table read once.

    Parameters
    ----------
    table : BestKnown, optional
        Best values that go before all others.
    """

    def __init__(self, table: BestKnown | None = None) -> None:
        self._table = table
        self.manifest = cache(manifest_of)
        self._beside = cache(_table_near)

    def entry(self, file: Path) -> Entry | None:
        """Find a file in the manifest beside it, and hold it to its hash."""
        entry = (self.manifest(file.parent) or {}).get(file.name)
        if entry is not None:
            entry.require_unchanged(file)
        return entry

    def known(self, file: Path, question: Question, entry: Entry) -> Known | None:
        """Find the best value: in the given table, the manifest, a table beside the file."""
        given = None if self._table is None else self._table.find(file, question)
        if given is not None:
            return given
        if question in entry.known:
            return entry.known[question]
        table = self._beside(file.parent)
        return None if table is None else table.find(file, question)


def _table_near(folder: Path) -> BestKnown | None:
    """Find a table of best values in a folder, or one up."""
    for place in (folder, folder.parent):
        for name in _TABLES:
            if (place / name).is_file():
                return BestKnown.read(place / name)
    return None


def _number(word: str | None) -> float:
    value = decimal(word or "")
    if not math.isfinite(value):
        raise ValueError(f"{word!r} is no number")
    return value


def _classes(word: str, kind: str) -> int | None:
    k = _number(word) if word else None
    if k is None and kind in ("partition", "group-partition"):
        raise ValueError(f"a {kind} needs k")
    if k is not None and (kind == "correlation" or k < 1 or k != int(k)):
        raise ValueError(f"{word!r} is no k of a {kind} problem")
    return None if k is None else int(k)


def _rows(reader: csv.DictReader[str], path: Path) -> dict[tuple[str, Question], Known]:
    header = set(reader.fieldnames or ())
    parse = next((parse for columns, parse in _FORMS if columns <= header), None)
    if parse is None:
        raise FormatError(
            "needs the columns instance, kind, k, value, proven (or best_known_colors and "
            "proven_optimal for colorings)",
            str(path),
            1,
        )
    found: dict[tuple[str, Question], Known] = {}
    for row in reader:
        try:
            told = parse(row)
            if told is None:
                continue
            question, value, proven = told
            file = Path(row["instance"])
            key = file.with_name(stem(file)).as_posix(), question
            known = Known(value, proven, path.name)
            if found.setdefault(key, known) != known:
                raise ValueError(f"a row before it says otherwise of {row['instance']}")
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"not a row of best values ({error})", str(path), reader.line_num
            ) from error
    return found


_Told = tuple[Question, float, bool] | None


def _coloring(row: Mapping[str, str]) -> _Told:
    return ("coloring", None), _number(row["best_known_colors"]), _YES_NO[row["proven_optimal"]]


def _clique_partitioning(row: Mapping[str, str]) -> _Told:
    optimum = row["proven_optimum"]
    return (("correlation", None), -_number(optimum), True) if optimum else None


def _any_problem(row: Mapping[str, str]) -> _Told:
    kind = row["kind"]
    if kind not in _KINDS:
        raise ValueError(f"kind {kind}")
    question = kind, _classes(row["k"], kind)
    return question, _number(row["value"]), _YES_NO[row["proven"]]


# By their columns; the first that a table has decides.
_FORMS: tuple[tuple[set[str], Callable[[Mapping[str, str]], _Told]], ...] = (
    ({"instance", "best_known_colors", "proven_optimal"}, _coloring),
    ({"instance", "proven_optimum"}, _clique_partitioning),
    ({"instance", "kind", "k", "value", "proven"}, _any_problem),
)
