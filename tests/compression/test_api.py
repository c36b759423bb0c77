"""Compression end to end on tiny models."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from geocolor.compression import PRESETS, analyze, compress, conflict_graph, load, sharing_options
from geocolor.compression.planner import whole_budget
from geocolor.compression.record import read_record
from geocolor.criterion import Form, LatencyTable
from geocolor.errors import BudgetError, InputError, ModelError
from geocolor.sharing import FactoredLinear
from geocolor.units import find_units, fold_norms

KEEPS = [0.15, 0.5, 0.9]

NO_TIMES = LatencyTable("", "cpu", "float32", 1, 1, "", ())

# Ties alone cannot store as little as some budgets here ask for.
ANY_BUDGET = [name for name in PRESETS if name != "uniform-tie"]


def unique(model: nn.Module, name: Callable[[str], bool] = lambda _: True) -> int:
    """Parameters counted once a storage, without the package's help."""
    seen = {
        value.untyped_storage().data_ptr(): value.numel()
        for key, value in model.named_parameters(remove_duplicate=False)
        if name(key) and value.numel()
    }
    return sum(seen.values())


def is_matrix_of_block(name: str) -> bool:
    return (
        ".layers." in name
        and name.endswith((".weight", ".first", ".second"))
        and ("norm" not in name)
    )


def same_state(model: nn.Module, state: dict[str, Tensor]) -> bool:
    now = model.state_dict()
    return now.keys() == state.keys() and all(torch.equal(now[key], state[key]) for key in now)


