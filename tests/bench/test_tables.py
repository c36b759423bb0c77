"""The tables say what the records say, in a schema that never changes with what is in them."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geocolor.bench.record import Outcome, Record
from geocolor.bench.results import Campaign, Results
from geocolor.bench.tables import (
    RUNS_FILE,
    TIME_COLUMNS,
    TRACES_FILE,
    runs_table,
    same_apart_from_times,
    traces_table,
    write_tables,
)
from geocolor.bench.trial import Contender, Effort, Instance, Known
from geocolor.errors import InputError
from geocolor.solvers import TracePoint
from geocolor.solvers.registry import SOLVERS

_INSTANCES = (
    Instance("a", "/a.col", "f" * 64, "coloring", None, 5, 6, 0, known=Known(3.0, True, "theory")),
    Instance("b", "/b.col", "e" * 64, "coloring", 4, 7, 8, 9),
)
_CAMPAIGN = Campaign(_INSTANCES, (Contender(SOLVERS["dsatur"]),), (0, 1), Effort(1.0, 1.0))
_EMPTY = Results(_CAMPAIGN, ())


@pytest.fixture
def results() -> Results:
    records = tuple(
        Record(
            key=trial.key,
            instance=trial.instance.name,
            solver=trial.contender.name,
            kind="coloring",
            k=trial.instance.k,
            seed=trial.seed,
            outcome=Outcome.SOLVED,
            status="FEASIBLE",
            objective=4.0,
            runtime=0.5,
            trace=(TracePoint(0.1, 5.0, None), TracePoint(0.4, 4.0, 3.0)),
            versions={"numpy": "2", "geocolor": "1"},
        )
        for trial in _CAMPAIGN.trials()
    )
    crashed = replace(records[-1], outcome=Outcome.CRASHED, status=None, objective=None, trace=())
    return Results(_CAMPAIGN, (*records[:-1], crashed))


def test_a_row_a_run_with_its_instance(tmp_path: Path, results: Results) -> None:
    write_tables(tmp_path, results)
    rows = pq.read_table(tmp_path / RUNS_FILE).to_pylist()
    assert [row["key"] for row in rows] == [trial.key for trial in _CAMPAIGN.trials()]
    first, last = rows[0], rows[-1]
    assert (first["instance"], first["fingerprint"], first["nodes"]) == ("a", "f" * 64, 5)
    assert (first["known"], first["known_proven"], first["k"]) == (3.0, True, None)
    assert (last["known"], last["known_proven"], last["k"]) == (None, None, 4)
    assert (last["outcome"], last["objective"], last["status"]) == ("crashed", None, None)
    assert first["outcome"] == "solved"
    assert json.loads(first["versions"]) == {"geocolor": "1", "numpy": "2"}


def test_a_refuted_claim_has_its_refutation(results: Results) -> None:
    *rest, last = results.records
    better = replace(last, outcome=Outcome.SOLVED, status="FEASIBLE", objective=3.0)
    liar = replace(rest[-1], status="OPTIMAL")
    rows = runs_table(replace(results, records=(*rest[:-1], liar, better))).to_pylist()
    assert [row["refuted"] for row in rows] == ["", "", "OPTIMAL at 4, but dsatur has 3", ""]
    assert {row["outcome"] for row in rows} == {"solved"}


def test_no_field_of_a_record_is_forgotten(results: Results) -> None:
    columns = set(runs_table(results).column_names)
    assert {field.name for field in fields(Record)} - {"trace"} <= columns


def test_a_row_a_trace_point(tmp_path: Path, results: Results) -> None:
    write_tables(tmp_path, results)
    rows = pq.read_table(tmp_path / TRACES_FILE).to_pylist()
    assert len(rows) == 2 * (len(results.records) - 1)
    key = results.records[0].key
    assert rows[:2] == [
        {"key": key, "point": 0, "time": 0.1, "objective": 5.0, "lower_bound": None},
        {"key": key, "point": 1, "time": 0.4, "objective": 4.0, "lower_bound": 3.0},
    ]


def test_same_schema_with_and_without_rows(tmp_path: Path, results: Results) -> None:
    for folder, content in ((tmp_path / "full", results), (tmp_path / "empty", _EMPTY)):
        folder.mkdir()
        write_tables(folder, content)
    for name in (RUNS_FILE, TRACES_FILE):
        full, empty = (pq.read_table(tmp_path / folder / name) for folder in ("full", "empty"))
        assert full.schema.equals(empty.schema, check_metadata=True)
        assert empty.num_rows == 0
        assert full.schema.metadata[b"version"] == b"1"
        assert full.schema.metadata[b"format"].decode() == f"geocolor.bench.{name.split('.')[0]}"


def test_same_results_same_bytes(tmp_path: Path, results: Results) -> None:
    shuffled = replace(
        results,
        records=tuple(
            replace(record, versions=dict(reversed(record.versions.items())))
            for record in results.records
        ),
    )
    contents = []
    for content in (results, shuffled):
        write_tables(tmp_path, content)
        contents.append([(tmp_path / name).read_bytes() for name in (RUNS_FILE, TRACES_FILE)])
    assert contents[0] == contents[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [RUNS_FILE, TRACES_FILE]


def _again(results: Results, **changes: object) -> Results:
    return replace(results, records=(replace(results.records[0], **changes), *results.records[1:]))


@pytest.mark.parametrize(
    "changes",
    [
        {"runtime": 9.0, "setup": 1.0, "cpu": 3.0, "peak_memory": 5, "message": "after 9 s"},
        {"host": "elsewhere", "started": "2026-01-01T00:00:00+00:00"},
        {"trace": (TracePoint(0.2, 5.0, None), TracePoint(0.9, 4.0, 3.0))},
    ],
)
def test_same_apart_from_times(results: Results, changes: dict[str, object]) -> None:
    other = _again(results, **changes)
    assert same_apart_from_times(runs_table(results), runs_table(other))
    assert same_apart_from_times(traces_table(results), traces_table(other))


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (runs_table, {"objective": 5.0}),
        (runs_table, {"outcome": Outcome.WRONG}),
        (runs_table, {"answer": "0" * 64}),
        (runs_table, {"versions": {}}),
        (traces_table, {"trace": (TracePoint(0.1, 5.0, None),)}),
        (traces_table, {"trace": (TracePoint(0.1, 6.0, None), TracePoint(0.4, 4.0, 3.0))}),
    ],
)
def test_not_the_same(results: Results, table: object, changes: dict[str, object]) -> None:
    assert callable(table)
    assert not same_apart_from_times(table(results), table(_again(results, **changes)))


def test_missing_runs_are_not_the_same(results: Results) -> None:
    assert not same_apart_from_times(runs_table(results), runs_table(_EMPTY))


def test_time_columns_are_columns(results: Results) -> None:
    columns = {*runs_table(results).column_names, *traces_table(results).column_names}
    assert columns >= TIME_COLUMNS


def test_a_null_where_none_may_be_is_refused(tmp_path: Path, results: Results) -> None:
    with pytest.raises(pa.ArrowInvalid):
        write_tables(tmp_path, _again(results, host=None))
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        write_tables(tmp_path / "no", _EMPTY)
