"""A campaign's results in files: a table to read, a table to compute with, a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geocolor.bench.models.campaign import ModelResults
from geocolor.bench.models.page import write_models_report
from geocolor.bench.models.record import Measures
from geocolor.bench.models.tables import markdown
from geocolor.io.atomic import atomic_file

__all__ = ["PARQUET_FILE", "REPORT_FILE", "TABLE_FILE", "write_results"]

TABLE_FILE = "table.md"
PARQUET_FILE = "models.parquet"
REPORT_FILE = "models.html"


def write_results(folder: Path, results: ModelResults) -> None:
    """Write ``table.md``, ``models.parquet`` and ``models.html`` into a results folder.

    Raises
    ------
    InputError
        They cannot be written.
    """
    with atomic_file(folder / TABLE_FILE) as file:
        file.write(markdown(results).encode())
    write_models_report(results, folder / REPORT_FILE)
    import pyarrow as pa
    from pyarrow import parquet

    rows = []
    for record in results.records:
        row = record.to_json()
        measures = row.pop("measures")
        versions = sorted(row.pop("versions").items())
        names = [name for name in Measures.__dataclass_fields__ if name != "plan"]
        rows.append(
            {**row, "versions": versions}
            | {name: None if measures is None else measures[name] for name in names}
        )
    table = pa.Table.from_pylist(rows, schema=_schema(pa))
    with atomic_file(folder / PARQUET_FILE) as file:
        parquet.write_table(table, file)


def _schema(pa: Any) -> Any:
    """Types of the columns, so that a file without a solved record has them too."""
    seconds = pa.list_(pa.float64())
    texts = [("name", pa.string()), ("tokens", pa.int64()), ("losses", seconds)]
    timings = [
        ("phase", pa.string()),
        ("batch", pa.int64()),
        ("tokens", pa.int64()),
        ("dense", seconds),
        ("compressed", seconds),
    ]
    names = {
        pa.string(): ("key", "model", "preset", "outcome", "message", "host", "started", "answer"),
        pa.float64(): ("keep", "calibration", "elapsed", "predicted", "measured", "seconds"),
        pa.int64(): (
            *("seed", "peak_memory", "parameters", "unit_parameters", "bytes", "dense_bytes"),
            *("macs", "shared_groups"),
        ),
        pa.list_(pa.struct(texts)): ("texts",),
        pa.list_(pa.struct(timings)): ("timings",),
        pa.list_(pa.int64()): ("ranks",),
        pa.map_(pa.string(), pa.string()): ("versions",),
    }
    return pa.schema([(name, kind) for kind, group in names.items() for name in group])