def logits(model: Any, batch: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return model(**batch).logits


@pytest.mark.parametrize("preset", ANY_BUDGET)
def test_the_budget_is_met_and_counted_honestly(tiny_llama, tokens, preset):
    model = tiny_llama()
    analysis = analyze(model, tokens)
    units = sum(unit.parameters for unit in analysis.units)
    for keep in KEEPS:
        compressed = analysis.compress(keep, preset)
        report, smaller = compressed.report, compressed.model
        assert report.kept <= keep
        assert report.before.unit_parameters == units
        assert report.before.parameters == unique(model)
        assert report.after.parameters == unique(smaller)
        assert report.after.unit_parameters == unique(smaller, is_matrix_of_block)
        assert report.after.bytes == 4 * report.after.parameters
        others = report.before.parameters - report.before.unit_parameters
        assert report.after.parameters - report.after.unit_parameters == others
        assert report.kept == report.after.unit_parameters / units
        if preset == "default":
            assert report.after.unit_parameters == compressed.planned.allocation.size
            # What is left is less than one more rank of the widest group.
            choices = compressed.planned.allocation.choices
            step = max(np.diff(c.curve.sizes, append=c.curve.sizes[-1]).max() for c in choices)
            assert report.after.unit_parameters > keep * units - step
            assert 0 <= report.cost_gap < 1


def test_the_plan_names_every_unit_once(tiny_llama, tokens):
    model = tiny_llama()
    compressed = compress(model, tokens, 0.5)
    assert sorted(compressed.plan.colors) == sorted(unit.name for unit in find_units(model))
    for group in compressed.plan.groups:
        layers = [compressed.model.get_submodule(name) for name in group.members]
        if group.form == "dense":
            assert all(type(layer) is nn.Linear for layer in layers)
        elif group.form == "tied":
            assert all(layer.weight is layers[0].weight for layer in layers)
        elif group.form == "narrow":
            *writers, reader = layers
            assert {layer.out_features for layer in writers} == {group.rank}
            assert {reader.in_features, reader.weight.shape[1]} == {group.rank}
        else:
            assert all(isinstance(layer, FactoredLinear) for layer in layers)
            assert {layer.rank for layer in layers} == {group.rank}
            shared = "first" if group.side == "read" else "second"
            assert all(getattr(x, shared) is getattr(layers[0], shared) for x in layers)


@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_the_prediction_is_the_criterion_on_what_is_stored(tiny_llama, tokens, stored, keep):
    model = tiny_llama().double()
    analysis = analyze(model, tokens)
    folded = copy.deepcopy(model)
    fold_norms(folded)
    compressed = analysis.compress(keep)
    narrowed = {name: g.members for g in compressed.plan.narrowed_groups for name in g.members}
    assert narrowed
    total = 0.0
    for unit in analysis.units:
        factors = analysis.curvature.factors[unit.name]
        before, after = stored(folded, unit.name), stored(compressed.model, unit.name)
        if unit.name in narrowed:
            writer, reader = narrowed[unit.name][0], narrowed[unit.name][-1]
            rows = stored(folded, writer).tolist()
            kept = [rows.index(row) for row in stored(compressed.model, writer).tolist()]
            chosen = torch.tensor(kept, dtype=torch.int64)
            if unit.name != reader:
                # What writes hidden units keeps the rows of those that stay.
                assert torch.equal(after, before[chosen])
                continue
            after = torch.zeros_like(before).index_copy(1, chosen, after)
        error = after - before
        total += 0.5 * float(torch.trace(factors.gradients @ error @ factors.inputs @ error.T))
    assert total > 0
    assert compressed.report.predicted_increase == pytest.approx(total, rel=1e-6)
    # The plan's own figure has damping on top.
    assert compressed.planned.allocation.cost > total


def test_published_predictions_are_on_the_same_scale(tiny_llama, tokens, stored):
    # Without folding, the same function in other coordinates: the scales must come out.
    model = tiny_llama().double()
    analysis = analyze(model, tokens)
    compressed = analysis.compress(0.5, "svd-llm")
    total = 0.0
    for unit in analysis.units:
        factors = analysis.curvature.factors[unit.name]
        error = stored(compressed.model, unit.name) - stored(model, unit.name)
        layer, part = model.model.layers[unit.layer], unit.name.rpartition(".")[2]
        if part in ("q_proj", "k_proj", "v_proj"):
            error = error * layer.input_layernorm.weight.detach()
        elif part in ("gate_proj", "up_proj"):
            error = error * layer.post_attention_layernorm.weight.detach()
        total += 0.5 * float(torch.trace(factors.gradients @ error @ factors.inputs @ error.T))
    # An error of the unfolded matrix is one of the folded matrix divided by the scale, and the
    # input factor multiplied by it, so both writings agree.
    assert compressed.report.predicted_increase == pytest.approx(total, rel=1e-6)


def test_the_measured_increase_is_the_divergence(tiny_llama, tokens):
    model = tiny_llama().double()
    compressed = compress(model, tokens, 0.4, evaluation=tokens[:1])
    p, q = (logits(m, tokens[0]).log_softmax(-1) for m in (model, compressed.model))
    expected = float((p.exp() * (p - q)).sum(-1).mean())
    assert compressed.report.measured_increase == pytest.approx(expected, rel=1e-6)
    assert compressed.report.measured_on == "evaluation"
    assert compress(model, tokens, 0.4).report.measured_on == "calibration"


@pytest.mark.parametrize("preset", list(PRESETS))
def test_keeping_everything_keeps_the_function(tiny_llama, tokens, mlp, preset):
    model = tiny_llama().double()
    compressed = compress(model, tokens, 1.0, preset=preset)
    before, after = logits(model, tokens[0]), logits(compressed.model, tokens[0])
    torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)
    assert compressed.report.kept == 1.0
    plain, x = mlp(6, 10, 8), torch.randn(32, 6)
    assert torch.equal(compress(plain, [x], 1.0, preset=preset).model(x), plain(x))


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_model_is_left_untouched(tiny_llama, tokens, preset):
    model = tiny_llama().train()
    model.model.layers[0].mlp.up_proj.weight.requires_grad_(False)
    state, modules = copy.deepcopy(model.state_dict()), dict(model.named_modules())
    flags = [parameter.requires_grad for parameter in model.parameters()]
    generator = torch.get_rng_state()
    compressed = compress(model, tokens, 0.5, preset=preset)
    assert same_state(model, state)
    assert dict(model.named_modules()) == modules
    assert all(module.training for module in modules.values())
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), generator)
    assert not compressed.model.training
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    assert not any(p.untyped_storage().data_ptr() in own for p in compressed.model.parameters())


def test_in_place_the_model_itself_becomes_smaller(tiny_llama, tokens):
    model = tiny_llama()
    apart = compress(model, tokens, 0.5)
    inside = compress(model, tokens, 0.5, inplace=True)
    assert inside.model is model
    assert inside.plan == apart.plan
    assert torch.equal(logits(model, tokens[0]), logits(apart.model, tokens[0]))
    analysis = analyze(tiny_llama(), tokens, inplace=True)
    analysis.compress(0.5)
    with pytest.raises(InputError, match="analyze it anew"):
        analysis.compress(0.5)


