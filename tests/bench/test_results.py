"""Results folders read back, damaged ones too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geocolor.bench.campaign import outlook
from geocolor.bench.campaign_file import write_campaign_file
from geocolor.bench.journal import JOURNAL_FILE, Journal
from geocolor.bench.results import CAMPAIGN_FILE, CAMPAIGN_FORMAT, Results
from geocolor.errors import FormatError

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def results(make_results: Callable[..., Results]) -> Results:
    return make_results(("a",), ("one",), (0,))


def keep(results: Results, folder: Path, change: Change = lambda entry: None) -> None:
    """Write a results folder, its last run changed."""
    data = results.campaign.to_json(folder)
    write_campaign_file(folder / CAMPAIGN_FILE, CAMPAIGN_FORMAT, data)
    with Journal(folder) as journal:
        for record in results.records:
            entry = record.to_json()
            change(entry)
            journal.append(entry)


def test_what_is_written_is_read_back(results: Results, tmp_path: Path) -> None:
    keep(results, tmp_path)
    assert Results.load(tmp_path) == results


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["contenders"][0]["info"].update(settings=[1]),
        lambda data: data["contenders"][0]["info"].update(target=5),
        lambda data: data["contenders"][0].update(versions=None),
        lambda data: data["contenders"][0].update(versions={"numpy": 2}),
        lambda data: data["effort"].update(time_limit="x"),
        lambda data: data["effort"].update(threads=True),
        lambda data: data["instances"][0].update(tags=[1]),
        lambda data: data["instances"][0].update(nodes=1.5),
        lambda data: data.update(seeds=["a"]),
        lambda data: data.update(seeds=3),
        lambda data: data.update(contenders={"a": 1}),
        lambda data: data.update(environment=None),
        lambda data: data.pop("effort"),
    ],
)
def test_a_damaged_campaign_is_named(results: Results, tmp_path: Path, change: Change) -> None:
    keep(results, tmp_path)
    file = tmp_path / CAMPAIGN_FILE
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    with pytest.raises(FormatError, match=r"campaign\.json: damaged"):
        Results.load(tmp_path)


def test_a_campaign_nested_too_deeply(results: Results, tmp_path: Path) -> None:
    keep(results, tmp_path)
    (tmp_path / CAMPAIGN_FILE).write_text("[" * 200_000)
    with pytest.raises(FormatError, match=r"campaign\.json: damaged"):
        Results.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.pop("trace"),
        lambda entry: entry.update(more=1),
        lambda entry: entry.update(outcome="fine"),
        lambda entry: entry.update(trace=[[1.0]]),
        lambda entry: entry.update(objective="5"),
        lambda entry: entry.update(seed=None),
    ],
)
def test_a_run_with_other_fields_is_named(results: Results, tmp_path: Path, change: Change) -> None:
    keep(results, tmp_path, change)
    words = rf"{JOURNAL_FILE}: the run {results.records[0].key} is damaged"
    with pytest.raises(FormatError, match=words):
        Results.load(tmp_path)
    with pytest.raises(FormatError, match=words):
        outlook(results.campaign, tmp_path, 1)
