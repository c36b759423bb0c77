"""Expanded checkpoints: what plain transformers loads says the same."""

from __future__ import annotations

import pytest
import torch
from safetensors import SafetensorError
from torch import nn

from geocolor import compress
from geocolor.bench.models.architectures import ARCHITECTURES
from geocolor.errors import InputError
from geocolor.sharing import GroupPlan, GroupWeights, SharingPlan, apply_plan
from geocolor.sharing.expanded import save_expanded

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("name", ["llama", "gpt2", "vit"])
def test_plain_transformers_loads_it_and_says_the_same(name, tmp_path):
    architecture = ARCHITECTURES[name]
    model, batches = architecture.build(), architecture.batches()
    compressed = compress(model, batches, 0.5)
    assert {group.form for group in compressed.plan.groups} >= {"basis"}
    compressed.save(tmp_path / "whole", expanded=True)
    loaded, told = type(model).from_pretrained(tmp_path / "whole", output_loading_info=True)
    assert not any(told.values())
    batch = batches[0]
    whole = batch if isinstance(batch, dict) else {"pixel_values": batch}
    with torch.no_grad():
        expected, found = compressed.model(**whole).logits, loaded.eval()(**whole).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert sum(p.numel() for p in loaded.parameters()) == sum(p.numel() for p in model.parameters())
    for key, value in model.state_dict().items():
        assert loaded.state_dict()[key].shape == value.shape


def test_half_precision_stays_half(tmp_path, tiny_llama):
    model = tiny_llama(num_hidden_layers=1).bfloat16()
    compressed = compress(model, [torch.randint(0, 61, (4, 8))], 0.6)
    compressed.save(tmp_path / "half", expanded=True)
    loaded = transformers.LlamaForCausalLM.from_pretrained(tmp_path / "half", dtype="auto")
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.bfloat16}


def test_a_shared_matrix_and_differences_from_it_are_added_up(tmp_path, tiny_llama):
    model = tiny_llama(num_hidden_layers=2)
    names = tuple(f"model.layers.{layer}.self_attn.o_proj" for layer in (0, 1))
    plan = SharingPlan((GroupPlan(names, "residual", "read", 3),))
    generator = torch.Generator().manual_seed(2)
    factors = {
        name: (torch.randn(32, 3, generator=generator), torch.randn(3, 32, generator=generator))
        for name in names
    }
    shared = torch.randn(32, 32, generator=generator)
    apply_plan(model, plan, {names: GroupWeights(shared, {}, differences=factors)})

    class Tokenizer:
        def save_pretrained(self, folder):
            (folder / "words.txt").write_text("a")

    save_expanded(model, plan, tmp_path / "whole", companions=[Tokenizer()])
    assert (tmp_path / "whole" / "words.txt").read_text() == "a"
    loaded = transformers.LlamaForCausalLM.from_pretrained(tmp_path / "whole")
    for name, (second, first) in factors.items():
        found = loaded.get_submodule(name).weight
        torch.testing.assert_close(found, shared + second @ first)


@pytest.mark.parametrize("head", [False, True], ids=["own head", "tied embeddings"])
def test_ties_that_transformers_does_not_know_are_written_out(head, tmp_path, tiny_llama):
    model = tiny_llama(tie_word_embeddings=head)
    layers = model.model.layers
    layers[1].mlp.gate_proj.weight = layers[0].mlp.gate_proj.weight
    compressed = compress(model, [torch.randint(0, 61, (4, 8))], 0.7)
    compressed.save(tmp_path / "whole", expanded=True)
    loaded = transformers.LlamaForCausalLM.from_pretrained(tmp_path / "whole").eval()
    batch = torch.arange(20).reshape(2, 10)
    with torch.no_grad():
        torch.testing.assert_close(
            loaded(batch).logits, compressed.model(batch).logits, atol=1e-4, rtol=1e-4
        )
    assert (loaded.lm_head.weight is loaded.model.embed_tokens.weight) is head


def test_settings_that_transformers_does_not_write(tmp_path, tiny_llama):
    model = tiny_llama(num_hidden_layers=1)
    model.generation_config.temperature = 0.6
    save_expanded(model, SharingPlan(()), tmp_path / "whole")
    loaded = transformers.LlamaForCausalLM.from_pretrained(tmp_path / "whole")
    assert loaded.generation_config.temperature == 0.6
    model.config.num_beams = 4
    with pytest.raises(InputError, match=r"(?s)does not save this .*num_beams"):
        save_expanded(model, SharingPlan(()), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_what_cannot_be_written_leaves_nothing_and_is_told(tmp_path, tiny_llama, monkeypatch):
    model = tiny_llama(num_hidden_layers=1)

    class Tokenizer:
        def save_pretrained(self, folder):
            raise Exception("No space left on device (os error 28)")  # as tokenizers does

    with pytest.raises(InputError, match=r"cannot write the Tokenizer to .*out: No space left"):
        save_expanded(model, SharingPlan(()), tmp_path / "out", companions=[Tokenizer()])

    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(type(model), "save_pretrained", full)
    with pytest.raises(InputError, match=r"cannot write .*out: I/O error: No space left"):
        save_expanded(model, SharingPlan(()), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_other_models_have_no_standard_folder(tmp_path):
    compressed = compress(nn.Sequential(nn.Linear(8, 8)), [torch.randn(32, 8)], 0.5)
    with pytest.raises(InputError, match="no standard folder for a Sequential"):
        compressed.save(tmp_path / "plain", expanded=True)
    assert not (tmp_path / "plain").exists()
