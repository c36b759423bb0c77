"""A compression that was interrupted while it measured goes on, to the same bits on a CPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from geocolor.compression import analyze, compress, conflict_graph, sharing_options
from geocolor.curvature import CurvatureSums
from geocolor.curvature import checkpoint as checkpoint_module
from geocolor.curvature.checkpoint import architecture_of
from geocolor.errors import InputError


class Stop(BaseException):
    """What ends a call from outside, as Ctrl-C does."""


def stopping_after(batches: int) -> Any:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "calibrating" and done == batches:
            raise Stop

    return progress


@pytest.fixture(autouse=True)
def _written_after_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_module, "_SECONDS", 0)
    monkeypatch.setattr(checkpoint_module, "_TIMES", 0)


def test_the_same_model_comes_out(tiny_llama, tokens, tmp_path):
    path = tmp_path / "measured"
    rows = [{"input_ids": row} for batch in tokens for row in batch["input_ids"].split(1)]
    model, whole = tiny_llama(), compress(tiny_llama(), rows, 0.5)
    for after in (1, 3):
        with pytest.raises(Stop):
            compress(model, rows, 0.5, checkpoint=path, on_progress=stopping_after(after))
    measured: list[int] = []
    resumed = compress(
        model,
        rows,
        0.5,
        checkpoint=path,
        on_progress=lambda stage, done, _: (
            measured.append(done) if stage == "calibrating" else None
        ),
    )
    assert measured == list(range(4, len(rows) + 1))
    assert resumed.plan == whole.plan
    before, after = whole.model.state_dict(), resumed.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_is_measured_serves_every_question(tiny_llama, tokens, tmp_path):
    path = tmp_path / "measured"
    whole = analyze(tiny_llama(), tokens, checkpoint=path)

    def refuse(stage: str, done: int, total: int) -> None:
        assert stage != "calibrating"

    again = analyze(tiny_llama(), tokens, checkpoint=path, on_progress=refuse)
    for name, factors in whole.curvature.factors.items():
        assert torch.equal(again.curvature.factors[name].inputs, factors.inputs)
        assert torch.equal(again.curvature.factors[name].gradients, factors.gradients)
    graph = conflict_graph(tiny_llama(), tokens, 0.6, checkpoint=path, on_progress=refuse)
    assert graph.fingerprint == whole.conflict_graph(0.6).fingerprint
    options = sharing_options(tiny_llama(), tokens, 0.6, checkpoint=path, on_progress=refuse)
    assert options.fingerprint == whole.options(0.6).fingerprint


def test_another_model_is_refused(tiny_llama, tokens, tmp_path):
    path = tmp_path / "measured"
    analyze(tiny_llama(), tokens, checkpoint=path)
    with pytest.raises(InputError, match="is of a pass with another model"):
        compress(tiny_llama(1), tokens, checkpoint=path)
    with pytest.raises(InputError, match="is of a pass with another calibration data"):
        compress(tiny_llama(), tokens[::-1], checkpoint=path)


def test_the_same_numbers_in_another_model_are_another_model(tiny_llama, tokens, tmp_path, mlp):
    path = tmp_path / "llama"
    analyze(tiny_llama(), tokens, checkpoint=path)
    other = tiny_llama()
    other.config.rope_theta = 5.0
    with pytest.raises(InputError, match="is of a pass with another model"):
        compress(other, tokens, checkpoint=path)
    moved = tiny_llama()
    moved.config._name_or_path = "elsewhere"
    moved.config.transformers_version = "0.0"
    assert analyze(moved, tokens, checkpoint=path).units
    path, batches = tmp_path / "plain", [torch.randn(32, 6)]
    model = mlp(6, 8, 6)
    analyze(model, batches, checkpoint=path)
    model[1] = torch.nn.ReLU()
    with pytest.raises(InputError, match="is of a pass with another model"):
        compress(model, batches, checkpoint=path)


@pytest.mark.parametrize("noted", [("model", "architecture", "loss"), ("model",)])
def test_a_checkpoint_of_before_sums_had_an_origin_is_read(mlp, tmp_path, noted):
    path, batches = tmp_path / "measured", [torch.randn(32, 6)]
    analyze(mlp(6, 8, 6), batches, checkpoint=path)
    sums, notes = CurvatureSums.load_with_notes(path)
    notes |= {name: getattr(sums.origin, name) for name in noted}
    sums.origin = None
    sums.save(path, notes=notes)
    assert analyze(mlp(6, 8, 6), batches, checkpoint=path).units
    with pytest.raises(InputError, match="is of a pass with another model"):
        analyze(mlp(6, 8, 6, seed=1), batches, checkpoint=path)
    sums.save(path, notes={"batches": notes["batches"]})
    with pytest.raises(InputError, match="is of a pass with another model"):
        analyze(mlp(6, 8, 6), batches, checkpoint=path)


def test_what_is_noted_down_of_an_architecture_holds_no_addresses():
    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.config = SimpleNamespace(act=lambda x: x)

        def extra_repr(self) -> str:
            return f"{self.config.act}"

    assert architecture_of(Own()) == architecture_of(Own())
    assert "0x" not in architecture_of(Own())
