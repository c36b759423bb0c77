"""All that was promised holds on models of every architecture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

pytest.importorskip("transformers")

import torch
from torch import nn
from typer.testing import CliRunner

from geocolor import compress
from geocolor.bench.models.architecture_table import Row, check, table
from geocolor.bench.models.architectures import ARCHITECTURES
from geocolor.cli.main import app

KEEP = 0.6


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return {row.name: row for row in check(list(ARCHITECTURES.values()), [KEEP])}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_compressed_saved_loaded_and_trained(rows, name):
    row = rows[name]
    assert KEEP - 0.005 <= row.kept <= KEEP
    assert row.met
    assert row.untouched
    assert row.alike
    assert row.learns
    assert row.forms != f"{row.units} dense"


def test_hidden_layers_and_kinds_of_layers_are_those_of_the_architecture(rows):
    narrowed = {name for name, row in rows.items() if "narrow" in row.forms}
    assert {"bert", "gpt2", "llama", "t5", "mlp"} <= narrowed
    assert not {"resnet", "conv1d"} & narrowed  # norms between all convolutions


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_the_whole_table_holds(dtype):
    for row in check(list(ARCHITECTURES.values()), [0.9, 0.7, 0.5], dtype=dtype):
        assert row.met, row
        assert row.untouched, row
        assert row.alike, row
        assert row.learns, row


def test_a_row_that_fails_is_seen(rows):
    row = rows["mlp"]
    assert not replace(row, kept=KEEP + 0.001).met
    assert not replace(row, kept=KEEP - 0.006).met
    broken = replace(row, alike=False, learns=False)
    assert table([broken]).split("\n")[1].count("NO") == 2


def test_frozen_parts_and_buffers_stay_as_they_are():
    model = ARCHITECTURES["resnet"].build()
    model.blocks[0].requires_grad_(False)
    model.head.requires_grad_(False)
    batches = ARCHITECTURES["resnet"].batches()
    smaller = compress(model, batches, 0.4, loss="cross-entropy").model
    assert not any(parameter.requires_grad for parameter in smaller.blocks[0].parameters())
    assert all(parameter.requires_grad for parameter in smaller.blocks[1].parameters())
    assert not smaller.head.weight.requires_grad
    for name, buffer in model.named_buffers():
        assert torch.equal(smaller.get_buffer(name), buffer)


def test_ties_of_the_models_own_stay():
    for name in ("gpt2", "qwen2"):
        architecture = ARCHITECTURES[name]
        smaller = compress(architecture.build(), architecture.batches(), 0.5).model
        assert smaller.get_input_embeddings().weight is smaller.get_output_embeddings().weight


def test_the_command_prints_a_table_and_tells_what_failed(rows, monkeypatch):
    found = [rows["mlp"]]
    asked = []

    def recorded(architectures, keeps, **options):
        asked.append(([each.name for each in architectures], keeps, options["dtype"]))
        return found

    monkeypatch.setattr("geocolor.bench.models.architecture_table.check", recorded)
    runner = CliRunner()
    arguments = ["bench", "architectures", "mlp", "gpt2", "--keep", "0.5,0.25"]
    done = runner.invoke(app, [*arguments, "--dtype", "float16", "--json", "--quiet"])
    assert done.exit_code == 0
    assert asked == [(["mlp", "gpt2"], [0.5, 0.25], torch.float16)]
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["name"], row["met"], row["alike"]) == ("mlp", True, True)
    found[0] = replace(found[0], alike=False)
    failed = runner.invoke(app, [*arguments, "--quiet"])
    assert failed.exit_code == 1
    assert "NO" in failed.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "no architecture 'nonsense'; choose one of bert"),
        (["mlp", "--keep", "much"], "--keep takes shares in (0, 1] such as 0.8,0.6, not 'much'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    done = CliRunner().invoke(app, ["bench", "architectures", *arguments])
    assert done.exit_code == 2
    assert message in done.output


def test_a_model_is_the_same_for_a_seed():
    build = ARCHITECTURES["bert"].build
    first, again, other = (build(seed).state_dict() for seed in (0, 0, 1))
    key = "encoder.layer.0.output.dense.weight"
    assert torch.equal(first[key], again[key])
    assert not torch.equal(first[key], other[key])
    assert isinstance(build(), nn.Module)
