"""A compression that was interrupted while it measured goes on, to the same bits on a CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from geocolor.compression import analyze, compress, conflict_graph, sharing_options
from geocolor.curvature import checkpoint as checkpoint_module
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
