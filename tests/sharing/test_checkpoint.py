"""Shared checkpoints: read back exactly, or refused."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from geocolor.errors import CheckpointError, InputError, ModelError
from geocolor.sharing import (
    FactoredLinear,
    GroupPlan,
    GroupWeights,
    SharingPlan,
    apply_plan,
    description,
    load,
    save,
)
from geocolor.sharing.checkpoint import structure_of
from geocolor.sharing.filling import unfilled_parameters

X = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))


def fresh(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            *(nn.Linear(6, 6) for _ in range(5)), nn.BatchNorm1d(6), nn.Linear(6, 4)
        )


PLAN = SharingPlan(
    (
        GroupPlan(("0", "1"), "basis", "read", 2),
        GroupPlan(("2",), "basis", "write", 1),
        GroupPlan(("3", "4"), "tied", "read"),
        GroupPlan(("6",), "dense", "read"),
    )
)


def shared_model(plan: SharingPlan = PLAN, seed: int = 3) -> nn.Sequential:
    """A model with `plan` applied and random values everywhere."""
    model = fresh(seed)
    weights = {
        group.members: GroupWeights(torch.zeros(()), dict.fromkeys(group.members, torch.zeros(())))
        for group in plan.groups
    }
    apply_plan(model, plan, weights)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        model[5].running_mean.copy_(torch.randn(6, generator=generator))
        model[5].num_batches_tracked.fill_(17)
    return model.eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(shared_model(), PLAN, tmp_path / "saved", original_structure=structure_of(fresh()))
    return tmp_path / "saved"


def test_differences_and_the_matrix_they_are_from_are_stored(tmp_path):
    plan = SharingPlan((GroupPlan(("0", "3"), "residual", "read", 1),))
    model = fresh()
    weights = {
        ("0", "3"): GroupWeights(
            torch.ones(6, 6),
            {},
            differences={
                "0": (torch.ones(6, 1), torch.ones(1, 6)),
                "3": (torch.ones(6, 1), torch.zeros(1, 6)),
            },
        )
    }
    apply_plan(model, plan, weights)
    save(model, plan, tmp_path / "saved", original_structure=structure_of(fresh()))
    loaded = load(tmp_path / "saved", fresh(1))
    assert torch.equal(loaded(X), model.eval()(X))
    assert loaded[0].base.weight is loaded[3].base.weight


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "geocolor.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_fresh_model_is_filled_bit_by_bit(folder):
    model, target = shared_model(), fresh(1).train()
    loaded = load(folder, target)
    assert loaded is target
    assert not loaded.training
    assert torch.equal(loaded(X), model(X))
    expected, got = model.state_dict(), loaded.state_dict()
    assert expected.keys() == got.keys()
    assert all(torch.equal(got[name], value) for name, value in expected.items())
    assert all(got[name].dtype == value.dtype for name, value in expected.items())


def test_what_was_shared_is_shared_again(folder):
    loaded = load(folder, fresh(1))
    assert loaded[0].first is loaded[1].first
    assert loaded[3].weight is loaded[4].weight
    assert isinstance(loaded[2], FactoredLinear)
    assert len(list(loaded.parameters())) == len(list(shared_model().parameters()))
    loaded(X).sum().backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())


def test_each_shared_tensor_is_on_disk_once(folder):
    from safetensors import safe_open

    with safe_open(folder / "geocolor.safetensors", framework="pt") as file:
        saved = sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118
    model = shared_model()
    in_memory = sum(p.numel() for p in model.parameters()) + sum(b.numel() for b in model.buffers())
    assert saved == in_memory


def test_other_dtypes_come_back_as_they_were(tmp_path):
    model = shared_model().bfloat16()
    save(model, PLAN, tmp_path / "half", original_structure=structure_of(fresh()))
    loaded = load(tmp_path / "half", fresh(1))
    assert torch.equal(loaded(X.bfloat16()), model(X.bfloat16()))
    assert loaded[0].first is loaded[1].first


def test_a_weight_that_is_not_contiguous_is_saved_whole(tmp_path):
    model = shared_model()
    model[3].weight.data = model[3].weight.data.T
    save(model, PLAN, tmp_path / "odd", original_structure=structure_of(fresh()))
    loaded = load(tmp_path / "odd", fresh(1))
    assert torch.equal(loaded[3].weight, model[3].weight)
    assert loaded[3].weight is loaded[4].weight


class Overlapping(nn.Module):
    """Tensors of their own that have memory in common."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.layer, self.other = nn.Linear(4, 4), nn.Linear(4, 4)
        values = torch.arange(16.0)
        if kind == "a view":
            self.register_buffer("whole", values)
            self.register_buffer("part", values.view(16))
        elif kind == "a part":
            self.register_buffer("whole", values)
            self.register_buffer("part", values[:8])
        elif kind == "parameters of one memory":
            self.other.weight = nn.Parameter(self.layer.weight.data)
        else:
            self.other.weight = nn.Parameter(self.layer.weight.data[:2])
            self.other.bias = nn.Parameter(self.layer.bias.data[2:])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.other(self.layer(x))