def test_published_methods_refuse_to_work_in_place_on_folded_norms(tiny_llama, tokens):
    with pytest.raises(InputError, match="does not work in place"):
        compress(tiny_llama(), tokens, 0.5, preset="svd-llm", inplace=True)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_fixes_the_result(tiny_llama, tokens, seed):
    model = tiny_llama()
    first, second = (compress(model, tokens, 0.5, seed=seed) for _ in range(2))
    assert first.plan == second.plan
    assert same_state(first.model, second.model.state_dict())


def test_identical_layers_are_tied_for_nothing(tiny_llama, tokens):
    model = tiny_llama()
    for layer in model.model.layers[1:]:
        layer.load_state_dict(model.model.layers[0].state_dict())
    compressed = compress(model, tokens, 0.55)
    # Each matrix pairs with that of the next layer; at no cost there is no reason to keep more.
    assert all(group.form == "tied" for group in compressed.plan.groups)
    assert sorted(len(group.members) for group in compressed.plan.groups) == [2] * 14
    assert compressed.report.kept == 0.5
    assert compressed.report.predicted_increase < 1e-9
    assert compressed.report.measured_increase < 1e-6
    torch.testing.assert_close(
        logits(compressed.model, tokens[0]), logits(model, tokens[0]), rtol=1e-4, atol=1e-4
    )


def test_identical_layers_of_a_plain_network_are_tied_too(mlp):
    model, x = mlp(8, 8, 8, 8, 8), torch.randn(64, 8)
    for i in (2, 4, 6):
        model[i].load_state_dict(model[0].state_dict())
    compressed = compress(model, [x], 0.5)
    assert {group.form for group in compressed.plan.groups} == {"tied"}
    torch.testing.assert_close(compressed.model(x), model(x))


def test_biases_stay(mlp):
    model, x = mlp(8, 16, 16, 8), torch.randn(128, 8)
    compressed = compress(model, [x], 0.3)
    writers = {name for group in compressed.plan.narrowed_groups for name in group.members[:-1]}
    for i in (0, 2, 4):
        bias = compressed.model.get_submodule(str(i)).bias
        assert bias is not model[i].bias
        # Hidden units that are gone have no bias.
        assert set(bias.tolist()) <= set(model[i].bias.tolist())
        if str(i) not in writers:
            assert torch.equal(bias, model[i].bias)


@pytest.mark.parametrize("preset", ANY_BUDGET)
def test_a_plain_network_end_to_end(mlp, preset, tmp_path):
    model, x = mlp(8, 32, 32, 8), torch.randn(256, 8)
    compressed = compress(model, [x[:100], x[100:]], 0.6, preset=preset)
    assert 0.4 < compressed.report.kept <= 0.6
    error = (compressed.model(x) - model(x)).detach().square().sum(-1).mean() / 2
    assert compressed.report.measured_increase == pytest.approx(float(error), rel=1e-4)
    assert 0 < float(error) < float(model(x).detach().square().sum(-1).mean()) / 2
    compressed.save(tmp_path / "saved")
    loaded = load(tmp_path / "saved", model=mlp(8, 32, 32, 8, seed=5))
    assert torch.equal(loaded(x), compressed.model(x))


def test_more_parameters_cost_less(mlp):
    model, x = mlp(8, 32, 32, 8), torch.randn(256, 8)
    analysis = analyze(model, [x])
    predicted = [analysis.compress(keep).report.predicted_increase for keep in (0.1, 0.4, 0.7, 1.0)]
    assert predicted == sorted(predicted, reverse=True)
    assert predicted[-1] == 0


def test_the_default_costs_less_than_the_published_methods(tiny_llama, tokens):
    analysis = analyze(tiny_llama(), tokens)
    for keep in KEEPS:
        default, *published = (
            analysis.compress(keep, preset).report.predicted_increase
            for preset in ("default", "svd-llm", "basis-sharing")
        )
        assert all(default < other for other in published)


