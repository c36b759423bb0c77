"""Distillation after compression: what it gains, and what it never loses."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from geocolor.compression import Compressed, compress, recover
from geocolor.compression.hidden_states import block_names, hidden_distance, watched_blocks
from geocolor.errors import FormatError, InputError, ModelError

GENERATOR = torch.Generator().manual_seed(0)
BATCHES = [torch.randn(64, 6, generator=GENERATOR) for _ in range(6)]


@pytest.fixture(scope="module")
def compressed() -> Compressed:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            *(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 6))
        )
    return compress(model, BATCHES[:1], keep=0.4)


def values(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_gains_on_held_out_data_and_leaves_the_rest_alone(compressed, tmp_path):
    before, original = values(compressed.model), values(compressed.original)
    held_out = [torch.randn(64, 6, generator=GENERATOR)]
    random = torch.get_rng_state()
    better = compressed.recover(BATCHES, steps=60, evaluation=held_out, learning_rate=1e-2)
    recovery = better.report.recovery
    assert 0 < recovery.after < 0.8 * recovery.before

    def distance(model: nn.Module) -> float:
        with torch.no_grad():
            error = model(held_out[0]) - compressed.original(held_out[0])
        return float(error.square().sum()) / 2 / 64

    assert recovery.before == pytest.approx(distance(compressed.model), rel=1e-5)
    assert recovery.after == pytest.approx(distance(better.model), rel=1e-5)
    assert same(values(compressed.model), before)
    assert same(values(compressed.original), original)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(parameter.grad is None for parameter in better.model.parameters())
    assert compressed.report.recovery is None
    assert f"+{recovery.after:.4f} nats on held-out" in str(better.report)
    better.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for told in (str(better.report), better.record.headline, page):
        assert "before recovery" in told
    assert "before recovery" not in str(compressed.report)
    assert better.report.to_json()["recovery"] == recovery.to_json()


def test_it_never_returns_a_worse_model(compressed):
    worse = compressed.recover(BATCHES, steps=50, learning_rate=1e3)
    assert worse.report.recovery.best_step == 0
    assert worse.report.recovery.after == worse.report.recovery.before
    # Three measures of ten without a gain are enough.
    assert worse.report.recovery.steps == 15
    assert same(values(worse.model), values(compressed.model))


def test_the_seed_decides_and_the_best_is_what_is_left(compressed):
    first, again, other = (
        values(compressed.recover(BATCHES, steps=20, seed=seed).model) for seed in (0, 0, 1)
    )
    assert same(first, again)
    assert not same(first, other)


def test_shared_parameters_stay_one_and_modes_stay(mlp: Callable[..., nn.Sequential]):
    base = mlp(6, 24, 24, 6)
    family = [base, copy.deepcopy(base)]
    with torch.no_grad():
        for parameter in family[1].parameters():
            parameter.mul_(1.02)
    compressed = compress(family, BATCHES[:1], keep=0.4)
    compressed.model.train()
    frozen = next(compressed.model.parameters())
    frozen.requires_grad = False
    own = [[batch + at for batch in BATCHES] for at in range(2)]
    better = compressed.recover(own, steps=30, learning_rate=1e-2)
    assert len(values(better.model)) == len(values(compressed.model))
    assert better.report.recovery.trained == sum(
        p.numel() for p in compressed.model.parameters() if p.requires_grad
    )
    assert better.report.recovery.after < better.report.recovery.before
    assert all(module.training for module in better.model.modules())
    first = next(better.model.parameters())
    assert torch.equal(first, frozen)
    assert not first.requires_grad


def test_an_interrupted_recovery_goes_on_to_the_same_bits(compressed, tmp_path):
    whole = compressed.recover(BATCHES, steps=20)
    path = tmp_path / "state"

    def interrupt(_stage: str, done: int, _total: int) -> None:
        if done == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compressed.recover(BATCHES, steps=20, checkpoint=path, on_progress=interrupt)
    steps: list[int] = []
    rest = compressed.recover(
        BATCHES, steps=20, checkpoint=path, on_progress=lambda _, done, __: steps.append(done)
    )
    assert steps == list(range(11, 21))
    assert same(values(whole.model), values(rest.model))
    assert rest.report.recovery.after == whole.report.recovery.after
    done = compressed.recover(BATCHES, steps=20, checkpoint=path, on_progress=interrupt)
    assert same(values(whole.model), values(done.model))


class Routed(nn.Module):
    """A layer that some samples take, and one that none does, as poolers and experts are."""

    def __init__(self) -> None:
        super().__init__()
        self.always, self.sometimes, self.never = (nn.Linear(6, 6) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        y = self.always(x)
        return y + self.sometimes(x) if x[0, 0] > 0 else y


def test_what_gets_no_gradient_is_neither_in_the_way_nor_counted(tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        original, student = Routed(), Routed()
    student.never.load_state_dict(original.never.state_dict())
    # Only the last of the batches trained on takes the layer, so that it is long without gradient.
    batches = [torch.cat([torch.full((1, 6), at), BATCHES[0]]) for at in (-1.0, -2.0, -3.0, 1.0)]
    options = {"steps": 20, "evaluation": [BATCHES[1]], "learning_rate": 1e-2}
    whole, resumed = copy.deepcopy(student), copy.deepcopy(student)
    at_once = recover(whole, original, batches, **options)
    path = tmp_path / "state"

    def interrupt(_stage: str, done: int, _total: int) -> None:
        if done == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recover(resumed, original, batches, **options, checkpoint=path, on_progress=interrupt)
    resumed = copy.deepcopy(student)
    gone_on = recover(resumed, original, batches, **options, checkpoint=path)
    assert same(values(whole), values(resumed))
    assert gone_on.trained == at_once.trained == 2 * (6 * 6 + 6)
    assert same(values(whole.never), values(original.never))
    assert at_once.after < at_once.before


def test_an_interrupt_leaves_the_best_so_far(compressed):
    model = copy.deepcopy(compressed.model)

    def interrupt(_stage: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recover(model, compressed.original, BATCHES, steps=100, on_progress=interrupt)
    assert same(values(model), values(compressed.model))


def test_a_checkpoint_of_something_else_is_refused(compressed, tmp_path: Path):
    path = tmp_path / "state"
    compressed.recover(BATCHES, steps=10, checkpoint=path)
    for other in (
        lambda: compressed.recover(BATCHES, steps=11, checkpoint=path),
        lambda: compressed.recover(BATCHES[1:], steps=10, checkpoint=path),
    ):
        with pytest.raises(InputError, match="another model, other batches or settings"):
            other()
    damaged = path.read_bytes()
    path.write_bytes(damaged[:-100])
    with pytest.raises(FormatError, match="damaged"):
        compressed.recover(BATCHES, steps=10, checkpoint=path)
    path.write_bytes(b"{}")
    with pytest.raises(FormatError):
        compressed.recover(BATCHES, steps=10, checkpoint=path)
    newer = json.dumps({"format": "geocolor-recovery", "version": 9})
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, path, metadata={"geocolor": newer})
    with pytest.raises(FormatError, match="version 9"):
        compressed.recover(BATCHES, steps=10, checkpoint=path)
    with pytest.raises(InputError, match="no folder"):
        compressed.recover(BATCHES, checkpoint=tmp_path / "none" / "state")


def test_arguments_out_of_range_are_refused(compressed):
    with pytest.raises(InputError, match="at least 1"):
        compressed.recover(BATCHES, steps=0)
    for options, message in (
        ({"steps": "3"}, "the number of steps must be a whole number, not '3'"),
        ({"steps": 1.5}, r"the number of steps must be a whole number, not 1\.5"),
        ({"together": 1.5}, "batches a step must be a whole number"),
        ({"seed": -1}, "the seed must not be negative"),
        ({"seed": None}, "the seed must be a whole number, not None"),
        ({"learning_rate": "fast"}, "the learning rate must be a finite number, not 'fast'"),
    ):
        with pytest.raises(InputError, match=message):
            compressed.recover(BATCHES, **options)
    with pytest.raises(InputError, match="must be positive"):
        compressed.recover(BATCHES, learning_rate=-1.0)
    with pytest.raises(InputError, match="hidden states must be a finite number, not nan"):
        compressed.recover(BATCHES, hidden_states=float("nan"))
    with pytest.raises(ModelError, match="give more data"):
        compressed.recover(BATCHES[:1])
    with pytest.raises(ModelError, match="2 models cannot have 1 originals"):
        recover(nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)]), nn.Linear(2, 2), BATCHES)
    frozen = copy.deepcopy(compressed.model).requires_grad_(False)
    with pytest.raises(ModelError, match="nothing to train"):
        recover(frozen, compressed.original, BATCHES)


def test_without_the_original_it_must_be_given(mlp: Callable[..., nn.Sequential]):
    model = mlp(6, 24, 6)
    original = copy.deepcopy(model)
    compressed = compress(model, BATCHES[:1], keep=0.4, inplace=True)
    with pytest.raises(InputError, match="give another as original="):
        compressed.recover(BATCHES)
    better = compressed.recover(BATCHES, steps=20, original=original)
    assert better.report.recovery.after <= better.report.recovery.before


def test_language_models_are_distilled_in_bfloat16_with_embeddings_left_alone(tiny_llama, tokens):
    compressed = compress(tiny_llama(), tokens[:1], keep=0.5)
    data = [{"input_ids": tokens[0]["input_ids"].roll(at, 1)} for at in range(4)]
    better = compressed.recover(
        data, steps=20, evaluation=tokens[1:], autocast=torch.bfloat16, learning_rate=1e-2
    )
    assert better.report.recovery.after < better.report.recovery.before
    before, after = (c.model.get_input_embeddings().weight for c in (compressed, better))
    assert torch.equal(before, after)
    assert after.requires_grad


def test_hidden_states_are_a_second_target(tiny_llama, tokens):
    compressed = compress(tiny_llama(), tokens[:1], keep=0.5)
    names = block_names(compressed.original)
    data = [{"input_ids": tokens[0]["input_ids"].roll(at, 1)} for at in range(4)]

    def distance(model: nn.Module) -> float:
        with torch.no_grad(), watched_blocks(model, names) as states:
            model(**tokens[1])
        with torch.no_grad(), watched_blocks(compressed.original, names) as wanted:
            compressed.original(**tokens[1])
        return float(hidden_distance(wanted, states))

    plain, guided = (
        distance(
            compressed.recover(
                data, steps=20, evaluation=tokens[1:], learning_rate=1e-2, hidden_states=weight
            ).model
        )
        for weight in (0.0, 10.0)
    )
    assert guided < min(plain, distance(compressed.model))


def test_arithmetic_of_fewer_bits_sees_what_the_steps_changed(compressed):
    exact, cast = (
        compressed.recover(BATCHES, steps=60, learning_rate=1e-2, autocast=dtype).report.recovery
        for dtype in (None, torch.bfloat16)
    )
    assert cast.after == pytest.approx(exact.after, rel=0.1)


def test_a_plain_loop_trains_it_and_ties_hold(mlp: Callable[..., nn.Sequential]):
    base = mlp(6, 24, 24, 6)
    models = compress([base, copy.deepcopy(base)], BATCHES[:1], keep=0.5).model
    count = len(list(models.parameters()))
    optimizer = torch.optim.SGD(models.parameters(), lr=1e-2)
    before = models[0](BATCHES[0]).detach()
    models[1](BATCHES[0]).square().mean().backward()
    optimizer.step()
    assert len(list(models.parameters())) == count
    # What the second model learned, the first knows too.
    assert not torch.equal(models[0](BATCHES[0]), before)


def test_the_trainer_of_transformers_trains_it_and_ties_hold(tiny_llama, tokens, tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    base = tiny_llama()
    model = compress(base, tokens[:1], keep=0.5, preset="basis-sharing").model
    count = len(list(model.parameters()))
    rows = [{"input_ids": row, "labels": row} for row in tokens[0]["input_ids"]]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=2,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    before = values(model)
    transformers.Trainer(model=model, args=arguments, train_dataset=rows).train()
    assert len(list(model.parameters())) == count
    assert not same(values(model), before)


def test_the_original_teaches_in_eval_mode_and_has_its_modes_back():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            *(nn.Linear(6, 24), nn.BatchNorm1d(24), nn.Dropout(0.5), nn.Linear(24, 6))
        )
    small = compress(model, BATCHES[:1], keep=0.4)
    assert all(module.training for module in small.original.modules())
    small.original[2].eval()
    before = copy.deepcopy(small.original.state_dict())
    fresh = small.recover(BATCHES, steps=20, learning_rate=1e-2)
    assert [part.training for part in small.original] == [True, True, False, True]
    assert all(torch.equal(before[name], now) for name, now in small.original.state_dict().items())
    assert all(parameter.requires_grad for parameter in small.original.parameters())
    small.original.eval()
    again = small.recover(BATCHES, steps=20, learning_rate=1e-2)
    assert same(values(fresh.model), values(again.model))
    assert fresh.report.recovery.after < fresh.report.recovery.before


def test_a_checkpoint_is_of_one_original(compressed, tmp_path):
    path = tmp_path / "state"
    compressed.recover(BATCHES, steps=5, checkpoint=path)
    other = copy.deepcopy(compressed.original)
    with torch.no_grad():
        other[0].bias += 0.1
    with pytest.raises(InputError, match="of a recovery of another model"):
        compressed.recover(BATCHES, steps=5, checkpoint=path, original=other)


def squared_error():
    """Make the same loss anew, at another address."""

    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        return (model(batch) - batch).square().sum(-1)

    return loss


class Squared:
    def __call__(self, model: nn.Module, batch: Tensor) -> Tensor:
        return (model(batch) - batch).square().sum(-1)


@pytest.mark.parametrize("make", [squared_error, Squared])
def test_a_loss_of_ones_own_is_known_again_by_its_name(compressed, tmp_path, make):
    path = tmp_path / "state"
    first, second = make(), make()
    done = compressed.recover(BATCHES, steps=5, checkpoint=path, loss=first)
    steps: list[int] = []
    options = {"steps": 5, "checkpoint": path, "loss": second}
    again = compressed.recover(
        BATCHES, **options, on_progress=lambda _, done, __: steps.append(done)
    )
    assert steps == []
    assert same(values(done.model), values(again.model))


def test_a_batch_with_nothing_to_score_trains_nothing(compressed):
    empty = torch.zeros(0, 6)
    better = compressed.recover([*BATCHES[:2], empty], steps=6, learning_rate=1e-2)
    assert all(bool(value.isfinite().all()) for value in values(better.model))
    assert better.report.recovery.after < better.report.recovery.before
