"""What is kept of a compression beside the model."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import geocolor
from geocolor.compression.record import read_record
from geocolor.errors import CheckpointError, FormatError, GeocolorError


@pytest.fixture(scope="module")
def compressed() -> Any:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(16, 16) for _ in range(4)]
    model = torch.nn.Sequential(*(part for layer in layers for part in (layer, torch.nn.Tanh())))
    batches = [torch.randn(64, 16) for _ in range(3)]
    return geocolor.compress(model, batches, keep=0.5, random_plans=4)


@pytest.fixture
def folder(compressed: Any, tmp_path: Path) -> Path:
    compressed.save(tmp_path / "saved")
    return tmp_path / "saved"


def test_what_is_saved_is_read_back(compressed: Any, folder: Path) -> None:
    record = read_record(folder)
    assert record == compressed.record
    assert record.report.fit == compressed.report.fit
    assert record.origin.tokens == 3 * 64
    assert record.origin.model == "Sequential"


def test_sizes_of_matrices_add_up_to_those_of_the_report(compressed: Any) -> None:
    record, report = compressed.record, compressed.report
    total = sum(each.parameters for each in record.matrices)
    assert total == pytest.approx(report.after.unit_parameters)
    assert sum(each.macs for each in record.matrices) == report.after.unit_macs


def test_a_matrix_needs_more_rank_for_less_loss(compressed: Any) -> None:
    for each in compressed.record.matrices:
        half, tenth, hundredth = each.needed
        assert 0 < half <= tenth <= hundredth <= min(each.shape)


def test_a_method_without_low_rank_has_no_spectra() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(4)))
    compressed = geocolor.compress(model, [torch.randn(64, 8)], 0.5, preset="uniform-tie")
    assert {each.needed for each in compressed.matrices} == {()}


def edited(folder: Path, change: Any) -> None:
    path = folder / "geocolor.json"
    description = json.loads(path.read_text())
    change(description)
    path.write_text(json.dumps(description))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["details"].pop("matrices"), "an older geocolor saved it"),
        (lambda d: d.pop("details"), "an older geocolor saved it"),
        (lambda d: d["details"]["report"].pop("keep"), "report.keep is missing"),
        (lambda d: d["details"]["report"].update(keep="<b>"), "report.keep is '<b>'"),
        (lambda d: d["details"]["report"].update(keep=True), "report.keep is 'True'"),
        (lambda d: d["details"]["report"].update(before=[]), "report.before must be an object"),
        (lambda d: d["details"]["matrices"][0].update(shape=[4]), r"matrices\[0\].shape is"),
        (lambda d: d["details"]["matrices"][0].update(side="up"), r"matrices\[0\].side is"),
        (lambda d: d["details"]["matrices"][0].update(shape=[0, 0]), r"matrices\[0\]: .*\(0, 0\)"),
        (lambda d: d["details"]["matrices"][0].update(places=0), r"matrices\[0\]: .*at 0 places"),
        (lambda d: d["details"]["report"]["before"].update(unit_parameters=0), "there was nothing"),
        (lambda d: d["details"]["report"]["before"].update(unit_macs=0), "there was nothing"),
        (lambda d: d["details"].update(matrices={}), "matrices is"),
        (lambda d: d["details"]["matrices"].pop(), "not of the same names"),
        (lambda d: d["details"].update(configuration=3), "must be a table"),
        (lambda d: d.update(plan=3), "the plan is not a list"),
        (lambda d: d["details"]["report"]["fit"].update(predicted=[1.0]), "each plan needs"),
    ],
)
def test_what_is_damaged_is_refused(change: Any, message: str, folder: Path) -> None:
    edited(folder, change)
    with pytest.raises(GeocolorError, match=message):
        read_record(folder)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"not a geocolor checkpoint: no geocolor.json"):
        read_record(tmp_path)
    (tmp_path / "geocolor.json").write_text("{")
    with pytest.raises(FormatError, match="not JSON"):
        read_record(tmp_path)
