"""The published methods against a direct writing of their rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from geocolor.compression import Configuration, compress, conflict_graph
from geocolor.errors import InputError

READERS = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
)
WRITERS = ("self_attn.o_proj", "mlp.down_proj")


def activations(model: Any, tokens: list[dict[str, torch.Tensor]]) -> dict[str, NDArray[Any]]:
    """``sum X^T X`` of every block matrix, raw."""
    sums: dict[str, NDArray[Any]] = {}

    def watch(name: str) -> Any:
        def hook(_module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            rows = inputs[0].reshape(-1, inputs[0].shape[-1]).numpy()
            sums[name] = sums.get(name, 0) + rows.T @ rows

        return hook

    handles = [
        module.register_forward_pre_hook(watch(name))
        for name, module in model.named_modules()
        if "layers." in name and isinstance(module, torch.nn.Linear)
    ]
    with torch.no_grad():
        for batch in tokens:
            model(**batch)
    for handle in handles:
        handle.remove()
    return sums


def whitened_truncation(weight: NDArray[Any], moment: NDArray[Any], rank: int) -> NDArray[Any]:
    """``SVD_rank(W S) S^-1`` with S the Cholesky factor of the moment."""
    root = np.linalg.cholesky(moment)
    left, values, right = np.linalg.svd(weight @ root, full_matrices=False)
    truncated = (left[:, :rank] * values[:rank]) @ right[:rank]
    return np.linalg.solve(root.T, truncated.T).T


def names(block: range, roles: tuple[str, ...]) -> Iterator[str]:
    for i in block:
        for role in roles:
            yield f"model.layers.{i}.{role}"


@pytest.mark.parametrize("keep", [0.35, 0.8])
def test_svd_llm_is_whitened_truncation_at_one_ratio(tiny_llama, tokens, stored, keep):
    model = tiny_llama().double()
    sums = activations(model, tokens)
    compressed = compress(model, tokens, keep, preset="svd-llm")
    for name in names(range(4), READERS + WRITERS):
        weight = model.get_parameter(f"{name}.weight").detach().numpy()
        m, n = weight.shape
        rank = int(m * n * keep // (m + n))
        assert compressed.model.get_submodule(name).rank == rank
        expected = whitened_truncation(weight, sums[name], rank)
        got = stored(compressed.model, name).numpy()
        assert np.linalg.norm(got - expected) < 1e-3 * np.linalg.norm(expected)
    assert compressed.report.shared_groups == 0


@pytest.mark.parametrize("keep", [0.35, 0.8])
def test_basis_sharing_pairs_adjacent_layers_on_the_read_side(tiny_llama, tokens, stored, keep):
    model = tiny_llama(num_hidden_layers=5).double()
    sums = activations(model, tokens)
    compressed = compress(model, tokens, keep, preset="basis-sharing")
    for blocks in ((0, 1), (2, 3), (4,)):
        for role in READERS:
            group = [f"model.layers.{i}.{role}" for i in blocks]
            weights = [model.get_parameter(f"{name}.weight").detach().numpy() for name in group]
            (m, n), g = weights[0].shape, len(group)
            rank = int(g * m * n * keep // (n + g * m))
            layers = [compressed.model.get_submodule(name) for name in group]
            assert [layer.rank for layer in layers] == [rank] * g
            assert all(layer.first is layers[0].first for layer in layers)
            expected = whitened_truncation(np.vstack(weights), sum(sums[x] for x in group), rank)
            got = np.vstack([stored(compressed.model, name).numpy() for name in group])
            assert np.linalg.norm(got - expected) < 1e-3 * np.linalg.norm(expected)
    for name in names(range(5), WRITERS):
        weight = model.get_parameter(f"{name}.weight").detach().numpy()
        m, n = weight.shape
        expected = whitened_truncation(weight, sums[name], int(m * n * keep // (m + n)))
        got = stored(compressed.model, name).numpy()
        assert np.linalg.norm(got - expected) < 1e-3 * np.linalg.norm(expected)
    writers = [compressed.model.get_submodule(name).second for name in names(range(5), WRITERS)]
    assert len({id(parameter) for parameter in writers}) == len(writers)
    assert compressed.report.shared_groups == 10


def test_published_methods_leave_norms_where_they_are(tiny_llama, tokens):
    model = tiny_llama()
    for preset, same in (("svd-llm", True), ("basis-sharing", True), ("default", False)):
        compressed = compress(model, tokens, 0.5, preset=preset)
        norm = compressed.model.model.layers[0].input_layernorm.weight
        assert torch.equal(norm, model.model.layers[0].input_layernorm.weight) is same


def test_uniform_tie_stores_the_mean_of_neighbouring_layers(tiny_llama, tokens, stored, tmp_path):
    model = tiny_llama(num_hidden_layers=5)
    compressed = compress(model, tokens, 0.6, preset="uniform-tie")
    assert compressed.report.kept == pytest.approx(3 / 5)
    assert compressed.report.shared_groups == 2 * 7
    for blocks in (range(2), range(2, 4), range(4, 5)):
        for role in READERS + WRITERS:
            group = list(names(blocks, (role,)))
            mean = sum(model.get_parameter(f"{name}.weight").detach() for name in group)
            for name in group:
                assert torch.allclose(stored(compressed.model, name), mean / len(group), atol=1e-6)
    compressed.save(tmp_path / "smaller")
    details = json.loads((tmp_path / "smaller" / "geocolor.json").read_text())["details"]
    assert Configuration.from_json(details["configuration"]) == compressed.configuration


def test_uniform_tie_says_what_it_cannot_do(tiny_llama, tokens):
    with pytest.raises(InputError, match=r"keep more, at least 0\.2500"):
        compress(tiny_llama(), tokens, 0.2, preset="uniform-tie")
    with pytest.raises(InputError, match="no price; choose another preset"):
        conflict_graph(tiny_llama(), tokens, 0.5, preset="uniform-tie")
