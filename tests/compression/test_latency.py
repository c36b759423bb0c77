"""Plans for a budget of time: the best for given times, the same again; and times measured."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import product

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

import geocolor
from geocolor.compression import analyze, compress, conflict_graph, sharing_options
from geocolor.compression.configuration import Configuration, Grouping, preset
from geocolor.compression.latency import measure_latency
from geocolor.compression.latency_file import read_latency, write_latency
from geocolor.compression.planner import Planned, plan_sharing
from geocolor.compression.record import read_record
from geocolor.compression.streaming.analysis import check_streamed
from geocolor.criterion import (
    Budget,
    Form,
    LatencyTable,
    LayerLatency,
    ProductTimes,
    TimesCounting,
)
from geocolor.errors import BudgetError, FormatError, InputError, ModelError
from geocolor.units import find_units

PRIVATE = Configuration(
    "private", forms=(Form.DENSE, Form.BASIS), grouping=Grouping.PRIVATE, budget=Budget.LATENCY
)


def given_times(model: nn.Module, call: float = 30, number: float = 10) -> LatencyTable:
    """A machine on which a product takes so long to call, and so long for each number of it."""

    def times(other: int, most: int) -> ProductTimes:
        widths = tuple(range(1, most + 1))
        return ProductTimes(widths, tuple(call + number * other * width for width in widths))

    layers = []
    for unit in find_units(model):
        rows, columns = unit.shape
        most = max(rows, columns)
        dense = call + number * rows * columns
        layers.append(
            LayerLatency((unit.name,), unit.shape, dense, times(columns, most), times(rows, most))
        )
    return LatencyTable("a machine", "cpu", "float32", 1, 1, "2", tuple(layers))


@pytest.fixture
def chain(mlp):
    torch.manual_seed(0)
    return mlp(6, 9, 7, 5), torch.randn(64, 6)


@pytest.mark.parametrize("keep", [0.6, 0.75, 0.9])
def test_the_plan_is_the_best_of_all_within_the_time(chain, keep):
    model, x = chain
    table = given_times(model)
    analysis = analyze(model, [x], latency=table)
    found = analysis.compress(keep, PRIVATE)
    costs = analysis.costs(PRIVATE)
    curves = [
        [
            (float(curve.costs[at]), int(curve.sizes[at]))
            for form in (Form.DENSE, Form.BASIS)
            for curve in [costs.curve(form, (unit.name,))]
            for at in range(len(curve.costs))
        ]
        for unit in analysis.units
    ]
    whole = sum(layer.dense for layer in table.layers)
    best = min(
        sum(cost for cost, _ in choice)
        for choice in product(*curves)
        if sum(size for _, size in choice) <= keep * whole
    )
    allocation = found.planned.allocation
    assert allocation.cost == pytest.approx(best, rel=1e-6)
    assert allocation.lower_bound <= best * (1 + 1e-6)
    latency = found.report.latency
    assert (latency.before, latency.after, latency.table) == (whole, allocation.size, table)
    assert found.report.kept == latency.after / whole <= keep
    assert sum(_takes(found, name) for name in table_names(table)) == latency.after


def table_names(table: LatencyTable) -> list[str]:
    return [name for layer in table.layers for name in layer.units]


def _takes(found, name: str) -> float:
    """What the stored layer takes on the machine of :func:`given_times`."""
    matrices = [p for p in found.model.get_submodule(name).parameters() if p.ndim == 2]
    # A basis of rank 0 is called too, and takes no less than one of rank 1.
    return sum(30 + 10 * max(matrix.numel(), *matrix.shape) for matrix in matrices)


def test_where_factors_are_slower_at_any_rank_a_matrix_stays_dense(chain):
    model, x = chain
    table = given_times(model)
    first, *rest = table.layers
    slow = tuple(2 * first.dense for _ in first.inward.widths)
    never = replace(first, inward=replace(first.inward, nanoseconds=slow))
    found = compress(model, [x], 0.7, preset=PRIVATE, latency=replace(table, layers=(never, *rest)))
    forms = {group.members[0]: group.form for group in found.plan.groups}
    assert forms[first.units[0]] == "dense"
    assert set(forms.values()) == {"dense", "basis"}


def test_what_cannot_be_reached_is_told_with_what_can(chain):
    model, x = chain
    analysis = analyze(model, [x], latency=given_times(model, call=100))
    with pytest.raises(
        BudgetError, match=r"no plan by this method takes less than 0\.\d+ of the whole"
    ) as told:
        analysis.compress(0.3, PRIVATE)
    assert 0.3 < told.value.least < 1
    least = float(str(told.value).rpartition("keep ")[2].removesuffix(" or more"))
    assert analysis.compress(least, PRIVATE).report.kept <= least


@pytest.fixture(scope="module")
def measured():
    """Three blocks, in which two matrices read one tensor and a hidden layer may be narrowed."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 4)
            self.up, self.down = nn.Linear(6, 9), nn.Linear(9, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x + self.a(x) + functional.pad(self.b(x), (0, 2))
            return x + self.down(self.up(x).tanh())

    torch.manual_seed(0)
    model = nn.Sequential(*(Block() for _ in range(3)))
    analysis = analyze(model, [torch.randn(64, 6)], latency=given_times(model))
    return analysis, model, analysis.costs(replace(preset("default"), budget=Budget.LATENCY))


@settings(max_examples=30)
@given(
    keep=st.floats(0.05, 1),
    call=st.sampled_from([1.0, 30.0, 300.0, 1000.0]),
    factors=st.lists(st.floats(0.2, 3), min_size=4, max_size=4),
    once=st.sampled_from([0.0, 50.0, 5000.0]),
)
# Factors are slower than matrices, so that none is worth sharing and any may be put together.
@example(keep=0.93, call=1000.0, factors=[1.0] * 4, once=0.0)
def test_what_is_told_to_keep_can_be_kept(measured, keep, call, factors, once):
    analysis, model, costs = measured
    table, layers = given_times(model, call), []
    for at, layer in enumerate(table.layers):
        inward = tuple(factors[at % 4] * time for time in layer.inward.nanoseconds)
        layers.append(replace(layer, inward=replace(layer.inward, nanoseconds=inward)))
    changed = replace(table, layers=tuple(layers), once=once)
    timed = costs.counted(TimesCounting(changed, analysis._uses))

    def plan(share: float) -> Planned:
        return plan_sharing(
            analysis.units, timed, preset("default"), share, seed=0, progress=lambda *_: None
        )

    told = None
    try:
        found = plan(keep)
    except BudgetError as error:
        told = error
    if told is not None:
        least = float(str(told).rpartition("keep ")[2].removesuffix(" or more"))
        assert keep < told.least <= least <= 1
        with pytest.raises(BudgetError) as again:
            plan(0.9 * told.least)
        assert again.value.least == told.least
        found, keep = plan(least), least
    whole = timed.whole(unit.name for unit in analysis.units)
    assert found.allocation.size <= keep * whole * (1 + 1e-12)


@pytest.mark.parametrize(("call", "least", "fitted"), [(100, 0.5, True), (300, 0.8, False)])
def test_random_plans_that_cannot_be_reached_are_left_out(chain, call, least, fitted):
    """Small ones at some cost of a call, and at a higher one those that groups are found at too."""
    model, x = chain
    analysis = analyze(model, [x], latency=given_times(model, call=call))
    with pytest.raises(BudgetError):
        analysis.compress(least, PRIVATE)
    fit = analysis.fit_prediction(PRIVATE, plans=4)
    assert (fit is not None) == fitted
    report = analysis.compress(0.97, PRIVATE).report
    assert report.kept <= 0.97
    assert report.unfitted != fitted


def test_a_plan_is_repeated_from_what_was_saved(tiny_llama, tokens, tmp_path):
    model = tiny_llama()
    table = given_times(model)
    first = compress(model, tokens, 0.7, budget="latency", latency=table)
    first.save(tmp_path / "first")
    assert read_record(tmp_path / "first").report == first.report
    write_latency(table, tmp_path / "times.json")
    for path in (tmp_path / "first", tmp_path / "times.json"):
        assert read_latency(path) == table
        again = compress(model, tokens, 0.7, budget="latency", latency=read_latency(path))
        assert again.plan == first.plan
    text = str(first.report)
    assert "keep 0.7 of the shareable matrices' time" in text
    assert "by times of single layers: 1 token, float32, cpu, 1 thread of a machine" in text
    assert json.loads(json.dumps(first.report.to_json()))["kept"] == first.report.kept <= 0.7
    counted = {"tied", "residual"} & {group.form for group in first.plan.groups}
    assert not counted


def test_graphs_and_options_count_time_too(tiny_llama, tokens):
    model = tiny_llama()
    table = given_times(model)
    options = sharing_options(model, tokens, 0.7, budget="latency", latency=table)
    whole = {layer.dense for layer in table.layers}
    dense = {
        int(size)
        for form, size in zip(options.forms, options.sizes, strict=True)
        if form == "dense"
    }
    assert dense == whole
    graph = conflict_graph(model, tokens, 0.7, budget="latency", latency=table)
    assert graph.num_nodes == len(find_units(model))


def test_layers_are_timed_once_for_all_that_do_the_same(tiny_llama, tokens):
    model = tiny_llama()
    table = geocolor.measure_latency(model, tokens=2, threads=1)
    assert {layer.shape for layer in table.layers} == {(32, 32), (16, 32), (48, 32), (32, 48)}
    assert sorted(table_names(table)) == sorted(unit.name for unit in find_units(model))
    assert (table.tokens, table.dtype, table.device, table.threads) == (2, "float32", "cpu", 1)
    # On matrices this small factors may well be slower at any rank.
    assert compress(model, tokens, 1.0, budget="latency", latency=table).report.kept <= 1
    # Without a table a model that writes is timed on one token, any other on a sample.
    assert analyze(model, tokens).latency.tokens == 1


def test_convolutions_are_timed_where_they_are_applied():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.Flatten(),
        nn.Linear(8 * 9, 5),
    )  # fmt: skip
    images = torch.randn(16, 3, 8, 8)
    table = measure_latency(model, sample=images[:1], dtype=torch.bfloat16)
    assert [layer.shape for layer in table.layers] == [(8, 27), (8, 72), (5, 72)]
    assert (table.tokens, table.dtype) == (0, "bfloat16")
    found = compress(model, [images], 1.0, budget="latency", loss="squared-error", latency=table)
    assert found.report.kept <= 1
    assert "one sample, bfloat16" in str(found.report)
    with pytest.raises(ModelError, match="0 is a convolution: give a sample"):
        measure_latency(model)