def test_a_bert_end_to_end(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        vocab_size=50,
        max_position_embeddings=32,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.BertModel(config).eval()
        ids = torch.randint(0, 50, (8, 12))
    mask = (torch.arange(12) < torch.arange(5, 13)[:, None]).long()
    batch = {"input_ids": ids, "attention_mask": mask}
    compressed = compress(model, [batch], 0.6)
    assert 0.58 < compressed.report.kept <= 0.6
    assert {group.side for group in compressed.plan.groups} == {"read", "write"}
    with torch.no_grad():
        before, after = (m(**batch).last_hidden_state for m in (model, compressed.model))
    # Padding is not measured.
    error = (before - after)[mask.bool()].double().square().sum() / (2 * mask.sum())
    assert compressed.report.measured_increase == pytest.approx(float(error), rel=1e-4)
    compressed.save(tmp_path / "bert")
    loaded = load(tmp_path / "bert")
    with torch.no_grad():
        assert torch.equal(loaded(**batch).last_hidden_state, after)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_modules_that_look_at_the_weights_of_their_layers_still_work(preset):
    # In eval mode the encoder hands its layers' weights to a fused kernel.
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.randn(16, 5, 16)
    compressed = compress(model, [x], 0.5, preset=preset).model
    slow = compressed(x)
    with torch.no_grad():
        fused = compressed(x)
    torch.testing.assert_close(fused, slow, rtol=1e-4, atol=1e-4)


def test_half_precision_models_stay_so(tiny_llama, tokens):
    model = tiny_llama().bfloat16()
    compressed = compress(model, tokens, 0.5)
    assert {parameter.dtype for parameter in compressed.model.parameters()} == {torch.bfloat16}
    assert compressed.report.kept <= 0.5
    assert compressed.report.after.bytes == 2 * compressed.report.after.parameters


def test_zero_matrices_cost_nothing(mlp):
    model, x = mlp(8, 8, 8, 8), torch.randn(32, 8)
    with torch.no_grad():
        for i in (0, 2, 4):
            model[i].weight.zero_()
    compressed = compress(model, [x], 0.5)
    assert compressed.report.predicted_increase == 0
    torch.testing.assert_close(compressed.model(x), model(x))


def test_a_saved_llama_comes_back(tiny_llama, tokens, tmp_path):
    model = tiny_llama(tie_word_embeddings=True)
    compressed = compress(model, tokens, 0.5)
    assert compressed.report.before.parameters == unique(model)
    compressed.save(tmp_path / "a")
    for loaded in (
        load(tmp_path / "a"),
        load(tmp_path / "a", model=tiny_llama(7, tie_word_embeddings=True)),
    ):
        assert torch.equal(logits(loaded, tokens[0]), logits(compressed.model, tokens[0]))
        assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
        assert unique(loaded) == compressed.report.after.parameters
    description = json.loads((tmp_path / "a" / "geocolor.json").read_text())
    assert description["details"]["report"]["kept"] == compressed.report.kept
    assert description["details"]["configuration"]["name"] == "default"


def test_the_conflict_graph_weighs_pairs_at_the_price_of_the_budget(tiny_llama, tokens):
    model = tiny_llama()
    graph = conflict_graph(model, tokens, 0.6)
    units = find_units(model)
    assert list(graph.labels) == [unit.name for unit in units]
    assert list(graph.sizes) == [unit.parameters for unit in units]
    # 3 neighbours for each of 7 roles; q, k, v and gate, up of each layer.
    assert graph.weights.num_edges == 3 * 7 + 4 * (3 + 1)
    assert graph.conflicts.num_edges == 28 * 27 // 2 - graph.weights.num_edges
    tighter = conflict_graph(model, tokens, 0.2)
    assert graph.weights.edge_values() != pytest.approx(tighter.weights.edge_values())


def test_progress_names_its_stages(mlp):
    stages: list[tuple[str, int, int]] = []
    compress(mlp(8, 8, 8, 8), [torch.randn(9, 8)] * 3, 0.5, on_progress=lambda *x: stages.append(x))
    assert [s for s in stages if s[0] == "calibrating"] == [
        ("calibrating", i, 3) for i in (1, 2, 3)
    ]
    assert {stage for stage, _, _ in stages} >= {
        "reference",
        "pricing pairs",
        "fitting",
        "measuring",
    }


class Untouchable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2)])

    def forward(self, *_: Any) -> Tensor:
        raise AssertionError("the model was run before its arguments were checked")