@pytest.mark.parametrize("kind", ["a view", "a part", "parameters of one memory", "overlapping"])
def test_tensors_with_memory_in_common_come_back_apart(kind, tmp_path):
    model = Overlapping(kind)
    structure = structure_of(model)
    save(model, SharingPlan(()), tmp_path / "saved", original_structure=structure)
    loaded = load(tmp_path / "saved", Overlapping(kind))
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    assert torch.equal(loaded(X[:, :4]), model(X[:, :4]))
    assert json.loads((tmp_path / "saved" / "geocolor.json").read_text())["aliases"] == {}


def test_what_safetensors_does_not_write_is_told(tmp_path):
    model = nn.Linear(4, 4)
    model.register_buffer("sparse", torch.eye(4).to_sparse())
    with pytest.raises(InputError, match=r"cannot write .*saved: "):
        save(model, SharingPlan(()), tmp_path / "saved", original_structure="")
    assert not (tmp_path / "saved").exists()


class Sparse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("edges", torch.eye(4).to_sparse())


class WithState(nn.Module):
    def get_extra_state(self) -> dict[str, int]:
        return {"n": 3}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (WithState, r"1\._extra_state in the model's state is a dict, no parameter"),
        (Sparse, r"1\.edges is sparse"),
        (lambda: nn.LazyLinear(4), r"1\.(weight|bias) has no shape yet"),
    ],
)
def test_a_state_that_no_checkpoint_holds_is_refused(part, message):
    with pytest.raises(ModelError, match=message):
        structure_of(nn.Sequential(nn.Linear(4, 4), part()))


def test_a_shared_basis_of_rank_zero_comes_back(tmp_path):
    plan = SharingPlan((GroupPlan(("0", "1"), "basis", "read", 0),))
    model = shared_model(plan)
    save(model, plan, tmp_path / "zero", original_structure=structure_of(fresh()))
    loaded = load(tmp_path / "zero", fresh(1))
    assert loaded[0].first is loaded[1].first
    assert torch.equal(loaded(X), model(X))


def test_loading_leaves_the_global_generator_alone(folder, tiny_llama, tmp_path):
    llama = tiny_llama(num_hidden_layers=1)
    save(llama, SharingPlan(()), tmp_path / "llama", original_structure=structure_of(llama))
    target = fresh()
    state = torch.get_rng_state()
    load(folder, target)
    load(tmp_path / "llama")
    assert torch.equal(torch.get_rng_state(), state)


def test_details_are_kept_as_json(tmp_path):
    save(
        shared_model(),
        PLAN,
        tmp_path / "a",
        original_structure=structure_of(fresh()),
        details={"note": [1, "two"]},
    )
    description = json.loads((tmp_path / "a" / "geocolor.json").read_text())
    assert description["details"] == {"note": [1, "two"]}
    assert description["plan"] == PLAN.to_json()
    assert description["model"] is None


