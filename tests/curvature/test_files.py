"""What is measured is saved and comes back; damaged, foreign and newer files are refused."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from geocolor.curvature import (
    Curvature,
    CurvatureSums,
    DiagonalCurvature,
    DiagonalFactors,
    EigenpairCurvature,
    Eigenpairs,
    KroneckerFactors,
    RescaledCurvature,
    RescaledFactors,
    collect_curvature,
)
from geocolor.errors import FormatError, InputError
from geocolor.units import find_units


@pytest.fixture
def measured(attention):
    torch.manual_seed(0)
    return collect_curvature(attention.float(), [torch.randn(2, 3, 5)], find_units(attention))


def test_curvature_comes_back_with_shared_factors_shared(measured, tmp_path):
    measured.save(tmp_path / "c")
    loaded = Curvature.load(tmp_path / "c")
    assert list(loaded.factors) == list(measured.factors)
    assert (loaded.tokens, loaded.outputs) == (measured.tokens, measured.outputs)
    for name, factors in measured.factors.items():
        assert torch.equal(loaded.factors[name].inputs, factors.inputs)
        assert torch.equal(loaded.factors[name].gradients, factors.gradients)
    q, k = (loaded.factors[f"layers.{i}"] for i in range(2))
    assert q.inputs is k.inputs
    # 1 input that three read, 1 of the head's, 4 of gradients.
    with safe_open(tmp_path / "c", "pt") as file:
        assert len(file.keys()) == 6
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_views_of_larger_tensors_are_saved_as_what_they_are(tmp_path):
    whole = torch.arange(36.0).reshape(6, 6)
    parts = {str(i): KroneckerFactors(whole, whole[i : i + 2, i : i + 2]) for i in (0, 2)}
    parts["rows"] = KroneckerFactors(whole[:1, :1], whole)
    Curvature(parts, 1, 1).save(tmp_path / "c")
    loaded = Curvature.load(tmp_path / "c").factors
    assert torch.equal(loaded["2"].gradients, whole[2:4, 2:4])
    assert loaded["0"].inputs is loaded["rows"].gradients


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (RescaledCurvature, RescaledFactors(torch.eye(2), torch.eye(3), torch.ones(3, 2))),
        (DiagonalCurvature, DiagonalFactors(torch.ones(3, 2))),
        (EigenpairCurvature, Eigenpairs(torch.ones(1), torch.ones(1, 3, 2))),
    ],
    ids=["rescaled", "diagonal", "eigenpairs"],
)
def test_every_kind_is_saved(kind, form, tmp_path):
    kind({"u": form}, 3, 2).save(tmp_path / "c")
    loaded = kind.load(tmp_path / "c")
    assert (loaded.tokens, loaded.outputs, loaded.factors["u"].shape) == (3, 2, (3, 2))
    error = torch.tensor([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
    assert loaded.factors["u"].energy(error) == form.energy(error)
    assert float((form.product(error) * error).sum()) == pytest.approx(form.energy(error))
    assert "1 units: 3 tokens, 2 outputs" in str(loaded)
    with pytest.raises(FormatError, match="not 'kronecker'"):
        Curvature.load(tmp_path / "c")


def test_a_summary_tells_by_role(measured):
    lines = str(measured).splitlines()
    assert lines[0] == "kronecker curvature of 4 units: 6 tokens, 6 outputs, 0.0 MB in 6 tensors"
    assert " ".join(lines[1].split()) == "role shape units trace A rank A trace G rank G"
    assert lines[2].split()[:5] == ["layers.*", "4", "x", "5", "3"]
    assert lines[3].split()[:5] == ["out.*", "3", "x", "4", "1"]
    trace = float(measured.factors["out.0"].inputs.trace())
    assert lines[3].split()[5] == f"{trace:.3g}"
    assert str(Curvature({}, 0, 0)).startswith("kronecker curvature of 0 units")


def test_effective_rank_counts_directions():
    flat = KroneckerFactors(torch.diag(torch.tensor([2.0, 2.0, 0.0])), torch.zeros(2, 2))
    assert flat.figures() == {"trace A": 4, "rank A": 2, "trace G": 0, "rank G": 0}


def rewritten(path, **changes):
    """Write the file again with another description of the same numbers."""
    with safe_open(path, "pt") as file:
        description = json.loads(file.metadata()["geocolor"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for key, value in changes.items():
        place = description if key in description else description["told"]
        place[key] = value
    save_file(tensors, path, metadata={"geocolor": json.dumps(description)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2 of .* newer one may help"),
        ({"version": True}, "version True"),
        ({"format": "other"}, "not a file of curvature"),
        ({"kind": "sums"}, "holds 'sums', not 'kronecker'"),
        ({"units": []}, "incomplete"),
        ({"units": {"a": {"inputs": 0}}}, "incomplete"),
        ({"units": {"a": {"inputs": "0"}}}, "damaged"),
        ({"sha256": "0"}, "damaged"),
        ({"told": {}}, "'tokens' is missing"),
        ({"outputs": -1}, "'outputs' is missing or not a count"),
        ({"outputs": 1.5}, "'outputs' is missing or not a count"),
    ],
    ids=str,
)
def test_files_that_say_something_else_are_refused(measured, tmp_path, change, message):
    measured.save(tmp_path / "c")
    rewritten(tmp_path / "c", **change)
    with pytest.raises(FormatError, match=message):
        Curvature.load(tmp_path / "c")


def test_a_wrong_number_is_found(measured, tmp_path):
    measured.save(tmp_path / "c")
    data = bytearray((tmp_path / "c").read_bytes())
    data[-3] ^= 1
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(FormatError, match="numbers are not those"):
        Curvature.load(tmp_path / "c")


@pytest.mark.parametrize("size", [0, 7, 200, -1])
def test_a_short_file_is_refused(measured, tmp_path, size):
    measured.save(tmp_path / "c")
    (tmp_path / "c").write_bytes((tmp_path / "c").read_bytes()[:size])
    with pytest.raises(FormatError):
        Curvature.load(tmp_path / "c")


@pytest.mark.parametrize("content", [b"\x80\x04K\x01.", b"text" * 10, b"\xff" * 40])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(FormatError):
        Curvature.load(tmp_path / "c")


def test_foreign_tensors_are_refused(tmp_path):
    save_file({"a": torch.ones(1)}, tmp_path / "c")
    with pytest.raises(FormatError, match="not a file of curvature"):
        Curvature.load(tmp_path / "c")
    save_file({"a": torch.ones(1)}, tmp_path / "c", metadata={"geocolor": "[" * 100_000})
    with pytest.raises(FormatError):
        Curvature.load(tmp_path / "c")


def test_shapes_that_do_not_go_together_are_refused(tmp_path):
    Curvature({"u": KroneckerFactors(torch.ones(2, 3), torch.ones(2, 2))}, 1, 1).save(
        tmp_path / "c"
    )
    with pytest.raises(FormatError, match="do not go together"):
        Curvature.load(tmp_path / "c")
    Curvature({"u": KroneckerFactors(torch.ones(2, 2).int(), torch.ones(2, 2))}, 1, 1).save(
        tmp_path / "c"
    )
    with pytest.raises(FormatError, match="floats"):
        Curvature.load(tmp_path / "c")


def test_files_that_cannot_be_read_or_written(measured, tmp_path):
    for load in (Curvature.load, CurvatureSums.load):
        with pytest.raises(InputError, match="cannot read"):
            load(tmp_path / "none")
    with pytest.raises(InputError, match="cannot write"):
        measured.save(tmp_path / "none" / "c")
