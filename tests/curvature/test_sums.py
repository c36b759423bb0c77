"""Parts add up to the whole, and an interrupted pass goes on to the same bits."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from geocolor.curvature import CurvatureSums, collect_curvature, collect_sums
from geocolor.curvature import checkpoint as checkpoint_module
from geocolor.curvature.moments import add_gram, mean_of, packed_size
from geocolor.errors import FormatError, InputError
from geocolor.units import find_units


class Experts(nn.Module):
    """q and k read one tensor in even batches only; one layer is used in odd batches only."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 3) for _ in range(3)])

    def forward(self, x: Tensor, kind: int) -> Tensor:
        q = self.layers[0](x)
        k = self.layers[1](x if kind % 2 == 0 else 2 * x)
        return torch.tanh(q) * k + (self.layers[2](x) if kind % 2 else 0)


def model_and_batches(count: int = 6) -> tuple[nn.Module, list[tuple[Tensor, int]]]:
    torch.manual_seed(0)
    model = Experts()
    return model, [(torch.randn(5 + index, 4), index) for index in range(count)]


def same(first, second, **tolerance) -> None:
    assert first.factors.keys() == second.factors.keys()
    for name, factors in first.factors.items():
        other = second.factors[name]
        torch.testing.assert_close(factors.inputs, other.inputs, **tolerance)
        torch.testing.assert_close(factors.gradients, other.gradients, **tolerance)
    assert (first.tokens, first.outputs) == (second.tokens, second.outputs)


@settings(max_examples=25, deadline=None)
@given(cuts=st.sets(st.integers(1, 5)), order=st.randoms(), samples=st.sampled_from([1, 2, None]))
def test_any_parts_in_any_order_add_up_to_one_pass(cuts, order, samples):
    model, batches = model_and_batches()
    units = find_units(model)
    whole = collect_sums(model, batches, units, samples=samples)
    edges = [0, *sorted(cuts), 6]
    parts = [
        collect_sums(model, batches[start:stop], units, samples=samples, first=start)
        for start, stop in pairwise(edges)
    ]
    order.shuffle(parts)
    merged = CurvatureSums.merge(parts)
    assert merged.covered == ((0, 6),)
    assert merged.counts == whole.counts
    for name in whole.units:
        for part in ("inputs", "gradients"):
            one, other = getattr(whole, part)[name], getattr(merged, part)[name]
            torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-13)
    # Who reads the same as whom is found again as well.
    held = [{id(sums.inputs[name]) for name in whole.units} for sums in (whole, merged)]
    assert len(held[0]) == len(held[1])
    same(whole.curvature(), merged.curvature(), rtol=1e-6, atol=0)


def test_sums_are_more_precise_than_what_is_summed():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2))
    batches = [1000 + torch.randn(3, 3) for _ in range(200)]
    measured = collect_curvature(model, batches, find_units(model)).factors["0"].inputs
    exact = sum(x.double().T @ x.double() for x in batches) / 600
    # A product of 3 rows is right to a few units in the last place of float32, and so is the mean.
    torch.testing.assert_close(measured.double(), exact, rtol=1.5e-7, atol=0)


def test_a_layer_that_reads_something_else_goes_on_by_itself():
    model, batches = model_and_batches(4)
    units = find_units(model)
    factors = collect_curvature(model, batches, units).factors
    x = torch.cat([x for x, _ in batches])
    doubled = torch.cat([x * (1 + kind % 2) for x, kind in batches])
    odd = torch.cat([x for x, kind in batches if kind % 2])
    for name, rows in (("0", x), ("1", doubled), ("2", odd)):
        expected = rows.T @ rows / len(rows)
        torch.testing.assert_close(factors[f"layers.{name}"].inputs, expected)
    even = collect_curvature(model, batches[::2], units[:2]).factors
    assert even["layers.0"].inputs is even["layers.1"].inputs


def test_targets_depend_on_the_index_of_a_batch_not_on_what_came_before():
    model, batches = model_and_batches()
    units = find_units(model)
    alone = collect_sums(model, batches[3:4], units, first=3)
    with_other = collect_sums(model, batches[2:4], units, first=2)
    other = collect_sums(model, batches[2:3], units, first=2)
    difference = with_other.gradients["layers.0"] - other.gradients["layers.0"]
    torch.testing.assert_close(difference, alone.gradients["layers.0"])


