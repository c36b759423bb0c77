"""Small models of many architectures, with random weights and inputs, to see what works on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.bench.models.resnet import ResNet
from geocolor.curvature import Batch

__all__ = ["ARCHITECTURES", "Architecture", "packaged_architecture"]

_VOCABULARY = 96
_LENGTH = 24
_SAMPLES = 8
_BATCHES = 2

Values = Callable[[torch.Generator], Batch]


@dataclass(frozen=True)
class Architecture:
    """A model to be built, and what it reads.

    Attributes
    ----------
    name : str
        For people.
    make : callable
        Builds the model, with weights from torch's global generator.
    sample : callable
        Draws one batch.
    loss : str
        What the model's output is scored by; see :func:`geocolor.compress`.
    """

    name: str
    make: Callable[[], nn.Module]
    sample: Values
    loss: str = "auto"

    def build(self, seed: int = 0) -> nn.Module:
        """Give the model in eval mode, its weights fixed by the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.make().eval()

    def batches(self, seed: int = 0) -> list[Batch]:
        """Draw calibration batches."""
        generator = torch.Generator().manual_seed(seed)
        return [self.sample(generator) for _ in range(_BATCHES)]


def packaged_architecture(name: str, cache: Path) -> Architecture:
    """Take a real model out of its package, with windows of packaged text.

    Parameters
    ----------
    name : str
        ``smollm2`` or ``minilm``.
    cache : Path
        Where what has to be converted is kept.

    Raises
    ------
    InputError
        There is no packaged model of that name, or its packages are not installed.
    """
    from geocolor.bench.models.subject import packaged_subject
    from geocolor.compression import text_windows
    from geocolor.compression.pretrained import load_pretrained

    subject = packaged_subject(name, cache)
    model, tokenizer = load_pretrained(subject.folder)
    text = Path(subject.calibration.path).read_text(encoding="utf-8")
    windows = text_windows(text, tokenizer, windows=_BATCHES * _SAMPLES, length=128)

    def sample(generator: torch.Generator) -> Batch:
        chosen = torch.randint(0, len(windows), (_SAMPLES,), generator=generator)
        return {"input_ids": windows[chosen]}

    return Architecture(name, lambda: model, sample)


