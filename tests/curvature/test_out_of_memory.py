"""Where a device runs out of memory, batches go through the model in halves, to the same sums."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch
from torch import nn

from geocolor.curvature import checkpoint as checkpoint_module
from geocolor.curvature import collect_curvature, collect_sums, passes
from geocolor.curvature.batches import split_batch
from geocolor.errors import ModelError
from geocolor.units import find_units


@contextmanager
def memory_for(model: nn.Module, samples: int, seen: list[int], batches: int = 0):
    """Let a model run out of memory, once so many batches have gone well, with more samples."""

    def forward(_module, args, kwargs):
        size = len(args[0]) if args else len(next(iter(kwargs.values())))
        seen.append(size)
        if size > samples and len(seen) > batches:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore.")

    handle = model.register_forward_pre_hook(forward, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def dicts(model: nn.Module) -> list[dict[str, torch.Tensor]]:
    """Batches of six and of five samples, the last with padding."""
    torch.manual_seed(7)
    mask = torch.ones(5, 3, dtype=torch.long)
    mask[1, 2] = mask[4, 1:] = 0
    one, two = torch.randn(6, 3, 5).double(), torch.randn(5, 3, 5).double()
    return [{"x": one}, {"x": two, "attention_mask": mask}]


def same(found, whole) -> None:
    assert (found.tokens, found.outputs) == (whole.tokens, whole.outputs)
    for name, factors in whole.factors.items():
        torch.testing.assert_close(found.factors[name].inputs, factors.inputs)
        torch.testing.assert_close(found.factors[name].gradients, factors.gradients)


@pytest.mark.parametrize("samples", [1, 3, None])
@pytest.mark.parametrize("most", [5, 3, 1])
def test_the_same_curvature_of_classes(attention, samples, most):
    units, batches, seen = find_units(attention), dicts(attention), []
    whole = collect_curvature(attention, batches, units, samples=samples)
    with memory_for(attention, most, seen):
        halves = collect_curvature(attention, batches, units, samples=samples)
    same(halves, whole)
    assert max(seen) == 6
    assert seen[-1] <= most


@pytest.mark.parametrize("samples", [1, 2])
def test_the_same_curvature_of_values(mlp, samples):
    torch.manual_seed(0)
    units, batches = find_units(mlp), [torch.randn(9, 4).double() for _ in range(2)]
    whole = collect_curvature(mlp, batches, units, samples=samples)
    with memory_for(mlp, 4, []):
        same(collect_curvature(mlp, batches, units, samples=samples), whole)


def test_a_batch_that_was_in_by_half_is_not_counted_twice(attention, monkeypatch):
    units, batches = find_units(attention), dicts(attention)
    whole = collect_curvature(attention, batches, units)
    take, failed = passes.Recorder.backward, []

    def backward(self, prediction, probe, *, last):
        take(self, prediction, probe, last=last)
        if not failed:
            failed.append(True)
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(passes.Recorder, "backward", backward)
    same(collect_curvature(attention, batches, units), whole)
    assert failed


def test_what_the_checkpoint_holds_is_not_measured_again(attention, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_module, "_SECONDS", 0)
    monkeypatch.setattr(checkpoint_module, "_TIMES", 0)
    units, batches, seen = find_units(attention), dicts(attention), []
    whole = collect_curvature(attention, batches, units)
    with memory_for(attention, 3, seen, batches=1):
        kept = collect_curvature(attention, batches, units, checkpoint=tmp_path / "sums")
    same(kept, whole)
    # The first whole, the second not; then its halves, once for their targets.
    assert seen == [6, 5, 3, 2, 3, 2]


def test_one_sample_too_many_is_one_line(attention):
    units = find_units(attention)
    with memory_for(attention, 0, []):
        with pytest.raises(ModelError, match=r"one sample at a time: CUDA out .* 2 GiB\.$"):
            collect_sums(attention, dicts(attention), units)
        with pytest.raises(ModelError, match="give smaller batches, or a list"):
            collect_sums(attention, iter(dicts(attention)), units)


def test_batches_are_divided_where_their_tensors_agree():
    x, y = torch.arange(5), torch.arange(10).reshape(5, 2)
    assert [part.tolist() for part in split_batch(x, 2)] == [[0, 1, 2], [3, 4]]
    parts = split_batch({"x": x, "y": y, "flag": True}, 4)
    assert [part["x"].tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    assert [len(part["y"]) for part in parts] == [2, 2, 1]
    assert all(part["flag"] for part in parts)
    assert [len(part) for part in split_batch((x, y), 9)] == [2] * 5
    assert [len(part["x"]) for part in split_batch({"x": x, "n": torch.tensor(1)}, 2)] == [3, 2]
    for whole in ((x, y[:4]), {"scale": torch.tensor(1.0)}, torch.ones(1, 3)):
        assert split_batch(whole, 2) == [whole]