@pytest.mark.parametrize("difference", ["seed", "samples", "units", "overlap", "none"])
def test_sums_that_do_not_go_together_are_refused(difference):
    model, batches = model_and_batches(4)
    units = find_units(model)
    first = collect_sums(model, batches[:2], units)
    if difference == "none":
        with pytest.raises(InputError, match="no sums"):
            CurvatureSums.merge([])
        return
    other = {
        "seed": {"seed": 1},
        "samples": {"samples": 2},
        "units": {},
        "overlap": {},
    }[difference]
    second = collect_sums(
        model,
        batches[2:],
        units[:2] if difference == "units" else units,
        first=1 if difference == "overlap" else 2,
        **other,
    )
    message = "in two of the sums" if difference == "overlap" else f"different {difference}"
    with pytest.raises(InputError, match=message):
        CurvatureSums.merge([first, second])


def squares(model: nn.Module, batch: Tensor) -> Tensor:
    return model(batch).square().sum(1)


def fourth_powers(model: nn.Module, batch: Tensor) -> Tensor:
    return model(batch).pow(4).sum(1)


@pytest.mark.parametrize(
    ("change", "loss", "message"),
    [
        (lambda model: model[0].weight.data.add_(1), squares, "different models"),
        (lambda model: model.__setitem__(1, nn.ReLU()), squares, "different architectures"),
        (lambda _: None, fourth_powers, "different losses"),
        (lambda _: None, "cross-entropy", "different losses"),
    ],
    ids=["numbers", "architecture", "another function", "a name"],
)
def test_sums_of_another_origin_are_refused_saved_or_not(change, loss, message, tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3))
    batches, units = [torch.randn(5, 4) for _ in range(3)], find_units(model)
    first = collect_sums(model, batches[:1], units, loss=squares)
    assert CurvatureSums.merge(
        [collect_sums(model, batches[1:], units, loss=squares, first=1), first]
    )
    change(model)
    other = collect_sums(model, batches[1:2], units, loss=loss, first=1)
    other.save(tmp_path / "other")
    for second in (other, CurvatureSums.load(tmp_path / "other")):
        with pytest.raises(InputError, match=message):
            CurvatureSums.merge([first, second])
    # Of sums of before an origin was noted down it is not known; those around them still tell.
    unknown = collect_sums(model, batches[2:], units, loss=loss, first=2)
    unknown.origin = None
    unknown.save(tmp_path / "unknown")
    loaded = CurvatureSums.load(tmp_path / "unknown")
    assert loaded.origin is None
    assert CurvatureSums.merge([loaded, first]).origin == first.origin
    with pytest.raises(InputError, match=message):
        CurvatureSums.merge([first, loaded, other])


def test_saved_sums_are_the_same(tmp_path):
    model, batches = model_and_batches(3)
    sums = collect_sums(model, batches, find_units(model), first=4)
    sums.save(tmp_path / "sums")
    loaded = CurvatureSums.load(tmp_path / "sums")
    for name in ("units", "seed", "samples", "counts", "outputs", "covered", "double", "origin"):
        assert getattr(loaded, name) == getattr(sums, name)
    same(loaded.curvature(), sums.curvature(), rtol=0, atol=0)
    with pytest.raises(FormatError, match="holds 'kronecker sums', not 'kronecker'"):
        type(sums.curvature()).load(tmp_path / "sums")


class Killed(BaseException):
    pass