FULL_DISK = """
import resource, sys
from torch import nn
from geocolor.errors import InputError
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.sharing.checkpoint import save

model = nn.Sequential(nn.Linear(100, 100))
plan = SharingPlan((GroupPlan(("0",), "dense", "read"),))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save(model, plan, sys.argv[1], original_structure="")
except InputError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_and_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "out"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"cannot write {tmp_path / 'out'}: ")
    assert "File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_tokenizer_that_cannot_be_written_leaves_nothing(tmp_path):
    class Tokenizer:
        def save_pretrained(self, folder):
            (Path(folder) / "tokenizer.json").write_text("half")
            raise Exception("No space left on device (os error 28)")  # as tokenizers does

    with pytest.raises(InputError, match=r"cannot write the Tokenizer to .*out: No space left"):
        save(
            shared_model(),
            PLAN,
            tmp_path / "out",
            original_structure=structure_of(fresh()),
            companions=[Tokenizer()],
        )
    assert not list(tmp_path.iterdir())


def test_a_plan_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(description, "_MAX_PLAN_BYTES", 100)
    with pytest.raises(CheckpointError, match=r"geocolor\.json is larger than 100 bytes"):
        load(folder, fresh())


def test_a_class_is_no_freshly_built_original(folder):
    with pytest.raises(ModelError, match=r"a torch\.nn\.Module is needed, not type"):
        load(folder, nn.Linear)


def damage_tensors(folder: Path) -> None:
    path = folder / "geocolor.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def vouch_for(folder: Path, name: str) -> None:
    """Make the description say that a file is as it was saved."""
    hashes = json.loads((folder / "geocolor.json").read_text())["sha256"]
    edit(folder, sha256=hashes | {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()})


def not_tensors(folder: Path) -> None:
    """The hash is right, but the file is no safetensors file."""
    (folder / "geocolor.safetensors").write_bytes(b"not tensors")
    vouch_for(folder, "geocolor.safetensors")


def group(*members: str, form: str = "basis", side: str = "read", rank: int = 1) -> dict[str, Any]:
    return {"members": list(members), "form": form, "side": side, "rank": rank}


def another_by_link(folder: Path) -> None:
    """Another file, outside of the folder, under the name of the one that was saved."""
    outside = folder.with_name("outside.safetensors")
    outside.write_bytes((folder / "geocolor.safetensors").read_bytes() + b" ")
    (folder / "geocolor.safetensors").unlink()
    (folder / "geocolor.safetensors").symlink_to(outside)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (another_by_link, "not the file that was saved"),
        (lambda f: edit(f, plan=[group("/etc/passwd")]), "no layer "),
        (damage_tensors, "not the file that was saved"),
        (not_tensors, "geocolor.safetensors"),
        (lambda f: (f / "geocolor.safetensors").unlink(), "missing"),
        (lambda f: (f / "geocolor.json").unlink(), "not a geocolor checkpoint"),
        (lambda f: (f / "geocolor.json").write_text("{"), "geocolor.json"),
        (lambda f: (f / "geocolor.json").write_bytes(b"\xff\xfe"), "geocolor.json"),
        (lambda f: (f / "geocolor.json").write_text("[" * 100_000), "geocolor.json"),
        (lambda f: (f / "geocolor.json").write_text("[]"), "does not describe"),
        (lambda f: edit(f, format="other"), "does not describe"),
        (lambda f: edit(f, version=3), "newer geocolor"),
        (lambda f: edit(f, version=None), "newer geocolor"),
        (lambda f: edit(f, plan=None), "'plan' is missing"),
        (lambda f: edit(f, aliases=[]), "'aliases' is missing"),
        (lambda f: edit(f, buffers=[]), "'buffers' must give"),
        (lambda f: edit(f, buffers={"nowhere": "float16"}), "no buffer nowhere"),
        (lambda f: edit(f, buffers={"5.running_mean": "float16"}), r"no buffer 5\.running_mean"),
        (lambda f: edit(f, sha256=1), "'sha256' is missing"),
        (lambda f: edit(f, sha256={}), "not the file that was saved"),
        (lambda f: edit(f, original_structure=None), "'original_structure' is missing"),
        (lambda f: edit(f, original_structure="0" * 64), "freshly built original"),
        (lambda f: edit(f, aliases={"1.first": ["0.first"]}), "aliases"),
        (lambda f: edit(f, aliases={}), "missing"),
        (lambda f: edit(f, aliases={"1.first": "0.first", "4.weight": "6.bias"}), "one parameter"),
        (lambda f: edit(f, plan=[]), "missing"),
        (lambda f: edit(f, plan=[group("0", "0")]), "distinct"),
        (lambda f: edit(f, plan=[group("0"), group("1", "0")]), "two groups"),
        (lambda f: edit(f, plan=[group("9")]), "no layer 9"),
        (lambda f: edit(f, plan=[group("../../etc/passwd")]), "no layer "),
        (lambda f: edit(f, plan=[group("0", rank=7)]), "rank 7"),
        (lambda f: edit(f, plan=[group("0", form="dense!")]), "dense!"),
        (lambda f: edit(f, plan=[group("0", "6", form="tied")]), "differ in shape"),
        (lambda f: edit(f, plan=[group("0", "1", rank=3), *PLAN.to_json()[1:]]), "has shape"),
    ],
)
def test_damage_is_refused_and_the_model_left_alone(folder, damage, message):
    damage(folder)
    model = fresh(1).train()
    modules, state = dict(model.named_modules()), copy.deepcopy(model.state_dict())
    with pytest.raises(CheckpointError, match=message):
        load(folder, model)
    assert dict(model.named_modules()) == modules
    assert model.training
    assert model.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(6, 6)),
        nn.Sequential(*(nn.Linear(6, 6) for _ in range(7))),
        nn.Linear(6, 6),
    ],
)
def test_another_model_is_refused(folder, model):
    with pytest.raises(CheckpointError, match="freshly built original"):
        load(folder, model)


def test_a_model_already_shared_is_not_filled_twice(folder):
    loaded = load(folder, fresh(1))
    with pytest.raises(CheckpointError, match="freshly built original"):
        load(folder, loaded)


def test_a_model_on_the_meta_device_is_filled(folder):
    with torch.device("meta"):
        model = fresh()
    loaded = load(folder, model)
    assert not any(tensor.is_meta for tensor in loaded.state_dict().values())
    assert torch.equal(loaded(X), shared_model().eval()(X))


def test_a_model_of_no_library_must_be_given(folder):
    with pytest.raises(CheckpointError, match="freshly_built_original"):
        load(folder)
    description = json.loads((folder / "geocolor.json").read_text())
    del description["model"]
    (folder / "geocolor.json").write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match="freshly_built_original"):
        load(folder)


@pytest.mark.parametrize("path", ["nowhere", "file", "."])
def test_what_is_no_checkpoint_folder_is_refused(tmp_path, path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(CheckpointError):
        load(tmp_path / path, fresh())


def test_save_refuses_a_folder_that_is_not_empty_and_leaves_it_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        save(shared_model(), PLAN, tmp_path, original_structure="")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_save_fills_an_empty_folder_and_leaves_nothing_behind_on_failure(tmp_path):
    (tmp_path / "empty").mkdir()
    save(shared_model(), PLAN, tmp_path / "empty", original_structure=structure_of(fresh()))
    assert torch.equal(load(tmp_path / "empty", fresh(1))(X), shared_model()(X))
    with pytest.raises(TypeError):
        save(shared_model(), PLAN, tmp_path / "b", original_structure="", details={"x": object()})
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


# Models of transformers, rebuilt from their configuration.

TOKENS = torch.arange(20).reshape(2, 10)
LLAMA_PLAN = SharingPlan(
    (
        GroupPlan(
            tuple(f"model.layers.{i}.self_attn.{x}_proj" for i in (0, 1) for x in "qk"),
            "basis",
            "read",
            5,
        ),
        GroupPlan(
            ("model.layers.1.mlp.down_proj", "model.layers.2.mlp.down_proj"), "tied", "write"
        ),
    )
)


def shared_llama(llama: Any) -> Any:
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for entry in LLAMA_PLAN.groups:
        layers = {name: llama.get_submodule(name) for name in entry.members}
        rank = entry.rank
        shape = (rank, 32) if entry.form == "basis" else (32, 48)
        weights[entry.members] = GroupWeights(
            torch.randn(shape, generator=generator) / 5,
            {
                name: torch.randn(layer.out_features, rank, generator=generator) / 5
                for name, layer in layers.items()
            },
        )
    apply_plan(llama, LLAMA_PLAN, weights)
    return llama


@pytest.fixture
def saved_llama(tmp_path: Path, tiny_llama: Callable[..., Any]) -> Callable[..., tuple[Any, Path]]:
    def build(**changes: Any) -> tuple[Any, Path]:
        llama = tiny_llama(**changes)
        structure = structure_of(llama)
        save(shared_llama(llama), LLAMA_PLAN, tmp_path / "llama", original_structure=structure)
        return llama, tmp_path / "llama"

    return build


@pytest.mark.parametrize("tied", [False, True], ids=["own head", "tied embeddings"])
def test_a_llama_is_rebuilt_exactly(saved_llama, tied):
    llama, folder = saved_llama(tie_word_embeddings=tied)
    loaded = load(folder)
    assert torch.equal(loaded(TOKENS).logits, llama(TOKENS).logits)
    assert (loaded.lm_head.weight is loaded.model.embed_tokens.weight) is tied
    assert (
        loaded.model.layers[1].mlp.down_proj.weight is loaded.model.layers[2].mlp.down_proj.weight
    )
    assert len(list(loaded.parameters())) == len(list(llama.parameters()))


def tied_by_hand(llama: Any) -> Any:
    first, second = (layer.mlp for layer in llama.model.layers[:2])
    second.gate_proj.weight = first.gate_proj.weight
    return llama


def test_ties_that_were_made_by_hand_are_made_again(tmp_path, tiny_llama):
    llama = tied_by_hand(tiny_llama())
    structure = structure_of(llama)
    save(shared_llama(llama), LLAMA_PLAN, tmp_path / "llama", original_structure=structure)
    for loaded in (load(tmp_path / "llama"), load(tmp_path / "llama", tied_by_hand(tiny_llama(1)))):
        assert torch.equal(loaded(TOKENS).logits, llama(TOKENS).logits)
        first, second = (layer.mlp for layer in loaded.model.layers[:2])
        assert second.gate_proj.weight is first.gate_proj.weight
    with pytest.raises(CheckpointError, match="tied as those of the model that was compressed"):
        load(tmp_path / "llama", tiny_llama(1))


def test_ties_that_were_undone_by_hand_stay_undone(tmp_path, tiny_llama):
    def untied(seed: int) -> Any:
        llama = tiny_llama(seed, tie_word_embeddings=True)
        llama.lm_head.weight = nn.Parameter(torch.rand(61, 32))
        return llama

    llama = untied(0)
    structure = structure_of(llama)
    save(shared_llama(llama), LLAMA_PLAN, tmp_path / "llama", original_structure=structure)
    for loaded in (load(tmp_path / "llama"), load(tmp_path / "llama", untied(1))):
        assert torch.equal(loaded(TOKENS).logits, llama(TOKENS).logits)
    with pytest.raises(CheckpointError, match="are one parameter of the model, but two"):
        load(tmp_path / "llama", tiny_llama(1, tie_word_embeddings=True))


def test_a_llama_is_rebuilt_in_a_process_that_never_saw_the_original(saved_llama):
    llama, folder = saved_llama()
    code = (
        "import hashlib, sys, torch, geocolor\n"
        "torch.set_num_threads(int(sys.argv[2]))\n"
        "with torch.no_grad():\n"
        "    logits = geocolor.load(sys.argv[1])(torch.arange(20).reshape(2, 10)).logits\n"
        "print(hashlib.sha256(logits.numpy().tobytes()).hexdigest())\n"
    )
    threads = str(torch.get_num_threads())
    seen = subprocess.run(
        [sys.executable, "-c", code, str(folder), threads],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    expected = llama(TOKENS).logits.detach().numpy().tobytes()
    assert seen == hashlib.sha256(expected).hexdigest()


def test_settings_that_transformers_does_not_write_come_back(tmp_path, tiny_llama):
    llama = tiny_llama(num_hidden_layers=1)
    llama.generation_config.temperature = 0.6
    llama.config.num_beams = 4
    save(llama, SharingPlan(()), tmp_path / "a", original_structure=structure_of(llama))
    loaded = load(tmp_path / "a")
    assert loaded.generation_config.temperature == 0.6
    tokens = torch.ones(1, 4, dtype=torch.int64)
    assert torch.equal(loaded(tokens).logits, llama.eval()(tokens).logits)


def test_generation_settings_come_back(tmp_path, tiny_llama):
    llama = tiny_llama(num_hidden_layers=1)
    llama.generation_config.do_sample = True
    llama.generation_config.top_k = 7
    save(llama, SharingPlan(()), tmp_path / "a", original_structure=structure_of(llama))
    loaded = load(tmp_path / "a")
    assert (loaded.generation_config.do_sample, loaded.generation_config.top_k) == (True, 7)


def test_a_model_that_does_not_generate_is_rebuilt(tmp_path):
    transformers = pytest.importorskip("transformers")
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 20}
    config = transformers.BertConfig(**shape, intermediate_size=16, max_position_embeddings=16)
    model = transformers.BertModel(config).eval()
    save(model, SharingPlan(()), tmp_path / "bert", original_structure=structure_of(model))
    assert not (tmp_path / "bert" / "generation_config.json").exists()
    loaded = load(tmp_path / "bert")
    assert torch.equal(loaded(TOKENS).pooler_output, model(TOKENS).pooler_output)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_attention_heads", 0),
        ("hidden_size", "wide"),
        ("hidden_size", -4),
        ("hidden_act", "nope"),
        ("rope_parameters", 5),
        ("vocab_size", 62),
    ],
)
def test_a_configuration_that_is_not_the_models_is_refused(saved_llama, key, value):
    _, folder = saved_llama()
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(CheckpointError, match="not the file that was saved"):
        load(folder)
    vouch_for(folder, "config.json")
    with pytest.raises(CheckpointError, match=r"configuration|freshly built"):
        load(folder)


def test_a_configuration_of_another_function_is_refused(saved_llama):
    """Every shape still fits, so nothing but the hash can tell."""
    _, folder = saved_llama()
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rms_norm_eps": 0.5}))
    with pytest.raises(CheckpointError, match="not the file that was saved"):
        load(folder)


@pytest.mark.parametrize("origin", ["Linear", "AutoConfig", "nowhere", "os", 3, None])
def test_only_model_classes_of_the_library_are_built(saved_llama, origin):
    _, folder = saved_llama()
    edit(folder, model={"library": "transformers", "class": origin})
    with pytest.raises(CheckpointError, match="no model class"):
        load(folder)


def test_a_configuration_that_is_missing_is_refused(saved_llama):
    _, folder = saved_llama()
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        load(folder)


def test_transformers_alone_refuses_it_instead_of_filling_in_at_random(saved_llama):
    import transformers

    _, folder = saved_llama()
    with pytest.raises(OSError, match="safetensors"):
        transformers.LlamaForCausalLM.from_pretrained(folder, local_files_only=True)


def test_compressing_a_shared_checkpoint_again_is_refused(saved_llama):
    from geocolor.compression.pretrained import load_pretrained
    from geocolor.errors import ModelError

    _, folder = saved_llama()
    # Its own loader would fill the matrices it misses at random.
    with pytest.raises(ModelError, match="shared checkpoint already"):
        load_pretrained(folder)


def test_a_checkpoint_of_the_first_version_is_read(folder):
    edit(folder, version=1)
    assert torch.equal(load(folder, fresh(1))(X), shared_model().eval()(X))


def test_many_tensors_are_kept_in_several_files(tmp_path):
    save(
        shared_model(),
        PLAN,
        tmp_path / "many",
        original_structure=structure_of(fresh()),
        shard_bytes=150,
    )
    files = sorted(path.name for path in (tmp_path / "many").glob("*.safetensors"))
    assert files[0] == f"geocolor-00001-of-{len(files):05}.safetensors"
    assert len(files) > 3
    loaded = load(tmp_path / "many", fresh(1))
    assert torch.equal(loaded(X), shared_model().eval()(X))
    (tmp_path / "many" / files[1]).unlink()
    with pytest.raises(CheckpointError, match=f"{files[1]} is missing"):
        load(tmp_path / "many", fresh(1))


def test_a_file_of_another_name_is_never_opened(folder):
    hashes = json.loads((folder / "geocolor.json").read_text())["sha256"]
    edit(folder, sha256=hashes | {"../geocolor.safetensors": "0" * 64, "/etc/passwd": "0" * 64})
    assert torch.equal(load(folder, fresh(1))(X), shared_model().eval()(X))


def test_parameters_on_the_meta_device_are_filled_and_buffers_must_be_real(folder):
    with unfilled_parameters():
        model = fresh(1)
    assert all(parameter.is_meta for parameter in model.parameters())
    assert not any(buffer.is_meta for buffer in model.buffers())
    loaded = load(folder, model)
    assert torch.equal(loaded(X), shared_model().eval()(X))
    assert loaded[0].first is loaded[1].first
    assert loaded[3].weight is loaded[4].weight
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    on_meta = fresh(1).to("meta")
    on_meta.register_buffer("table", torch.zeros(2, device="meta"), persistent=False)
    with pytest.raises(CheckpointError, match="table is on the meta device and in no file"):
        load(folder, on_meta)


MEMORY = """
import sys
from pathlib import Path
import torch
from torch import nn
import geocolor.sharing as sharing
from geocolor.sharing.filling import unfilled_parameters