def _from_config(model: str, config: str, **options: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        made: nn.Module = getattr(transformers, model)(getattr(transformers, config)(**options))
        return made

    return make


def _tokens(generator: torch.Generator) -> Tensor:
    return torch.randint(2, _VOCABULARY, (_SAMPLES, _LENGTH), generator=generator)


def _mask(generator: torch.Generator) -> Tensor:
    lengths = torch.randint(_LENGTH // 2, _LENGTH + 1, (_SAMPLES, 1), generator=generator)
    return (torch.arange(_LENGTH) < lengths).long()


def _text(generator: torch.Generator) -> Mapping[str, Tensor]:
    return {"input_ids": _tokens(generator)}


def _padded_text(generator: torch.Generator) -> Mapping[str, Tensor]:
    return {"input_ids": _tokens(generator), "attention_mask": _mask(generator)}


def _text_pair(generator: torch.Generator) -> Mapping[str, Tensor]:
    return {**_padded_text(generator), "decoder_input_ids": _tokens(generator)}


def _images(channels: int, size: int) -> Values:
    return lambda generator: torch.randn(_SAMPLES, channels, size, size, generator=generator)


def _pixels(generator: torch.Generator) -> Mapping[str, Tensor]:
    return {"pixel_values": torch.randn(_SAMPLES, 3, 32, 32, generator=generator)}


def _rows(generator: torch.Generator) -> Tensor:
    return torch.randn(_SAMPLES * _LENGTH, 32, generator=generator)


def _series(generator: torch.Generator) -> Tensor:
    return torch.randn(_SAMPLES, 8, _LENGTH, generator=generator)


def _mlp() -> nn.Module:
    parts: list[nn.Module] = []
    for inner, outer in pairwise((32, 128, 128, 128, 16)):
        parts += [nn.Linear(inner, outer), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def _convolutions_in_time() -> nn.Module:
    layers = [
        nn.Conv1d(8, 64, 5, padding=2),
        nn.Conv1d(64, 64, 3, padding="same", dilation=2),
        nn.Conv1d(64, 64, 3, padding=1, padding_mode="reflect"),
        nn.Conv1d(64, 64, 3, stride=2),
        nn.Conv1d(64, 64, 3, bias=False),
        nn.Conv1d(64, 64, 1),
    ]
    steps = [part for layer in layers for part in (layer, nn.GroupNorm(8, 64), nn.GELU())]
    return nn.Sequential(*steps, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10))


# Wide enough for every layer to matter.
_INITIAL = {"initializer_range": 0.2}
_DECODER = {
    "vocab_size": _VOCABULARY,
    "hidden_size": 48,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    **_INITIAL,
}
_MIXTURE = {**_DECODER, "intermediate_size": 64, "num_local_experts": 4, "num_experts_per_tok": 2}
_ENCODER = {
    "hidden_size": 48,
    "intermediate_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    **_INITIAL,
}

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "bert",
            _from_config("BertModel", "BertConfig", vocab_size=_VOCABULARY, **_ENCODER),
            _padded_text,
        ),
        Architecture(
            "bert-classifier",
            _from_config(
                "BertForSequenceClassification",
                "BertConfig",
                vocab_size=_VOCABULARY,
                num_labels=5,
                **_ENCODER,
            ),
            _padded_text,
        ),
        Architecture(
            "albert",  # one layer, used again and again
            _from_config(
                "AlbertForMaskedLM",
                "AlbertConfig",
                vocab_size=_VOCABULARY,
                embedding_size=24,
                **_ENCODER,
            ),
            _padded_text,
        ),
        Architecture(
            "gpt2",  # transposed Linear layers, tied embeddings
            _from_config(
                "GPT2LMHeadModel",
                "GPT2Config",
                vocab_size=_VOCABULARY,
                n_positions=64,
                n_embd=48,
                n_layer=3,
                n_head=4,
                **_INITIAL,
            ),
            _text,
        ),
        Architecture("llama", _from_config("LlamaForCausalLM", "LlamaConfig", **_DECODER), _text),
        Architecture(
            "qwen2",  # biases on q, k and v, tied embeddings
            _from_config("Qwen2ForCausalLM", "Qwen2Config", tie_word_embeddings=True, **_DECODER),
            _text,
        ),
        Architecture(
            "mistral", _from_config("MistralForCausalLM", "MistralConfig", **_DECODER), _padded_text
        ),
        Architecture(
            "mixtral",  # experts in stacks, each with the tokens routed to it
            _from_config("MixtralForCausalLM", "MixtralConfig", **_MIXTURE),
            _text,
        ),
        Architecture(
            "qwen3-moe",
            _from_config(
                "Qwen3MoeForCausalLM",
                "Qwen3MoeConfig",
                moe_intermediate_size=64,
                num_experts=4,
                **_MIXTURE,
            ),
            _padded_text,
        ),
        Architecture(
            "t5",
            _from_config(
                "T5ForConditionalGeneration",
                "T5Config",
                vocab_size=_VOCABULARY,
                d_model=48,
                d_kv=12,
                d_ff=128,
                num_layers=2,
                num_heads=4,
                decoder_start_token_id=0,
            ),
            _text_pair,
        ),
        Architecture(
            "vit",
            _from_config(
                "ViTForImageClassification",
                "ViTConfig",
                image_size=32,
                patch_size=8,
                num_labels=10,
                **_ENCODER,
            ),
            _pixels,
        ),
        Architecture(
            "swin",
            _from_config(
                "SwinForImageClassification",
                "SwinConfig",
                image_size=32,
                patch_size=2,
                window_size=4,
                embed_dim=24,
                depths=[2, 2],
                num_heads=[2, 4],
                num_labels=10,
                **_INITIAL,
            ),
            _pixels,
        ),
        Architecture("resnet", lambda: ResNet(3, 10, (16, 32), 2), _images(3, 16), "cross-entropy"),
        Architecture("conv1d", _convolutions_in_time, _series, "cross-entropy"),
        Architecture("mlp", _mlp, _rows, "squared-error"),
    )
}
