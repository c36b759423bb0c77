"""What fine-tunes of one base are compared with."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from geocolor.bench.models.family.alternatives import difference_rank, mean_of, with_differences
from geocolor.bench.models.family.comparison import Row, markdown
from geocolor.bench.models.family.fine_tunes import Matching


@pytest.fixture
def family() -> list[nn.Module]:
    """A base and two fine-tunes: matrices differ from its by rank 1, and one bias does."""
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 6))
    tuned = [copy.deepcopy(base) for _ in range(2)]
    with torch.no_grad():
        for model in tuned:
            for layer in (model[0], model[2]):
                rows, columns = layer.weight.shape
                layer.weight.add_(torch.outer(torch.randn(rows), torch.randn(columns)))
            model[2].bias.add_(1.0)
    return [base, *tuned]


def test_the_mean_is_that_of_every_parameter(family):
    mean = mean_of(family)
    for name, parameter in mean.named_parameters():
        expected = torch.stack([model.get_parameter(name) for model in family]).mean(0)
        torch.testing.assert_close(parameter, expected)


def test_differences_of_full_rank_restore_and_others_are_the_best_of_their_rank(family):
    base, *tuned = family
    for (made, stored), model in zip(with_differences(base, tuned, 1), tuned, strict=True):
        assert stored == 14 + 14 + 6
        for name, parameter in made.named_parameters():
            torch.testing.assert_close(parameter, model.get_parameter(name), atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        tuned[0][0].weight.add_(torch.randn(8, 6))
    made, _ = next(iter(with_differences(base, tuned, 2)))
    left = torch.linalg.matrix_norm(made[0].weight - tuned[0][0].weight)
    values = torch.linalg.svdvals(tuned[0][0].weight - base[0].weight)
    torch.testing.assert_close(left, values[2:].square().sum().sqrt(), atol=1e-5, rtol=1e-5)
    made, stored = next(iter(with_differences(base, tuned, 0)))
    torch.testing.assert_close(made[0].weight, base[0].weight)
    assert stored == 6


@pytest.mark.parametrize(("keep", "rank"), [(0.5, 0), (0.8, 1), (1.0, 1)])
def test_ranks_are_as_high_as_the_share_allows(family, keep, rank):
    assert difference_rank(family[0], 2, keep) == rank
    assert 96 + 2 * rank * 28 <= 2 * keep * 96 < 96 + 2 * (rank + 1) * 28


def test_the_table_gives_perplexities_beside_those_of_the_fine_tunes():
    two, four = math.log(2), math.log(4)
    rows = [
        Row("each as it is", None, 3.0, {"a": (two, two), "b": (two, four)}),
        Row("geocolor, together", 0.4, 1.1, {"a": (four, four), "b": (two, four)}),
    ]
    assert markdown(rows).splitlines()[2:] == [
        "| each as it is |  | 3.000 | 2.00 | 2.83 |",
        "| geocolor, together | 0.4 | 1.100 | 4.00 (2.000, 2.000 to 2.000) | 2.83 |",
    ]


def test_the_right_half_is_told_from_the_others_of_the_batch():
    class Encoder(nn.Module):
        def forward(self, input_ids: torch.Tensor) -> object:
            states = torch.eye(4)[input_ids]
            return type("Output", (), {"last_hidden_state": states})

    passages = torch.tensor([[[0, 0, 1], [0, 1, 0]], [[2, 3, 3], [3, 2, 3]]])
    logits = Matching(Encoder())(passages).logits
    torch.testing.assert_close(logits, 20 * torch.eye(2))
