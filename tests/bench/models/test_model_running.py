"""A campaign from end to end, in real processes, some of them killed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyarrow import parquet

import geocolor
from geocolor.bench.journal import Journal, read_journal
from geocolor.bench.models.campaign import ModelCampaign, ModelResults
from geocolor.bench.models.outlook import foresee
from geocolor.bench.models.record import ModelRecord
from geocolor.bench.models.running import carry_out, missing_trials
from geocolor.bench.models.session import predictions_hash
from geocolor.bench.models.tables import markdown
from geocolor.bench.models.worker import run
from geocolor.bench.record import Outcome
from geocolor.errors import FormatError, InputError

_LIMIT = 300.0
# Of the machine and the moment, not of the model.
_PASSING = {"calibration", "elapsed", "peak_memory", "started", "host"}
_ALONE = """
import json, sys
from pathlib import Path
from geocolor.bench.models.campaign import ModelCampaign
from geocolor.bench.models.running import carry_out, missing_trials
campaign = ModelCampaign.from_json(json.loads(Path(sys.argv[1]).read_text()))
carry_out(campaign, Path(sys.argv[2]), time_limit=300.0, announce=lambda stage, record: None)
"""


def lasting(records: Any) -> list[dict[str, Any]]:
    """Strip a record of what differs from run to run."""
    kept = []
    for record in records:
        entry = {k: v for k, v in record.to_json().items() if k not in _PASSING}
        entry["measures"] = {**entry["measures"], "seconds": None}
        kept.append(entry)
    return kept


def test_killed_at_any_point_it_goes_on_to_the_same_table(
    campaign: ModelCampaign, payload: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    (tmp_path / "killed").mkdir()
    campaign.save(tmp_path / "killed")
    process = subprocess.Popen(
        [sys.executable, "-c", _ALONE, str(tmp_path / "killed" / "models.json"), str(folder)]
    )
    while process.poll() is None and not read_journal(folder / "journal.jsonl"):
        time.sleep(0.01)
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(family, timeout=30)
    # Whatever ran for it ends with it.
    assert not any(member.is_running() for member in family)
    before = read_journal(folder / "journal.jsonl")
    assert 1 <= len(before) < 3
    assert foresee(campaign, folder).done == len(before)

    announced: list[ModelRecord] = []

    def announce(_stage: str, record: ModelRecord | None) -> None:
        if record is not None:
            announced.append(record)

    results = carry_out(campaign, folder, time_limit=_LIMIT, announce=announce)
    assert len(announced) == 3 - len(before)
    events: list[dict[str, Any]] = []
    run(None, payload, events.append)
    whole = [ModelRecord.from_json(event["record"]) for event in events if "record" in event]
    assert lasting(results.records) == lasting(whole)
    assert markdown(results) == markdown(ModelResults(campaign, tuple(whole)))

    assert (folder / "table.md").read_text() == markdown(results)
    table = parquet.read_table(folder / "models.parquet").to_pylist()
    assert [row["preset"] for row in table] == ["dense", "default", "svd-llm"]
    assert table[1]["measured"] == results.records[1].measures.measured  # type: ignore[union-attr]
    assert table[1]["texts"][0]["name"] == "news.txt"
    again = carry_out(campaign, folder, time_limit=_LIMIT, announce=announce)
    assert len(announced) == 3 - len(before)
    assert again == results


def test_a_trial_that_is_killed_is_on_record_and_the_rest_goes_on(
    campaign: ModelCampaign, tmp_path: Path
) -> None:
    stages = []

    def kill_the_first_compression(stage: str, _record: ModelRecord | None) -> None:
        stages.append(stage)
        if stage == "default at keep 0.7":
            # Other tests of this process may have left children of their own.
            (template,) = [
                child
                for child in psutil.Process().children()
                if "geocolor.bench.models.worker" in child.cmdline()
            ]
            (run_process,) = template.children()
            run_process.kill()

    saved = tmp_path / "smaller"
    wanted = {campaign.trials()[2].key: saved}
    results = carry_out(
        campaign, tmp_path, time_limit=_LIMIT, save=wanted, announce=kill_the_first_compression
    )
    dense, killed, other = results.records
    assert dense.outcome is other.outcome is Outcome.SOLVED
    assert killed.outcome is Outcome.CRASHED
    assert killed.measures is None
    assert "SIGKILL" in killed.message
    assert stages.count("loading the model") == 2
    assert "default at keep 0.7, seed 0: crashed" in (tmp_path / "table.md").read_text()

    from transformers import AutoTokenizer

    from geocolor.compression import text_windows

    tokenizer = AutoTokenizer.from_pretrained(saved)
    text = Path(campaign.subjects[0].evaluation[0].path).read_text()
    probe = text_windows(text, tokenizer, windows=4, length=32)[:1]
    assert other.measures is not None
    assert predictions_hash(geocolor.load(saved), probe) == other.measures.answer
    assert geocolor.read(tmp_path / "smaller-layers.json").num_nodes == 21


def test_what_geocolor_refuses_is_no_result(campaign: ModelCampaign, tmp_path: Path) -> None:
    asked = replace(campaign, protocol=replace(campaign.protocol, windows=500))
    with pytest.raises(InputError, match="the text gives 800 tokens"):
        carry_out(asked, tmp_path, time_limit=_LIMIT, announce=lambda _stage, _record: None)
    assert read_journal(tmp_path / "journal.jsonl") == {}


def test_a_folder_in_use_is_refused(campaign: ModelCampaign, tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(InputError, match="is writing to"):
        carry_out(campaign, tmp_path, time_limit=_LIMIT, announce=lambda _stage, _record: None)


def test_a_model_under_two_names_is_measured_once_and_listed_twice(
    campaign: ModelCampaign, tmp_path: Path
) -> None:
    (subject,) = campaign.subjects
    both = replace(campaign, subjects=(subject, replace(subject, name="twin")))
    assert len(both.trials()) == 6
    assert len(missing_trials(both, {}, {})) == 3
    both.save(tmp_path)
    dense = both.trials()[0]
    with Journal(tmp_path) as journal:
        record = ModelRecord(dense.key, subject.name, "dense", 1.0, 0, Outcome.TIMED_OUT)
        journal.append(record.to_json())
    names = [record.model for record in ModelResults.load(tmp_path).records]
    assert names == [subject.name, "twin"]


def test_damaged_results_are_refused(campaign: ModelCampaign, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no benchmark results in"):
        ModelResults.load(tmp_path)
    campaign.save(tmp_path)
    data = json.loads((tmp_path / "models.json").read_text())
    for damage in ({**data, "version": 9}, {**data, "subjects": [{}]}, []):
        (tmp_path / "models.json").write_text(json.dumps(damage))
        with pytest.raises(FormatError):
            ModelResults.load(tmp_path)
