"""All that is known of particular architectures; everywhere else a model is just modules.

A role is recognised by how its name ends. A role that is not listed shares only with itself.
"""

from __future__ import annotations

from geocolor.units.unit import Side

__all__ = ["PRE_NORMS", "RESIDUAL_ROLES"]

# Which matrices read the residual stream and which write it. Longer endings win.
RESIDUAL_ROLES: dict[str, Side] = {
    # Llama, Mistral, Qwen and their many relatives
    "q_proj": Side.READ,
    "k_proj": Side.READ,
    "v_proj": Side.READ,
    "o_proj": Side.WRITE,
    "gate_proj": Side.READ,
    "up_proj": Side.READ,
    "down_proj": Side.WRITE,
    # BERT and RoBERTa
    "attention.self.query": Side.READ,
    "attention.self.key": Side.READ,
    "attention.self.value": Side.READ,
    "attention.output.dense": Side.WRITE,
    "intermediate.dense": Side.READ,
    "output.dense": Side.WRITE,
    # ALBERT
    "attention.query": Side.READ,
    "attention.key": Side.READ,
    "attention.value": Side.READ,
    "attention.dense": Side.WRITE,
    "ffn": Side.READ,
    "ffn_output": Side.WRITE,
    # ViT, Swin and CLIP
    "mlp.fc1": Side.READ,
    "mlp.fc2": Side.WRITE,
    # GPT-2
    "attn.c_attn": Side.READ,
    "attn.c_proj": Side.WRITE,
    "mlp.c_fc": Side.READ,
    "mlp.c_proj": Side.WRITE,
    # T5; keys and values of its cross attention read what the encoder says, another space
    "SelfAttention.q": Side.READ,
    "SelfAttention.k": Side.READ,
    "SelfAttention.v": Side.READ,
    "SelfAttention.o": Side.WRITE,
    "EncDecAttention.q": Side.READ,
    "EncDecAttention.o": Side.WRITE,
    "DenseReluDense.wi": Side.READ,
    "DenseReluDense.wi_0": Side.READ,
    "DenseReluDense.wi_1": Side.READ,
    "DenseReluDense.wo": Side.WRITE,
}

# Scale-only norms whose output is read by these siblings and by nothing else, by
# config.model_type: their scale can be moved into the readers without changing the model.
_LLAMA_NORMS = {
    "input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj"),
}
PRE_NORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "llama": _LLAMA_NORMS,
    "mistral": _LLAMA_NORMS,
    "qwen2": _LLAMA_NORMS,
    "qwen3": _LLAMA_NORMS,
}