@pytest.mark.parametrize("keep", [0, -0.1, 1.01, float("nan"), float("inf")])
def test_a_share_out_of_range_is_refused_before_any_work(keep):
    for call in (compress, conflict_graph):
        with pytest.raises(InputError, match="keep must be in"):
            call(Untouchable(), [torch.zeros(1, 2)], keep)


def test_an_unknown_preset_is_refused_before_any_work():
    for call in (compress, conflict_graph):
        with pytest.raises(InputError, match="no preset 'best'; choose one of default"):
            call(Untouchable(), [torch.zeros(1, 2)], 0.5, preset="best")
    with pytest.raises(InputError, match="no price"):
        conflict_graph(Untouchable(), [torch.zeros(1, 2)], 1.0)


def test_data_that_cannot_be_used_is_refused(mlp):
    model, x = mlp(4, 4, 4), torch.randn(8, 4)
    for batches in ([], None, x, {"x": x}, ["text"], [torch.zeros(0, 4)], [x / 0]):
        with pytest.raises(ModelError):
            compress(model, batches, 0.5)
    for evaluation in ([], [torch.zeros(0, 4)], x):
        with pytest.raises(ModelError):
            compress(model, [x], 0.5, evaluation=evaluation)


def test_models_that_cannot_be_used_are_refused(mlp):
    x = torch.randn(1, 3, 8, 8)
    with pytest.raises(ModelError, match="no Linear, Conv1D or convolution layer"):
        compress(nn.Sequential(nn.Conv2d(3, 3, 3, groups=3)), [x], 0.5)
    broken = mlp(4, 4, 4)
    with torch.no_grad():
        broken[2].weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match="not finite"):
        compress(broken, [torch.randn(8, 4)], 0.5)


def test_a_configuration_of_ones_own(mlp):
    model, x = mlp(8, 32, 32, 8), torch.randn(256, 8)
    private = replace(PRESETS["default"], name="private", forms=(Form.BASIS,))
    compressed = compress(model, [x], 0.5, preset=private)
    assert compressed.report.method == "private"
    assert {group.form for group in compressed.plan.groups} == {"basis"}
    dense = replace(private, forms=(Form.DENSE,))
    with pytest.raises(InputError, match="no plan by this method takes less than 1 of the whole"):
        compress(model, [x], 0.5, preset=dense)


@pytest.mark.parametrize("forms", [("dense", "tied"), ("dense", "residual", "tied")])
def test_ties_alone_meet_what_matrices_on_their_own_cannot(mlp, forms):
    torch.manual_seed(0)
    model, x = mlp(8, *[8] * 4), torch.randn(256, 8)
    alone = replace(PRESETS["default"], name="ties", forms=tuple(map(Form, forms)))
    with torch.no_grad():
        for layer in model[2::2]:
            layer.weight.copy_(model[0].weight + 0.1 * torch.randn(8, 8))
    compressed = compress(model, [x], 0.6, preset=alone)
    assert compressed.report.kept <= 0.6
    assert {group.form for group in compressed.plan.shared_groups} <= {"tied", "residual"}
    # Two matrices of four tie with nothing.
    with torch.no_grad():
        for layer in model[4::2]:
            layer.weight.copy_(torch.randn(8, 8))
    with pytest.raises(BudgetError, match=r"takes less than 0\.75 of the whole") as told:
        compress(model, [x], 0.6, preset=alone)
    assert compress(model, [x], told.value.least, preset=alone).report.kept == 0.75


def test_a_share_is_what_it_reads(mlp):
    analysis = analyze(mlp(10, 10), [torch.randn(64, 10)])
    budget = whole_budget(analysis.units, analysis.costs(PRESETS["default"]), 0.29)
    assert budget == 29 > 0.29 * 100


DEFAULT = PRESETS["default"]
FORMS = {
    "factors": ((8, 32, 32, 8), replace(DEFAULT, forms=(Form.BASIS,))),
    "ties": ((8, 8, 8, 8), PRESETS["uniform-tie"]),
    "narrow": ((8, 32, 8), replace(DEFAULT, forms=(Form.DENSE, Form.NARROW))),
}


@pytest.mark.parametrize(("widths", "configuration"), FORMS.values(), ids=FORMS)
def test_what_is_compressed_already_is_refused_whatever_its_forms(mlp, widths, configuration):
    x = torch.randn(64, 8)
    smaller = compress(mlp(*widths), [x], 0.7, preset=configuration).model
    for model in (smaller, copy.deepcopy(smaller), nn.Sequential(smaller)):
        with pytest.raises(ModelError, match="compressed already"):
            compress(model, [x], 0.5)


