"""Models are watched on one sample, or on as little as they run on."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression import compress
from geocolor.compression.sampling import find_sample
from geocolor.errors import ModelError

GENERATOR = torch.Generator().manual_seed(0)


def rows(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=GENERATOR)


class Graph(nn.Module):
    """Layers of a graph network: all nodes are needed at once."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        return links @ self.second(torch.relu(links @ self.first(x)))


class Pairs(nn.Module):
    """Two rows after each other go together."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)).view(-1, 32))


class Scaled(nn.Module):
    """A convolution network that takes a number beside its images."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.Linear(8 * 16, 5)

    def forward(self, x: Tensor, scale: Tensor | float) -> Tensor:
        return self.last(torch.relu(self.first(x)).flatten(1)) * scale


class Cast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 32), nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x.to(torch.bfloat16))))


def batch_norm() -> nn.Module:
    whole = nn.BatchNorm1d(16, track_running_stats=False)
    return nn.Sequential(nn.Linear(8, 16), whole, nn.ReLU(), nn.Linear(16, 8))


@pytest.mark.parametrize(
    ("build", "batch", "macs", "per"),
    [
        (Graph, (rows(20, 8), rows(20, 20)), 8 * 16 + 16 * 4, "sample"),
        (batch_norm, rows(32, 8), 2 * 8 * 16, "sample"),
        (Pairs, rows(32, 8), 2 * 8 * 16 + 32 * 4, "sample"),
        (
            Scaled,
            {"x": rows(6, 3, 4, 4), "scale": torch.tensor(2.0)},
            16 * 8 * 27 + 8 * 16 * 5,
            "sample",
        ),
    ],
    ids=["graph", "batch norm", "pairs", "number"],
)
def test_multiply_adds_are_of_the_least_a_model_runs_on(build, batch, macs, per):
    report = compress(build(), [batch], keep=0.6).report
    assert (report.before.unit_macs, report.macs_per) == (macs, per)


def test_models_that_cast_to_half_precision_are_compressed_as_they_are():
    model = Cast().bfloat16()
    sample = find_sample(model, [rows(16, 8)], "auto")
    assert (sample.count, sample.single) == (1, False)
    report = compress(model, [rows(16, 8)], keep=0.6).report
    assert report.kept <= 0.6
    assert report.measured_increase < 1


def test_batches_with_nothing_to_score_are_passed_by(mlp: Callable[..., nn.Module]):
    model, batch = mlp(8, 16, 8), rows(64, 8)
    one = compress(model, [batch], keep=0.6)
    for batches in ([batch[:0], batch], [batch, batch[:0]]):
        both = compress(model, batches, keep=0.6)
        assert both.report.before == one.report.before
        assert both.report.kept <= 0.6
    with pytest.raises(ModelError, match="calibration batches hold nothing to score"):
        compress(model, [batch[:0]], keep=0.6)


def test_a_model_that_fails_is_told_of_in_its_own_words():
    class Failing(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("no more")

    with pytest.raises(
        ModelError, match=r"Failing failed on a batch of shape \(2, 3\), .*: no more"
    ):
        find_sample(Failing(3, 3), [rows(2, 3)], "auto")


def test_padding_of_encoder_layers_makes_no_nested_tensors():
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)

        def forward(self, x: Tensor, mask: Tensor) -> Tensor:
            said: Tensor = self.encoder(x, src_key_padding_mask=mask)
            return said

    mask = torch.zeros(8, 6, dtype=torch.bool)
    mask[1:, 4:] = True
    model = Encoder()
    before = copy.deepcopy(model.state_dict())
    compressed = compress(model, [(rows(8, 6, 16), mask)], keep=0.6)
    assert compressed.report.kept <= 0.6
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert torch.backends.mha.get_fastpath_enabled()


class Looped(nn.Module):
    """Goes through one layer three times, and through another once."""

    def __init__(self) -> None:
        super().__init__()
        self.again, self.once = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = torch.tanh(self.again(x))
        return self.once(x)


def test_multiply_adds_of_a_layer_called_thrice_are_three_times_as_many():
    report = compress(Looped(), [rows(6, 10, 8)], keep=0.9, loss="squared-error").report
    assert (report.before.unit_macs, report.macs_per) == (3 * 64 + 32, "token")


def test_a_budget_of_multiply_adds_weighs_models_alike(tiny_llama, tokens):
    # Of one model all layers see every token, of the other some see one row.
    llama, pairs = tiny_llama().eval(), Pairs()
    together = [[dict(batch) for batch in tokens], [rows(32, 8)]]
    report = compress([llama, pairs], together, keep=0.6, budget="macs").report
    alone = compress(llama, tokens, keep=0.6, budget="macs").report
    assert report.macs_per == "sample"
    length = tokens[0]["input_ids"].shape[1]
    assert report.models[0].before.unit_macs == length * alone.before.unit_macs