def private():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


with unfilled_parameters():
    model = nn.Sequential(*(nn.Linear(2048, 2048, bias=False) for _ in range(4)))
before = private()
loaded = sharing.load(sys.argv[1], model)
print(private() - before, float(loaded[3].weight.double().sum()))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_tensors_stay_in_their_file_until_they_are_read(tmp_path):
    model = nn.Sequential(*(nn.Linear(2048, 2048, bias=False) for _ in range(4)))
    save(model, SharingPlan(()), tmp_path / "large", original_structure=structure_of(model))
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "large")],
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes, total = done.stdout.split()
    assert float(total) == pytest.approx(float(model[3].weight.detach().double().sum()))
    assert int(kilobytes) < 8192  # of 65,536 that the tensors take


def test_buffers_that_are_in_no_file_come_back_in_their_dtype(tmp_path):
    def build() -> nn.Module:
        model = fresh()
        model.register_buffer("table", torch.linspace(0, 1, 5), persistent=False)
        return model

    model = build().bfloat16()
    save(model, SharingPlan(()), tmp_path / "half", original_structure=structure_of(model))
    loaded = load(tmp_path / "half", build())
    assert torch.equal(loaded.table, model.table)
    assert loaded.table.dtype == torch.bfloat16


def test_what_is_no_checkpoint_is_told_with_what_to_do(tmp_path):
    wanted = "give a folder that 'geocolor compress' or Compressed.save wrote"
    with pytest.raises(CheckpointError) as missing:
        load(tmp_path / "none")
    assert str(missing.value) == f"there is no folder {tmp_path / 'none'}; {wanted}"
    with pytest.raises(CheckpointError, match=f"no geocolor.json in it; {wanted}"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="standard model is loaded by its from_pretrained"):
        load(tmp_path)