def until(batches, stop):
    for index, batch in enumerate(batches):
        if index == stop:
            raise Killed
        yield batch


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_killed_pass_goes_on_to_the_same_bits(tmp_path, monkeypatch, stop):
    monkeypatch.setattr(checkpoint_module, "_SECONDS", 0)
    monkeypatch.setattr(checkpoint_module, "_TIMES", 0)
    model, batches = model_and_batches()
    units, path = find_units(model), tmp_path / "sums"
    whole = collect_curvature(model, batches, units, samples=2)
    with pytest.raises(Killed):
        collect_curvature(model, until(batches, stop), units, samples=2, checkpoint=path)
    assert CurvatureSums.load(path).covered == ((0, stop),)
    calls: list[int] = []
    handle = model.register_forward_pre_hook(lambda _, args: calls.append(args[1]))
    done: list[int] = []
    resumed = collect_curvature(
        model, batches, units, samples=2, checkpoint=path, on_progress=done.append
    )
    assert calls == list(range(stop, 6))
    assert done == list(range(stop + 1, 7))
    same(resumed, whole, rtol=0, atol=0)
    # Once more: nothing is left to do.
    handle.remove()
    same(CurvatureSums.load(path).curvature(), whole, rtol=0, atol=0)
    same(
        collect_curvature(model, batches, units, samples=2, checkpoint=path), whole, rtol=0, atol=0
    )


def test_little_time_is_spent_on_writing(tmp_path, monkeypatch):
    written = []
    save = CurvatureSums.save
    monkeypatch.setattr(
        CurvatureSums, "save", lambda *args, **kw: (written.append(1), save(*args, **kw))
    )
    model, batches = model_and_batches()
    collect_curvature(model, batches, find_units(model), checkpoint=tmp_path / "sums")
    assert len(written) == 1


@pytest.mark.parametrize("changed", ["model", "seed", "samples", "units", "batches", "fewer"])
def test_a_checkpoint_of_another_pass_is_refused(tmp_path, changed):
    model, batches = model_and_batches()
    units, path = find_units(model), tmp_path / "sums"
    collect_sums(model, batches[:3], units, checkpoint=path)
    before = path.read_bytes()
    options = {}
    if changed == "model":
        with torch.no_grad():
            model.layers[0].bias += 1
    elif changed in ("seed", "samples"):
        options = {changed: 2}
    elif changed == "units":
        units = units[:2]
    elif changed == "batches":
        batches[1] = (batches[1][0] + 1, 1)
    else:
        batches = batches[:2]
    with pytest.raises(InputError, match=r"of a pass with another .*; delete it"):
        collect_sums(model, batches, units, checkpoint=path, **options)
    assert path.read_bytes() == before


def test_a_checkpoint_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    model, batches = model_and_batches()
    with pytest.raises(InputError, match="cannot write"):
        collect_sums(model, until(batches, 0), find_units(model), checkpoint=tmp_path / "no" / "x")


@pytest.mark.parametrize("width", [1, 255, 600, 1300])
def test_packed_sums_are_the_whole_symmetric_matrix(width):
    rows = torch.randn(7, width, generator=torch.Generator().manual_seed(0))
    total = add_gram(add_gram(None, rows), rows)
    assert total.dtype == torch.float64
    assert len(total) == packed_size(width) <= width**2
    mean = mean_of(total, width, 14, torch.float32)
    assert torch.equal(mean, mean.T)
    torch.testing.assert_close(mean, rows.T @ rows / 7)
    assert packed_size(1536) < 0.6 * 1536**2


@pytest.mark.parametrize(
    "change",
    [
        {"shapes": {}},
        {"shapes": None},
        {"samples": 0},
        {"covered": [[0]]},
        {"double": 1},
        {"counts": {}},
        {"notes": []},
        {"seed": 1.5},
        {"outputs": "6"},
        {"origin": {"model": "a"}},
        {"origin": {"model": "a", "architecture": "b", "loss": 3}},
        {"origin": ["model", "architecture", "loss"]},
    ],
    ids=str,
)
def test_sums_that_say_something_else_are_refused(tmp_path, change):
    model, batches = model_and_batches(2)
    collect_sums(model, batches, find_units(model)).save(tmp_path / "sums")
    with safe_open(tmp_path / "sums", "pt") as file:
        description = json.loads(file.metadata()["geocolor"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    description["told"] |= change
    metadata = {"geocolor": json.dumps(description)}
    save_file(tensors, tmp_path / "sums", metadata=metadata)
    with pytest.raises(FormatError):
        CurvatureSums.load(tmp_path / "sums")