def test_one_of_several_that_were_compressed_is_refused(mlp):
    x = torch.randn(64, 8)
    several = [mlp(8, 8, 8, seed=seed) for seed in range(2)]
    smaller = compress(several, [x], 0.7, preset="uniform-tie").model
    for model in (smaller, *smaller):
        with pytest.raises(ModelError, match="compressed already"):
            compress(model, [x], 0.5)


def test_a_batch_the_model_does_not_take_is_named(mlp):
    for batch, words in (
        (torch.randn(4, 7), r"shape \(4, 7\)"),
        ({"nonsense": torch.randn(4, 8)}, r"nonsense \(4, 8\)"),
        ((torch.randn(4, 7), 3), r"\(4, 7\), int"),
    ):
        with pytest.raises(ModelError, match=f"Sequential failed on a batch of {words}"):
            compress(mlp(8, 16, 8), [batch], 0.5)


@pytest.mark.parametrize("keep", ["0.5", None, True])
def test_keep_must_be_a_number(keep):
    with pytest.raises(InputError, match="keep must be in"):
        compress(nn.Linear(2, 2), [torch.zeros(1, 2)], keep)


@pytest.mark.parametrize("number", [np.float32, np.float64, Fraction])
def test_keep_may_be_a_number_of_another_kind(mlp, number):
    batch = torch.randn(64, 8)
    plain, same = (compress(mlp(8, 16, 8), [batch], keep) for keep in (0.5, number(0.5)))
    assert same.plan == plain.plan
    assert json.dumps(same.report.to_json()["keep"]) == "0.5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random_plans": 2}, "a fit takes 4 plans or more, not 2"),
        ({"random_plans": -3}, "a fit takes 4 plans or more, not -3"),
        ({"random_plans": 8, "preset": "svd-llm"}, "svd-llm sets ranks without a price"),
        ({"random_plans": 8, "preset": "uniform-tie"}, "whatever it costs"),
        ({"random_plans": "x"}, "number of plans must be a whole number, not 'x'"),
        ({"random_plans": 4.0}, r"number of plans must be a whole number, not 4\.0"),
        ({"budget": "latency", "latency": NO_TIMES}, "have no times of"),
        ({"budget": "latency", "latency": 3}, "what measure_latency gives, not int"),
        ({"preset": None}, "a preset is a name or a Configuration, not NoneType"),
        ({"budget": 3}, "no budget of 3"),
    ],
)
def test_what_cannot_be_had_is_refused_before_any_work(options, message):
    with pytest.raises(InputError, match=message):
        compress(Untouchable(), [torch.zeros(1, 2)], **options)


@pytest.mark.parametrize("call", [compress, conflict_graph, sharing_options, analyze])
@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (-1, "the seed must not be negative: -1"),
        (1.5, r"the seed must be a whole number, not 1\.5"),
        (None, "the seed must be a whole number, not None"),
    ],
)
def test_a_wrong_seed_is_refused_before_any_work(call, seed, message):
    with pytest.raises(InputError, match=message):
        call(Untouchable(), [torch.zeros(1, 2)], seed=seed)


def test_a_seed_may_be_of_numpy(mlp, tmp_path):
    compressed = compress(mlp(8, 16, 8), [torch.randn(64, 8)], 0.5, seed=np.int64(3))
    compressed.save(tmp_path / "out")
    assert read_record(tmp_path / "out").origin.seed == 3


def test_a_rule_that_does_not_work_in_place_is_refused_before_the_work(tiny_llama):
    model = tiny_llama(num_hidden_layers=1)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(InputError, match="svd-llm does not work in place"):
        compress(model, [torch.zeros(1, 8, dtype=torch.int64)], preset="svd-llm", inplace=True)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_costs_serve_all_methods_that_agree_in_them_until_forgotten(tiny_llama, tokens):
    analysis = analyze(tiny_llama(), tokens)
    default, private = PRESETS["default"], PRESETS["private"]
    costs = analysis.costs(default)
    assert analysis.costs(private) is costs
    fixed = analysis.costs(PRESETS["fixed-width"])
    analysis.forget(besides="private")
    assert analysis.costs(default) is costs
    assert analysis.costs(PRESETS["fixed-width"]) is not fixed


