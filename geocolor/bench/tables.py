"""A campaign's results as Parquet: a row a run, and a row a point of their traces."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from geocolor.bench.measures import find_references, question, refutation
from geocolor.bench.record import Record
from geocolor.bench.results import Results
from geocolor.bench.trial import Instance
from geocolor.io.atomic import atomic_file

__all__ = [
    "RUNS_FILE",
    "TIME_COLUMNS",
    "TRACES_FILE",
    "runs_table",
    "same_apart_from_times",
    "traces_table",
    "write_tables",
]

RUNS_FILE = "runs.parquet"
TRACES_FILE = "traces.parquet"
_VERSION = "1"
# Rows that are encoded together: what writing holds beside the table.
_ROW_GROUP = 1 << 15

# What may differ when the same campaign is run again: how long it took and what it held, where
# and when. A message may speak of any of these.
TIME_COLUMNS = frozenset(
    {"runtime", "setup", "cpu", "peak_memory", "host", "started", "time", "message"}
)


def _schema(name: str, *columns: pa.Field) -> pa.Schema:
    return pa.schema(columns, {"format": f"geocolor.bench.{name}", "version": _VERSION})


def _always(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_RUNS = _schema(
    "runs",
    _always("key", pa.string()),
    _always("instance", pa.string()),
    _always("fingerprint", pa.string()),
    _always("nodes", pa.int64()),
    _always("conflicts", pa.int64()),
    _always("weights", pa.int64()),
    pa.field("known", pa.float64()),
    pa.field("known_proven", pa.bool_()),
    _always("kind", pa.string()),
    pa.field("k", pa.int64()),
    _always("solver", pa.string()),
    _always("seed", pa.int64()),
    _always("outcome", pa.string()),
    _always("refuted", pa.string()),
    pa.field("status", pa.string()),
    pa.field("stop_reason", pa.string()),
    pa.field("objective", pa.float64()),
    pa.field("lower_bound", pa.float64()),
    _always("runtime", pa.float64()),
    _always("setup", pa.float64()),
    _always("cpu", pa.float64()),
    _always("peak_memory", pa.int64()),
    _always("message", pa.string()),
    _always("versions", pa.string()),
    _always("answer", pa.string()),
    _always("host", pa.string()),
    _always("started", pa.string()),
)
_TRACES = _schema(
    "traces",
    _always("key", pa.string()),
    _always("point", pa.int64()),
    _always("time", pa.float64()),
    pa.field("objective", pa.float64()),
    pa.field("lower_bound", pa.float64()),
)


def runs_table(results: Results) -> pa.Table:
    """Give a row for each run made, in the campaign's order.

    The columns are those of a :class:`geocolor.bench.record.Record` but its trace, with
    ``versions`` as JSON text; of its instance, the fingerprint, the size and the best value known
    (``known``, and ``known_proven``); and ``refuted``, what contradicts the run's claims, empty
    if they stand: the outcome is the run's own, such a run counts as wrong all the same.
    """
    references = find_references(results)
    instances = {instance.name: instance for instance in results.campaign.instances}
    columns: dict[str, list[Any]] = {field.name: [] for field in _RUNS}
    for record in results.records:
        instance = instances[record.instance]
        row = _run(record, instance)
        row["refuted"] = refutation(record, instance, references[question(instance)])
        for name, values in columns.items():
            values.append(row[name])
    return pa.Table.from_pydict(columns, _RUNS)


def traces_table(results: Results) -> pa.Table:
    """Give a row for each trace point: the run's key, the point's number from 0, and the point."""
    # Column by column from the records: rows in between would cost more than the table itself.
    columns = (
        (record.key for record in results.records for _ in record.trace),
        (number for record in results.records for number in range(len(record.trace))),
        (point.time for record in results.records for point in record.trace),
        (point.objective for record in results.records for point in record.trace),
        (point.lower_bound for record in results.records for point in record.trace),
    )
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _TRACES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_TRACES)


def write_tables(folder: str | os.PathLike[str], results: Results) -> None:
    """Write both tables; the same results give the same bytes.

    Parameters
    ----------
    folder : path-like
        An existing folder.
    results : Results
        Finished or not.

    Raises
    ------
    InputError
        A table cannot be written; what was there before is untouched.
    """
    for name, table in ((RUNS_FILE, runs_table(results)), (TRACES_FILE, traces_table(results))):
        with atomic_file(Path(folder) / name) as file:
            pq.write_table(table, file, compression="zstd", row_group_size=_ROW_GROUP)


def same_apart_from_times(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables are equal but for :data:`TIME_COLUMNS`, order of rows included."""
    same: bool = _timeless(one).equals(_timeless(other), check_metadata=True)
    return same


def _timeless(table: pa.Table) -> pa.Table:
    return table.drop_columns([name for name in table.column_names if name in TIME_COLUMNS])


def _run(record: Record, instance: Instance) -> dict[str, Any]:
    known = instance.known
    return {
        **vars(record),
        "outcome": str(record.outcome),
        "versions": json.dumps(dict(record.versions), sort_keys=True),
        "fingerprint": instance.fingerprint,
        "nodes": instance.nodes,
        "conflicts": instance.conflicts,
        "weights": instance.weights,
        "known": known and known.value,
        "known_proven": known and known.proven,
    }
