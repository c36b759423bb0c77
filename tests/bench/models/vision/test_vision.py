"""The network is trained once, compressed and tested; figures belong to the real images."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from geocolor.bench.journal import Journal, read_journal
from geocolor.bench.models.resnet import ResNet
from geocolor.bench.models.sweep import Judged, Kept
from geocolor.bench.models.vision.images import Images, fashion_mnist
from geocolor.bench.models.vision.measuring import measure_vision, right_answers
from geocolor.bench.models.vision.training import network_inputs, trained_resnet
from geocolor.cli.bench import app
from geocolor.compression import PRESETS
from geocolor.errors import CheckpointError, FormatError, InputError


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def parts(stripes: Path) -> tuple[Images, Images]:
    return fashion_mnist(stripes)


@pytest.fixture(scope="module")
def trained(cache: Path, parts: tuple[Images, Images]) -> ResNet:
    steps: list[tuple[int, int]] = []

    def note(done: int, of: int, loss: float) -> None:
        assert np.isfinite(loss)
        steps.append((done, of))

    before = torch.random.get_rng_state()
    model = trained_resnet(cache, parts[0], seed=3, on_progress=note)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert steps == [(at, 15) for at in range(1, 16)]
    return model


def _not_again(*_: Any) -> None:
    raise AssertionError("trained again")


def test_training_learns_and_is_kept(
    cache: Path, parts: tuple[Images, Images], trained: ResNet
) -> None:
    again = trained_resnet(cache, parts[0], seed=3, on_progress=_not_again)
    assert not again.training
    for name, value in trained.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    right = right_answers(again, parts[1])
    assert right.shape == (500,)
    assert right.mean() > 0.3  # by chance 0.1


def test_the_same_seed_trains_the_same(
    tmp_path: Path, parts: tuple[Images, Images], trained: ResNet
) -> None:
    again = trained_resnet(tmp_path, parts[0], seed=3, on_progress=lambda *_: None)
    assert torch.equal(again.head.weight, trained.head.weight)


def test_a_damaged_checkpoint_is_named(tmp_path: Path, parts: tuple[Images, Images]) -> None:
    path = tmp_path / "fashion-mnist-resnet-0.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=f"{path} does not hold the network; delete it"):
        trained_resnet(tmp_path, parts[0], seed=0, on_progress=_not_again)


def test_inputs_are_of_mean_0_and_variance_1_where_the_images_are_like_the_real_ones() -> None:
    pixels = np.full((2, 28, 28), 73, dtype=np.uint8)
    assert network_inputs(pixels).shape == (2, 1, 28, 28)
    assert network_inputs(pixels).abs().max() < 0.01


def test_labels_of_the_calibration_are_not_looked_at(
    parts: tuple[Images, Images], trained: ResNet
) -> None:
    train, test = parts
    shuffled = Images(train.pixels, train.labels[::-1].copy())

    def measured(images: Images) -> list[Any]:
        asked = {"seeds": 1, "images": 32, "on_progress": lambda *_: None}
        return list(measure_vision(trained, images, test, [PRESETS["private"]], [0.6], **asked))

    dense, smaller = found = measured(train)
    assert found == measured(shuffled)
    assert (dense.seed, smaller.seed) == (None, 0)
    assert smaller.parameters <= 0.6 * dense.parameters
    own = right_answers(trained, test)
    assert dense.answers.right == own.mean()
    assert smaller.answers.loss == pytest.approx(own.mean() - smaller.answers.right)


def test_more_calibration_images_than_there_are_are_refused(
    parts: tuple[Images, Images], trained: ResNet
) -> None:
    asked = {"seeds": 1, "images": 641, "on_progress": lambda *_: None}
    with pytest.raises(InputError, match="641 calibration images of 640"):
        next(measure_vision(trained, *parts, [PRESETS["private"]], [0.6], **asked))


def test_an_interrupted_sweep_goes_on_where_it_stood(
    parts: tuple[Images, Images],
    trained: ResNet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rows(images: int = 32) -> Any:
        return measure_vision(
            trained, *parts, [PRESETS["svd-llm"]], [0.8, 0.6], seeds=1, images=images,
            on_progress=lambda *_: None, journal=journal,
        )  # fmt: skip

    with Journal(tmp_path) as journal:
        begun = list(islice(rows(), 2))
    assert len(read_journal(journal.path)) == 2
    with Journal(tmp_path) as journal:
        whole = list(rows())
    assert whole[:2] == begun
    assert [row.keep for row in whole] == [1.0, 0.8, 0.6]
    monkeypatch.setattr("geocolor.bench.models.vision.measuring.analyze", _not_again)
    monkeypatch.setattr("geocolor.bench.models.vision.measuring.right_answers", _not_again)
    with Journal(tmp_path) as journal:
        assert list(rows()) == whole
        with pytest.raises(AssertionError):  # other calibrations are another question
            list(rows(images=33))


def test_what_a_journal_has_is_read_with_care(tmp_path: Path) -> None:
    row = Judged("dense", 1.0, None, 8, None, None)
    with Journal(tmp_path) as journal:
        assert Kept(journal, {}).get(["dense"], Judged, lambda: row) == row
    (entry,) = read_journal(journal.path).values()
    with Journal(tmp_path) as journal:
        journal.append({**entry, "parameters": "many"})
    with Journal(tmp_path) as journal, pytest.raises(FormatError, match="parameters is 'many'"):
        Kept(journal, {}).get(["dense"], Judged, lambda: row)


@pytest.mark.usefixtures("trained")
def test_the_command_prints_a_table_or_one_object(cache: Path, stripes: Path) -> None:
    (cache / "fashion-mnist-resnet-0.safetensors").write_bytes(
        (cache / "fashion-mnist-resnet-3.safetensors").read_bytes()
    )
    asked = ["vision", "--data", str(stripes), "--cache", str(cache), "--images", "32"]
    asked += ["--keep", "0.8,0.6", "--presets", "svd-llm", "--seeds", "1", "--quiet"]
    asked += ["-o", str(cache / "results")]
    done = CliRunner().invoke(app, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    results = json.loads(done.stdout)["results"]
    assert [(r["method"], r["keep"], r["seed"]) for r in results] == [
        ("dense", 1.0, None),
        ("svd-llm", 0.8, 0),
        ("svd-llm", 0.6, 0),
    ]
    lines = CliRunner().invoke(app, [*asked, "--markdown"]).stdout.splitlines()
    assert len(lines) == 5
    assert all(line.count("|") == lines[0].count("|") for line in lines)