def test_without_narrowing_every_layer_keeps_its_width_and_without_sharing_no_two_share(
    tiny_llama, tokens
):
    analysis = analyze(tiny_llama(), tokens)
    fixed = analysis.compress(0.5, "fixed-width")
    assert fixed.plan.narrowed_groups == ()
    private = analysis.compress(0.5, "private")
    assert private.plan.shared_groups == ()
    assert private.plan.narrowed_groups
    default = analysis.compress(0.5)
    # More to choose from is never worse by the plan's own account.
    best = default.planned.allocation.cost
    assert best <= private.planned.allocation.cost * (1 + 1e-6)
    assert best <= fixed.planned.allocation.cost * (1 + 1e-6)


def test_a_data_loader_with_labels_calibrates_as_its_inputs_do(mlp):
    x, labels = torch.randn(64, 8), torch.arange(64)
    data = torch.utils.data.TensorDataset(x, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=16)
    model = mlp(8, 32, 8)
    loaded = compress(model, loader, 0.5).model
    plain = compress(model, list(x.split(16)), 0.5).model
    assert torch.equal(loaded(x), plain(x))


def test_the_increase_of_a_given_loss_is_measured(mlp):
    model, x, y = mlp(8, 32, 32, 4), torch.randn(256, 8), torch.randint(0, 4, (256,))

    def loss(model, batch):
        return torch.nn.functional.cross_entropy(model(batch[0]), batch[1], reduction="none")

    compressed = compress(model, [(x, y)], 0.3, loss=loss)
    with torch.no_grad():
        increase = (loss(compressed.model, (x, y)) - loss(model, (x, y))).mean()
    assert compressed.report.measured_increase == pytest.approx(float(increase), abs=1e-6)


def test_a_loss_of_ones_own_may_fall(mlp):
    x, y = torch.randn(32, 6), torch.randn(32, 4)
    model = mlp(6, 16, 4)
    with torch.no_grad():
        model[2].weight.mul_(6)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return (model(batch[0]) - batch[1]).square().sum(-1) / 2

    report = compress(model, [(x, y)], keep=0.3, loss=loss).report
    assert report.measured_increase < 0
    assert f", {report.measured_increase:.4f} measured" in str(report)
    assert "+-" not in str(report)


def test_a_classifier_without_a_wrapper_is_scored_by_its_classes(mlp):
    model, x = mlp(8, 32, 32, 4), torch.randn(256, 8)
    compressed = compress(model, [x], 0.3, loss="cross-entropy")
    with torch.no_grad():
        before, after = model(x).log_softmax(1), compressed.model(x).log_softmax(1)
    divergence = float((before.exp() * (before - after)).sum(1).mean())
    assert compressed.report.measured_increase == pytest.approx(divergence, rel=1e-3)


def meta() -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))


def normed() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(6, 6)), nn.Linear(6, 6))


def test_a_model_made_for_inference_alone_is_copied_or_refused(mlp):
    with torch.inference_mode():
        model = mlp(8, 16, 8)
    x = torch.randn(64, 8)
    assert compress(model, [x], 0.5).report.kept <= 0.5
    with pytest.raises(ModelError, match=r"0\.weight was made under torch\.inference_mode"):
        compress(model, [x], 0.5, inplace=True)


def quantized() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
        return torch.ao.quantization.quantize_dynamic(model, {"0"})


def scripted(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(module)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nn.Sequential(nn.Linear(6, 6), scripted(nn.Linear(6, 6))), "1 is scripted"),
        (meta, r"0\.weight is on the meta device, without values"),
        (normed, r"0\.weight is computed from other parameters, .*remove_weight_norm"),
        (quantized, r"0\.\S+ in the model's state is a \w+, no parameter .*before it is quantized"),
    ],
)
def test_a_model_that_cannot_be_worked_on_is_refused_at_once(build, message):
    with pytest.raises(ModelError, match=message):
        compress(build(), [torch.randn(8, 6)], 0.5)


def test_a_scripted_part_without_parameters_stays_as_it_is():
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), scripted(nn.Tanh()))
    compressed = compress(model, [torch.randn(64, 6)], 0.6)
    assert compressed.report.kept <= 0.6
    assert isinstance(compressed.model[3], torch.jit.ScriptModule)