def test_a_layer_that_is_called_twice_takes_twice_as_long():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(self.a(self.a(x)))

    table = measure_latency(Twice(), sample=torch.randn(1, 6))
    a, b = table.layers
    assert a.dense == pytest.approx(2 * b.dense)
    assert a.inward.nanoseconds == pytest.approx([2 * time for time in b.inward.nanoseconds])


def test_transposed_layers_of_models_that_only_have_shapes_are_timed(tiny_llama):
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=40, n_positions=16)
    with torch.device("meta"):
        model = transformers.GPT2LMHeadModel(config)
    table = measure_latency(model)
    assert (48, 16) in {layer.shape for layer in table.layers}
    assert table.device == "cpu"


def test_timing_draws_no_random_numbers(chain):
    model, x = chain
    before = torch.get_rng_state()
    measure_latency(model)
    compress(model, [x], 1, preset=PRIVATE)
    assert torch.equal(torch.get_rng_state(), before)


def test_what_makes_no_sense_is_refused(chain, tmp_path):
    model, x = chain
    for wrong in ({"tokens": 0}, {"threads": 0}):
        with pytest.raises(InputError, match="must be positive"):
            measure_latency(model, **wrong)
    with pytest.raises(InputError, match="cannot time on"):
        measure_latency(model, device="cuda:77")
    with pytest.raises(InputError, match="one ratio for all ranks is none of time"):
        replace(preset("svd-llm"), budget=Budget.LATENCY)
    with pytest.raises(InputError, match="slower than a matrix at any rank: allow dense"):
        replace(PRIVATE, forms=(Form.BASIS,))
    with pytest.raises(InputError, match="layers are not timed"):
        check_streamed(PRIVATE)
    other = given_times(nn.Sequential(nn.Linear(6, 6)))
    with pytest.raises(InputError, match="no times of"):
        compress(model, [x], 0.8, preset=PRIVATE, latency=other)
    for call in (compress, conflict_graph, sharing_options):
        with pytest.raises(InputError, match="default counts params: give budget='latency' too"):
            call(model, [x], 0.8, latency=given_times(model))
    compress(model, [x], 0.8).save(tmp_path / "by-size")
    with pytest.raises(InputError, match="planned for another budget"):
        read_latency(tmp_path / "by-size")
    table = asdict(given_times(model))
    table["layers"][0]["inward"]["widths"] = [3, 2, 1]
    path = tmp_path / "times.json"
    for data, message in (
        ({"format": "other"}, "another kind of file"),
        ({"format": "geocolor.latency", "version": 1}, "machine is missing"),
        ({"format": "geocolor.latency", "version": 1, **table}, r"layers\[0\].inward: times are"),
    ):
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(FormatError, match=message):
            read_latency(path)
